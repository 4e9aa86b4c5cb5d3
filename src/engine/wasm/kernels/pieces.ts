// Maps made of straight pieces and a parabola, and their gradients dx[i] = g(x[i], dy[i]).
//
//   leakyRelu   x where x > 0, or slope x        leakyReluGradient   dy where x > 0, or slope dy
//   hardSwish   x min(max(x / 6 + 1/2, 0), 1)    hardSwishGradient   dy times 0, x / 3 + 1/2, or 1: from -3, to 3, beyond
//
// Comparisons are chosen such that NaN takes the way of the piece that keeps it. A chunk is a stretch of `perChunk`
// elements.
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class LeakyReluArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
  slope: f32;
}

@unmanaged
export class LeakyReluGradientArguments {
  x: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
  slope: f32;
}

@unmanaged
export class HardSwishArguments {
  x: u32;
  y: u32;
  count: u32;
  perChunk: u32;
}

@unmanaged
export class HardSwishGradientArguments {
  x: u32;
  dy: u32;
  dx: u32;
  count: u32;
  perChunk: u32;
}

/** value where x > 0, or slope value: the map for value = x, its gradient for value = dy. */
// @ts-ignore: decorator
@inline
function leak(x: v128, value: v128, slope: v128): v128 {
  return v128.bitselect(value, f32x4.mul(value, slope), f32x4.gt(x, zero()));
}

/** x min(max(x / 6 + 1/2, 0), 1). */
// @ts-ignore: decorator
@inline
export function swish(x: v128): v128 {
  const line = multiplyAdd(x, f32x4.splat(1.0 / 6.0), f32x4.splat(0.5));
  return f32x4.mul(x, f32x4.pmin(f32x4.pmax(line, zero()), f32x4.splat(1)));
}

// @ts-ignore: decorator
@inline
function swishSlope(x: v128): v128 {
  const line = multiplyAdd(x, f32x4.splat(1.0 / 3.0), f32x4.splat(0.5));
  const upper = v128.bitselect(f32x4.splat(1), line, f32x4.ge(x, f32x4.splat(3)));
  return v128.andnot(upper, f32x4.le(x, f32x4.splat(-3)));
}

export function leakyRelu(x: LeakyReluArguments, chunk: u32): void {
  const slope = f32x4.splat(x.slope);
  const from: usize = x.x;
  const to: usize = x.y;
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 4 <= end; i += 4) {
    const value = v128.load(from + 4 * i);
    v128.store(to + 4 * i, leak(value, value, slope));
  }
  if (i < end) {
    const value = v128.load(from + 4 * i);
    storeLanes(to + 4 * i, leak(value, value, slope), end - i);
  }
}

export function leakyReluGradient(x: LeakyReluGradientArguments, chunk: u32): void {
  const slope = f32x4.splat(x.slope);
  const from: usize = x.x;
  const dy: usize = x.dy;
  const dx: usize = x.dx;
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 4 <= end; i += 4) {
    v128.store(dx + 4 * i, leak(v128.load(from + 4 * i), v128.load(dy + 4 * i), slope));
  }
  if (i < end) storeLanes(dx + 4 * i, leak(v128.load(from + 4 * i), v128.load(dy + 4 * i), slope), end - i);
}

export function hardSwish(x: HardSwishArguments, chunk: u32): void {
  const from: usize = x.x;
  const to: usize = x.y;
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 4 <= end; i += 4) v128.store(to + 4 * i, swish(v128.load(from + 4 * i)));
  if (i < end) storeLanes(to + 4 * i, swish(v128.load(from + 4 * i)), end - i);
}

export function hardSwishGradient(x: HardSwishGradientArguments, chunk: u32): void {
  const from: usize = x.x;
  const dy: usize = x.dy;
  const dx: usize = x.dx;
  const end = min(x.count, (chunk + 1) * x.perChunk);
  let i = chunk * x.perChunk;
  for (; i + 4 <= end; i += 4) {
    v128.store(dx + 4 * i, f32x4.mul(v128.load(dy + 4 * i), swishSlope(v128.load(from + 4 * i))));
  }
  if (i < end) {
    storeLanes(dx + 4 * i, f32x4.mul(v128.load(dy + 4 * i), swishSlope(v128.load(from + 4 * i))), end - i);
  }
}
