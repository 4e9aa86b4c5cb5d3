// Local response normalization across channels, and its gradient, over x [rows, C]:
//
//   s[c]       = bias + slope * the sum of x[j]^2 over j from c - before to c + behind, slope = alpha / size
//   forward    y[c] = x[c] s[c]^-beta
//   gradient   dx[c] = dy[c] s[c]^-beta - 2 beta slope x[c] * the sum of t[j] over j from c - behind to c + before,
//              t[j] = dy[j] x[j] s[j]^-beta / s[j]
//
// A row's squares, and its t, lie in the thread's scratch between zeros, so that a window is a run of vectors at
// neighbouring addresses whatever lies at the ends. The power takes most of the time; for the beta that nets have, 3/4, it
// is made of square roots. A chunk is `rowsPerChunk` rows. Rows are read before they are written,
// so that both kernels may run in place.
import { exp, naturalLogarithm } from "./exp";
import { scratch } from "./tile";
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class LocalResponseArguments {
  x: u32;
  y: u32;
  rows: u32;
  channels: u32;
  before: u32;
  behind: u32;
  /** Numbers in a row of the scratch: channels, and room for a window and a vector at either end. */
  pitch: u32;
  rowsPerChunk: u32;
  slope: f32;
  beta: f32;
  bias: f32;
}

@unmanaged
export class LocalResponseGradientArguments {
  x: u32;
  dy: u32;
  dx: u32;
  rows: u32;
  channels: u32;
  before: u32;
  behind: u32;
  pitch: u32;
  rowsPerChunk: u32;
  slope: f32;
  beta: f32;
  bias: f32;
}

/** How s^-beta is worked out: a constant at each use, so that nothing is decided inside the loops. */
const THREE_QUARTERS: u32 = 0;
const ANY: u32 = 1;

/** s^-beta. */
// @ts-ignore: decorator
@inline
function power(kind: u32, s: v128, beta: v128): v128 {
  if (kind == ANY) return exp(f32x4.neg(f32x4.mul(beta, naturalLogarithm(s))));
  const root = f32x4.sqrt(s);
  return f32x4.div(f32x4.splat(1), f32x4.mul(root, f32x4.sqrt(root)));
}

/** s^(-beta - 1). */
// @ts-ignore: decorator
@inline
function powerLessOne(kind: u32, s: v128, beta: v128): v128 {
  if (kind == ANY) return f32x4.div(power(ANY, s, beta), s);
  const root = f32x4.sqrt(s);
  return f32x4.div(f32x4.splat(1), f32x4.mul(s, f32x4.mul(root, f32x4.sqrt(root))));
}

/** Zeros before the first number of a row of scratch, and from the end of its channels to that of the row. */
// @ts-ignore: decorator
@inline
function fence(row: usize, margin: u32, channels: u32, pitch: u32): void {
  for (let i: u32 = 0; i < margin; i++) store<f32>(row + 4 * i, 0);
  for (let i = margin + channels; i < pitch; i++) store<f32>(row + 4 * i, 0);
}

/** The sum of `size` vectors, each a number further on than the one before; five of them, the usual case, without a loop. */
// @ts-ignore: decorator
@inline
function windowSum(first: usize, size: u32): v128 {
  if (size == 5) {
    const outer = f32x4.add(v128.load(first), v128.load(first, 16));
    const inner = f32x4.add(v128.load(first, 4), v128.load(first, 12));
    return f32x4.add(f32x4.add(outer, inner), v128.load(first, 8));
  }
  let sum = v128.load(first);
  for (let i: u32 = 1; i < size; i++) sum = f32x4.add(sum, v128.load(first + 4 * i));
  return sum;
}

/** Writes the squares of a row behind `margin` zeros. */
// @ts-ignore: decorator
@inline
function squareRow(x: usize, squares: usize, margin: u32, channels: u32, pitch: u32): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const value = v128.load(x + 4 * c);
    v128.store(squares + 4 * (margin + c), f32x4.mul(value, value));
  }
  fence(squares, margin, channels, pitch);
}

// @ts-ignore: decorator
@inline
function normalizeRows(kind: u32, x: LocalResponseArguments, begin: u32, end: u32, size: u32): void {
  const slope = f32x4.splat(x.slope);
  const beta = f32x4.splat(x.beta);
  const bias = f32x4.splat(x.bias);
  const squares = scratch;
  for (let row = begin; row < end; row++) {
    const source: usize = x.x + 4 * row * x.channels;
    const target: usize = x.y + 4 * row * x.channels;
    squareRow(source, squares, x.before, x.channels, x.pitch);
    for (let c: u32 = 0; c < x.channels; c += 4) {
      const s = multiplyAdd(windowSum(squares + 4 * c, size), slope, bias);
      const y = f32x4.mul(v128.load(source + 4 * c), power(kind, s, beta));
      storeLanes(target + 4 * c, y, x.channels - c);
    }
  }
}

export function localResponse(x: LocalResponseArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  if (x.beta != 0.75) normalizeRows(ANY, x, begin, end, x.before + 1 + x.behind);
  else if (x.before == 2 && x.behind == 2) normalizeRows(THREE_QUARTERS, x, begin, end, 5);
  else normalizeRows(THREE_QUARTERS, x, begin, end, x.before + 1 + x.behind);
}

// @ts-ignore: decorator
@inline
function differentiateRows(kind: u32, x: LocalResponseGradientArguments, begin: u32, end: u32, size: u32): void {
  const slope = f32x4.splat(x.slope);
  const beta = f32x4.splat(x.beta);
  const bias = f32x4.splat(x.bias);
  const factor = f32x4.splat(-2 * x.beta * x.slope);
  const squares = scratch;
  const terms: usize = squares + 4 * x.pitch;
  // dy s^-beta, which is needed twice.
  const direct: usize = terms + 4 * x.pitch;
  for (let row = begin; row < end; row++) {
    const source: usize = x.x + 4 * row * x.channels;
    const gradient: usize = x.dy + 4 * row * x.channels;
    const target: usize = x.dx + 4 * row * x.channels;
    squareRow(source, squares, x.before, x.channels, x.pitch);
    for (let c: u32 = 0; c < x.channels; c += 4) {
      const s = multiplyAdd(windowSum(squares + 4 * c, size), slope, bias);
      // dy s^-beta / s first: then one division serves both.
      const share = f32x4.mul(v128.load(gradient + 4 * c), powerLessOne(kind, s, beta));
      v128.store(direct + 4 * c, f32x4.mul(share, s));
      v128.store(terms + 4 * (x.behind + c), f32x4.mul(share, v128.load(source + 4 * c)));
    }
    fence(terms, x.behind, x.channels, x.pitch);
    for (let c: u32 = 0; c < x.channels; c += 4) {
      const sum = f32x4.mul(windowSum(terms + 4 * c, size), factor);
      const dx = multiplyAdd(sum, v128.load(source + 4 * c), v128.load(direct + 4 * c));
      storeLanes(target + 4 * c, dx, x.channels - c);
    }
  }
}

export function localResponseGradient(x: LocalResponseGradientArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  if (x.beta != 0.75) differentiateRows(ANY, x, begin, end, x.before + 1 + x.behind);
  else if (x.before == 2 && x.behind == 2) differentiateRows(THREE_QUARTERS, x, begin, end, 5);
  else differentiateRows(THREE_QUARTERS, x, begin, end, x.before + 1 + x.behind);
}
