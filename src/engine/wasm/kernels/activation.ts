// Non-linear maps y[i] = f(x[i]) and their gradients dx[i] = g(x[i] or y[i], dy[i]).
//
//   relu                   max(x, 0), NaN for NaN        reluGradient     dy where y > 0, or 0
//   sigmoid                1 / (1 + exp(-x))             sigmoidGradient  dy y (1 - y)
//   tanh                   tanh(x)                       tanhGradient     dy (1 - y^2)
//   gelu                   x Phi(x)                      geluGradient     dy (Phi(x) + x Phi'(x))
//
// Phi is the standard normal distribution, or with `approximate` the logistic function of
// 2 u = 2 sqrt(2 / pi) (x + 0.044715 x^3), which is (1 + tanh u) / 2 without its cancellation.
//
// pmax and pmin keep their first operand when a comparison with NaN fails: NaN passes through, in one instruction.
//
// A chunk is a stretch of `perChunk` elements.
import { bell, exp, hyperbolicTangent, logistic, normalDistribution } from "./exp";
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class ReluArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class ReluGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class SigmoidArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class SigmoidGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class TanhArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class TanhGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class GeluArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
  approximate: u32;
}

@unmanaged
export class GeluGradientArguments {
  x: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
  approximate: u32;
}

/** Which function a loop computes: a constant at each use, so that nothing is decided inside the loop. */
const RELU: u32 = 0;
const SIGMOID: u32 = 1;
const TANH: u32 = 2;
const GELU: u32 = 3;
const GELU_APPROXIMATE: u32 = 4;

/** sqrt(2 / pi) and 0.044715 of the approximate gelu. */
const SLOPE: f32 = 0.7978845608;
const CUBIC: f32 = 0.044715;
/** The approximate gelu's distribution is 0 or 1 beyond this, and its square still finite. */
const GELU_LIMIT: f32 = 100;
/** Density of the standard normal distribution at 0. */
const DENSITY: f32 = 0.3989422804;

/** x limited to where the approximation of gelu still changes. */
// @ts-ignore: decorator
@inline
function limited(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-GELU_LIMIT)), f32x4.splat(GELU_LIMIT));
}

/** 2 sqrt(2 / pi) (x + 0.044715 x^3). */
// @ts-ignore: decorator
@inline
function doubledInner(x: v128): v128 {
  const cubic = multiplyAdd(f32x4.mul(x, x), f32x4.splat(CUBIC), f32x4.splat(1));
  return f32x4.mul(f32x4.mul(x, f32x4.splat(2 * SLOPE)), cubic);
}

// @ts-ignore: decorator
@inline
function activate(kind: u32, x: v128): v128 {
  if (kind == RELU) return f32x4.pmax(x, zero());
  if (kind == SIGMOID) return logistic(x);
  if (kind == TANH) return hyperbolicTangent(x);
  if (kind == GELU) return f32x4.mul(x, normalDistribution(x, bell(x)));
  return f32x4.mul(x, logistic(doubledInner(limited(x))));
}

/** Phi(x) + x Phi'(x). */
// @ts-ignore: decorator
@inline
function geluSlope(x: v128): v128 {
  const bellOfX = bell(x);
  return multiplyAdd(f32x4.mul(x, f32x4.splat(DENSITY)), bellOfX, normalDistribution(x, bellOfX));
}

/** p + x p (1 - p) (2 u)' with p = 1 / (1 + e), e = exp(-2 u), and 1 - p = e p. */
// @ts-ignore: decorator
@inline
function approximateGeluSlope(unlimited: v128): v128 {
  const one = f32x4.splat(1);
  const x = limited(unlimited);
  // e stays finite: infinity times p = 0 would be NaN.
  const e = exp(f32x4.pmin(f32x4.neg(doubledInner(x)), f32x4.splat(88)));
  const p = f32x4.div(one, f32x4.add(one, e));
  const derivative = multiplyAdd(f32x4.mul(x, x), f32x4.splat(6 * SLOPE * CUBIC), f32x4.splat(2 * SLOPE));
  return multiplyAdd(f32x4.mul(f32x4.mul(x, derivative), f32x4.mul(e, p)), p, p);
}

/** dx from what the forward kept (y, or x for gelu) and dy. */
// @ts-ignore: decorator
@inline
function differentiate(kind: u32, kept: v128, dy: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == RELU) return v128.and(f32x4.gt(kept, zero()), dy);
  if (kind == SIGMOID) return f32x4.mul(f32x4.mul(dy, kept), f32x4.sub(one, kept));
  if (kind == TANH) return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, kept), f32x4.add(one, kept)));
  if (kind == GELU) return f32x4.mul(dy, geluSlope(kept));
  return f32x4.mul(dy, approximateGeluSlope(kept));
}

// @ts-ignore: decorator
@inline
function map(kind: u32, x: usize, y: usize, count: u32, perChunk: u32, chunk: u32): void {
  let i = chunk * perChunk;
  const end = min(count, i + perChunk);
  for (; i + 4 <= end; i += 4) v128.store(y + 4 * i, activate(kind, v128.load(x + 4 * i)));
  if (i < end) storeLanes(y + 4 * i, activate(kind, v128.load(x + 4 * i)), end - i);
}

// @ts-ignore: decorator
@inline
function mapGradient(kind: u32, kept: usize, dy: usize, dx: usize, count: u32, perChunk: u32, chunk: u32): void {
  let i = chunk * perChunk;
  const end = min(count, i + perChunk);
  for (; i + 4 <= end; i += 4) {
    v128.store(dx + 4 * i, differentiate(kind, v128.load(kept + 4 * i), v128.load(dy + 4 * i)));
  }
  if (i < end) {
    storeLanes(dx + 4 * i, differentiate(kind, v128.load(kept + 4 * i), v128.load(dy + 4 * i)), end - i);
  }
}

export function relu(x: ReluArguments, chunk: u32): void {
  map(RELU, x.x, x.y, x.count, x.perChunk, chunk);
}

export function reluGradient(x: ReluGradientArguments, chunk: u32): void {
  mapGradient(RELU, x.y, x.dy, x.dx, x.count, x.perChunk, chunk);
}

export function sigmoid(x: SigmoidArguments, chunk: u32): void {
  map(SIGMOID, x.x, x.y, x.count, x.perChunk, chunk);
}

export function sigmoidGradient(x: SigmoidGradientArguments, chunk: u32): void {
  mapGradient(SIGMOID, x.y, x.dy, x.dx, x.count, x.perChunk, chunk);
}

export function tanh(x: TanhArguments, chunk: u32): void {
  map(TANH, x.x, x.y, x.count, x.perChunk, chunk);
}

export function tanhGradient(x: TanhGradientArguments, chunk: u32): void {
  mapGradient(TANH, x.y, x.dy, x.dx, x.count, x.perChunk, chunk);
}

export function gelu(x: GeluArguments, chunk: u32): void {
  if (x.approximate) map(GELU_APPROXIMATE, x.x, x.y, x.count, x.perChunk, chunk);
  else map(GELU, x.x, x.y, x.count, x.perChunk, chunk);
}

export function geluGradient(x: GeluGradientArguments, chunk: u32): void {
  if (x.approximate) mapGradient(GELU_APPROXIMATE, x.x, x.dy, x.dx, x.count, x.perChunk, chunk);
  else mapGradient(GELU, x.x, x.dy, x.dx, x.count, x.perChunk, chunk);
}
