// Arithmetic, element by element.
//
//   binary          y[i] = a[i] op b[i mod period]: the same shape (period = count), one number (period = 1), or a
//                   vector that repeats, such as a bias [C] against [N, H, W, C] (period = C)
//   binaryStrided   y[row][i] = a[offsetA(row) + i] op b[offsetB(row) + i or offsetB(row)]: every other broadcast
//   rectifiedSum    y[i] = max(a[i] + b[i], 0)
//   affine          y[i] = factor x[i] + offset
//   channelAffine   y[i] = factors[i mod period] x[i] + offsets[i mod period]
//   clip            y[i] = min(max(x[i], minimum), maximum)
//   clipGradient    dx[i] = dy[i] where minimum < y[i] < maximum, or 0
//
// A chunk is a stretch of `perChunk` elements, or of `rowsPerChunk` rows.
import { multiplyAdd, storeLanes, zero } from "./vector";

/** What `operation` says. SUBTRACT_FROM is b - a, DIVIDE_FROM b / a: they let a lowering exchange the operands. */
const ADD: u32 = 0;
const SUBTRACT: u32 = 1;
const SUBTRACT_FROM: u32 = 2;
const MULTIPLY: u32 = 3;
const DIVIDE: u32 = 4;
const DIVIDE_FROM: u32 = 5;

@unmanaged
export class BinaryArguments {
  a: u32;
  b: u32;
  y: u32;
  operation: u32;
  count: u32;
  /** Elements of b. */
  period: u32;
  perChunk: u32;
}

@unmanaged
export class BinaryStridedArguments {
  a: u32;
  b: u32;
  y: u32;
  operation: u32;
  /** For each axis but the innermost: size, bytes from one to the next in a, the same in b. */
  axes: u32;
  axisCount: u32;
  /** Product of the sizes in `axes`. */
  rows: u32;
  /** Size of the innermost axis, along which a is contiguous. */
  columns: u32;
  /** Whether b has one number for all columns of a row; otherwise it is contiguous like a. */
  splat: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class RectifiedSumArguments {
  a: u32;
  b: u32;
  y: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class AffineArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
  factor: f32;
  offset: f32;
}

@unmanaged
export class ChannelAffineArguments {
  x: u32;
  y: u32;
  factors: u32;
  offsets: u32;
  /** Numbers in each table, a multiple of 4: those of all channels, several times over. */
  period: u32;
  count: u32;
  /** A multiple of `period`. */
  perChunk: u32;
}

@unmanaged
export class ClipArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
  minimum: f32;
  maximum: f32;
}

@unmanaged
export class ClipGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
  minimum: f32;
  maximum: f32;
}

// @ts-ignore: decorator
@inline
function combine(operation: u32, a: v128, b: v128): v128 {
  if (operation == ADD) return f32x4.add(a, b);
  if (operation == SUBTRACT) return f32x4.sub(a, b);
  if (operation == SUBTRACT_FROM) return f32x4.sub(b, a);
  if (operation == MULTIPLY) return f32x4.mul(a, b);
  return operation == DIVIDE ? f32x4.div(a, b) : f32x4.div(b, a);
}

/** One loop for a fixed operation; the compiler drops the branches of `combine`. */
// @ts-ignore: decorator
@inline
function combineVectors(operation: u32, a: usize, b: usize, y: usize, count: u32): void {
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(y + 4 * i, combine(operation, v128.load(a + 4 * i), v128.load(b + 4 * i)));
  }
  if (i < count) {
    storeLanes(y + 4 * i, combine(operation, v128.load(a + 4 * i), v128.load(b + 4 * i)), count - i);
  }
}

/** As `combineVectors` with the one number at b. */
// @ts-ignore: decorator
@inline
function combineScalar(operation: u32, a: usize, b: usize, y: usize, count: u32): void {
  const value = v128.load32_splat(b);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) v128.store(y + 4 * i, combine(operation, v128.load(a + 4 * i), value));
  if (i < count) storeLanes(y + 4 * i, combine(operation, v128.load(a + 4 * i), value), count - i);
}

/** `count` elements of one row. */
function combineRow(operation: u32, a: usize, b: usize, splat: bool, y: usize, count: u32): void {
  if (splat) {
    if (operation == ADD) combineScalar(ADD, a, b, y, count);
    else if (operation == SUBTRACT) combineScalar(SUBTRACT, a, b, y, count);
    else if (operation == SUBTRACT_FROM) combineScalar(SUBTRACT_FROM, a, b, y, count);
    else if (operation == MULTIPLY) combineScalar(MULTIPLY, a, b, y, count);
    else if (operation == DIVIDE) combineScalar(DIVIDE, a, b, y, count);
    else combineScalar(DIVIDE_FROM, a, b, y, count);
  } else {
    if (operation == ADD) combineVectors(ADD, a, b, y, count);
    else if (operation == SUBTRACT) combineVectors(SUBTRACT, a, b, y, count);
    else if (operation == SUBTRACT_FROM) combineVectors(SUBTRACT_FROM, a, b, y, count);
    else if (operation == MULTIPLY) combineVectors(MULTIPLY, a, b, y, count);
    else if (operation == DIVIDE) combineVectors(DIVIDE, a, b, y, count);
    else combineVectors(DIVIDE_FROM, a, b, y, count);
  }
}

