// The one-dimensional maps of Winograd's minimal filtering on the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray,
// "Fast algorithms for convolutional neural networks", 2016), each on vectors of four channels. A filter of r taps and m
// outputs with m + r - 1 = 6 take 6 products in place of m r:
//
//   F(m, r)   y = At [(G g) . (Bt d)]    6 inputs d, a filter g of r, m outputs y
//
//   F(4, 3) and F(2, 5)   a convolution with 3 or 5 taps
//   F(3, 4) and F(5, 2)   their filter gradients, where 4 or 2 output gradients are the filter
//
// Bt is the same for all. Row p of G evaluates g as a polynomial at the point p, divided by the product of the distances
// from p to the other points; column p of At holds the powers of p. A map reads its operands `step` bytes apart and writes
// its results `targetStep` bytes apart; `size` is r for G and m for At. In two dimensions each is used on the columns and
// then on the rows.
//
// Here are the maps of filters and of their gradients; winograd-passes.ts has those of activations, which are most of the work.
import { multiplyAdd } from "./vector";

/** Values of a tile in the transformed domain: 6 x 6. */
export const FREQUENCIES: u32 = 36;

// @ts-ignore: decorator
@inline
function times(factor: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), x);
}

/** factor * x + y. */
// @ts-ignore: decorator
@inline
function plus(factor: f32, x: v128, y: v128): v128 {
  return multiplyAdd(f32x4.splat(factor), x, y);
}

/** A pair of sums and differences: a map's results at p and -p. */
// @ts-ignore: decorator
@inline
function storeBoth(target: u32, targetStep: u32, even: v128, odd: v128): void {
  v128.store(target, f32x4.add(even, odd));
  v128.store(target + targetStep, f32x4.sub(even, odd));
}

/** G: size -> 6, taps of a filter; size is 3 or 5. */
// @ts-ignore: decorator
@inline
export function transformTaps(source: u32, step: u32, target: u32, targetStep: u32, size: u32): void {
  const g0 = v128.load(source);
  const g1 = v128.load(source + step);
  const g2 = v128.load(source + 2 * step);
  let even = f32x4.add(g0, g2);
  let odd = g1;
  let even2 = plus(1.0 / 6.0, g2, times(1.0 / 24.0, g0));
  let odd2 = times(1.0 / 12.0, g1);
  let last = g2;
  if (size > 3) {
    const g3 = v128.load(source + 3 * step);
    const g4 = v128.load(source + 4 * step);
    even = f32x4.add(even, g4);
    odd = f32x4.add(odd, g3);
    even2 = plus(2.0 / 3.0, g4, even2);
    odd2 = plus(1.0 / 3.0, g3, odd2);
    last = g4;
  }
  v128.store(target, times(0.25, g0));
  storeBoth(target + targetStep, targetStep, times(-1.0 / 6.0, even), times(-1.0 / 6.0, odd));
  storeBoth(target + 3 * targetStep, targetStep, even2, odd2);
  v128.store(target + 5 * targetStep, last);
}

/** At: 6 -> size, back to the taps of a filter's gradient; size is 3 or 5. */
// @ts-ignore: decorator
@inline
export function restore(source: u32, step: u32, target: u32, targetStep: u32, size: u32): void {
  const m0 = v128.load(source);
  const m1 = v128.load(source + step);
  const m2 = v128.load(source + 2 * step);
  const m3 = v128.load(source + 3 * step);
  const m4 = v128.load(source + 4 * step);
  const m5 = v128.load(source + 5 * step);
  v128.store(target, restored(0, size, m0, m1, m2, m3, m4, m5));
  v128.store(target + targetStep, restored(1, size, m0, m1, m2, m3, m4, m5));
  v128.store(target + 2 * targetStep, restored(2, size, m0, m1, m2, m3, m4, m5));
  if (size > 3) {
    v128.store(target + 3 * targetStep, restored(3, size, m0, m1, m2, m3, m4, m5));
    v128.store(target + 4 * targetStep, restored(4, size, m0, m1, m2, m3, m4, m5));
  }
}

/** Row `power` of At: the powers of the points, and the point at infinity in the last row. */
// @ts-ignore: decorator
@inline
export function restored(power: u32, size: u32, m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128): v128 {
  const isEven = power % 2 == 0;
  const first = isEven ? f32x4.add(m1, m2) : f32x4.sub(m1, m2);
  const second = isEven ? f32x4.add(m3, m4) : f32x4.sub(m3, m4);
  if (power == 0) return f32x4.add(f32x4.add(m0, first), second);
  const sum = plus(<f32>(1 << power), second, first);
  return power + 1 == size ? f32x4.add(sum, m5) : sum;
}
