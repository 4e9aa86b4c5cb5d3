// The one-dimensional maps of Winograd's minimal filtering on the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray,
// "Fast algorithms for convolutional neural networks", 2016), each on vectors of four channels:
//
//   F(4, 3)  y = At [(G g) . (Bt d)]    6 inputs d, a filter g of 3, 4 outputs y: 6 products in place of 12
//   F(3, 4)  the same Bt, a filter of 4 (G4), 3 outputs (At3): the filter gradient, where dy is the filter
//
// A map reads its operands `step` bytes apart and writes its results `targetStep` bytes apart. In two dimensions each is
// used on the columns and then on the rows.
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

/** Bt: 6 -> 6, an input tile. */
// @ts-ignore: decorator
@inline
export function transformInput(source: u32, step: u32, target: u32, targetStep: u32): void {
  const d0 = v128.load(source);
  const d1 = v128.load(source + step);
  const d2 = v128.load(source + 2 * step);
  const d3 = v128.load(source + 3 * step);
  const d4 = v128.load(source + 4 * step);
  const d5 = v128.load(source + 5 * step);
  const even = plus(-4, d2, d4);
  const odd = plus(-4, d1, d3);
  const even2 = f32x4.sub(d4, d2);
  const odd2 = times(2, f32x4.sub(d3, d1));
  v128.store(target, plus(4, d0, plus(-5, d2, d4)));
  v128.store(target + targetStep, f32x4.add(even, odd));
  v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
  v128.store(target + 3 * targetStep, f32x4.add(even2, odd2));
  v128.store(target + 4 * targetStep, f32x4.sub(even2, odd2));
  v128.store(target + 5 * targetStep, plus(4, d1, plus(-5, d3, d5)));
}

/** G: 3 -> 6, a filter. */
// @ts-ignore: decorator
@inline
export function transformFilter(source: u32, step: u32, target: u32, targetStep: u32): void {
  const g0 = v128.load(source);
  const g1 = v128.load(source + step);
  const g2 = v128.load(source + 2 * step);
  const even = times(-1.0 / 6.0, f32x4.add(g0, g2));
  const odd = times(-1.0 / 6.0, g1);
  const even2 = plus(1.0 / 24.0, g0, times(1.0 / 6.0, g2));
  const odd2 = times(1.0 / 12.0, g1);
  v128.store(target, times(0.25, g0));
  v128.store(target + targetStep, f32x4.add(even, odd));
  v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
  v128.store(target + 3 * targetStep, f32x4.add(even2, odd2));
  v128.store(target + 4 * targetStep, f32x4.sub(even2, odd2));
  v128.store(target + 5 * targetStep, g2);
}

/** G4: 4 -> 6, a tile of output gradients in the role of a filter. */
// @ts-ignore: decorator
@inline
export function transformOutputGradient(source: u32, step: u32, target: u32, targetStep: u32): void {
  const g0 = v128.load(source);
  const g1 = v128.load(source + step);
  const g2 = v128.load(source + 2 * step);
  const g3 = v128.load(source + 3 * step);
  const even = times(-1.0 / 6.0, f32x4.add(g0, g2));
  const odd = times(-1.0 / 6.0, f32x4.add(g1, g3));
  const even2 = plus(1.0 / 24.0, g0, times(1.0 / 6.0, g2));
  const odd2 = plus(1.0 / 12.0, g1, times(1.0 / 3.0, g3));
  v128.store(target, times(0.25, g0));
  v128.store(target + targetStep, f32x4.add(even, odd));
  v128.store(target + 2 * targetStep, f32x4.sub(even, odd));
  v128.store(target + 3 * targetStep, f32x4.add(even2, odd2));
  v128.store(target + 4 * targetStep, f32x4.sub(even2, odd2));
  v128.store(target + 5 * targetStep, g3);
}

/** At: 6 -> 4, back to outputs. */
// @ts-ignore: decorator
@inline
export function restoreOutput(source: u32, step: u32, target: u32, targetStep: u32): void {
  const m1 = v128.load(source + step);
  const m2 = v128.load(source + 2 * step);
  const m3 = v128.load(source + 3 * step);
  const m4 = v128.load(source + 4 * step);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  const sum2 = f32x4.add(m3, m4);
  const difference2 = f32x4.sub(m3, m4);
  v128.store(target, f32x4.add(f32x4.add(v128.load(source), sum), sum2));
  v128.store(target + targetStep, plus(2, difference2, difference));
  v128.store(target + 2 * targetStep, plus(4, sum2, sum));
  v128.store(target + 3 * targetStep, f32x4.add(plus(8, difference2, difference), v128.load(source + 5 * step)));
}

/** At3: 6 -> 3, back to a filter's gradient. */
// @ts-ignore: decorator
@inline
export function restoreFilter(source: u32, step: u32, target: u32, targetStep: u32): void {
  const m1 = v128.load(source + step);
  const m2 = v128.load(source + 2 * step);
  const m3 = v128.load(source + 3 * step);
  const m4 = v128.load(source + 4 * step);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  const sum2 = f32x4.add(m3, m4);
  const difference2 = f32x4.sub(m3, m4);
  v128.store(target, f32x4.add(f32x4.add(v128.load(source), sum), sum2));
  v128.store(target + targetStep, plus(2, difference2, difference));
  v128.store(target + 2 * targetStep, f32x4.add(plus(4, sum2, sum), v128.load(source + 5 * step)));
}