export function binary(x: BinaryArguments, chunk: u32): void {
  const period = x.period;
  const splat = period == 1;
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  while (i < end) {
    const position = splat ? 0 : i % period;
    const stretch = splat ? end - i : min(end - i, period - position);
    combineRow(x.operation, x.a + 4 * i, x.b + 4 * position, splat, x.y + 4 * i, stretch);
    i += stretch;
  }
}

export function binaryStrided(x: BinaryStridedArguments, chunk: u32): void {
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  const last: usize = x.axes + 12 * (x.axisCount - 1);
  const aStep: usize = load<u32>(last, 4);
  const bStep: usize = load<u32>(last, 8);
  let row = chunk * x.rowsPerChunk;
  while (row < end) {
    // Where this row lies, and how many more follow before an outer axis moves on.
    let a: usize = x.a;
    let b: usize = x.b;
    let rest = row;
    for (let axis = last; axis >= <usize>x.axes; axis -= 12) {
      const size = load<u32>(axis);
      const index = rest % size;
      rest /= size;
      a += index * load<u32>(axis, 4);
      b += index * load<u32>(axis, 8);
    }
    const stop = min(end, row + load<u32>(last) - (row % load<u32>(last)));
    for (; row < stop; row++) {
      combineRow(x.operation, a, b, x.splat != 0, x.y + 4 * row * x.columns, x.columns);
      a += aStep;
      b += bStep;
    }
  }
}

export function rectifiedSum(x: RectifiedSumArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const a: usize = x.a;
  const b: usize = x.b;
  const y: usize = x.y;
  // pmax keeps its first operand when a comparison with NaN fails, so NaN passes through.
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(y + 4 * i, f32x4.pmax(f32x4.add(v128.load(a + 4 * i), v128.load(b + 4 * i)), zero()));
  }
  if (i < end) {
    storeLanes(y + 4 * i, f32x4.pmax(f32x4.add(v128.load(a + 4 * i), v128.load(b + 4 * i)), zero()), end - i);
  }
}

export function affine(x: AffineArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const factor = f32x4.splat(x.factor);
  const offset = f32x4.splat(x.offset);
  const source: usize = x.x;
  const target: usize = x.y;
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(target + 4 * i, multiplyAdd(v128.load(source + 4 * i), factor, offset));
  }
  if (i < end) storeLanes(target + 4 * i, multiplyAdd(v128.load(source + 4 * i), factor, offset), end - i);
}

export function channelAffine(x: ChannelAffineArguments, chunk: u32): void {
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  let position: u32 = 0;
  for (; i < end; i += 4) {
    const factor = v128.load(x.factors + 4 * position);
    const offset = v128.load(x.offsets + 4 * position);
    storeLanes(x.y + 4 * i, multiplyAdd(v128.load(x.x + 4 * i), factor, offset), end - i);
    position += 4;
    if (position == x.period) position = 0;
  }
}

export function clip(x: ClipArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const minimum = f32x4.splat(x.minimum);
  const maximum = f32x4.splat(x.maximum);
  const source: usize = x.x;
  const target: usize = x.y;
  // pmax and pmin keep their first operand when a comparison with NaN fails, so NaN passes through.
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    v128.store(target + 4 * i, f32x4.pmin(f32x4.pmax(v128.load(source + 4 * i), minimum), maximum));
  }
  if (i < end) {
    storeLanes(target + 4 * i, f32x4.pmin(f32x4.pmax(v128.load(source + 4 * i), minimum), maximum), end - i);
  }
}

// @ts-ignore: decorator
@inline
function passBetween(y: v128, dy: v128, minimum: v128, maximum: v128): v128 {
  return v128.and(dy, v128.and(f32x4.gt(y, minimum), f32x4.lt(y, maximum)));
}

export function clipGradient(x: ClipGradientArguments, chunk: u32): void {
  const end = min(x.count, (chunk + 1) * x.perChunk);
  const minimum = f32x4.splat(x.minimum);
  const maximum = f32x4.splat(x.maximum);
  const y: usize = x.y;
  const dy: usize = x.dy;
  const dx: usize = x.dx;
  let i = chunk * x.perChunk;
  for (; i + 4 <= end; i += 4) {
    v128.store(dx + 4 * i, passBetween(v128.load(y + 4 * i), v128.load(dy + 4 * i), minimum, maximum));
  }
  if (i < end) {
    storeLanes(dx + 4 * i, passBetween(v128.load(y + 4 * i), v128.load(dy + 4 * i), minimum, maximum), end - i);
  }
}
