// Softmax over rows of `columns` numbers, and its gradient.
//
//   softmax           y = exp(x - max x) / sum of exp(x - max x)
//   softmaxGradient   dx = y (dy - sum of y dy)
//
// A chunk is `rowsPerChunk` rows. A row is read whole before it is written, so both may run in place.
import { exp } from "./exp";
import { maxLanes, multiplyAdd, storeLanes, sumLanes, zero } from "./vector";

@unmanaged
export class SoftmaxArguments {
  x: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class SoftmaxGradientArguments {
  y: u32;
  dy: u32;
  dx: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

/** All bits set in the first `count` lanes: what lies beyond the end of a row must not count. */
// @ts-ignore: decorator
@inline
export function laneMask(count: u32): v128 {
  return i32x4.gt_s(i32x4.splat(<i32>min<u32>(count, 4)), i32x4(0, 1, 2, 3));
}

/**
 * Greatest of a row. NaN is passed over (pmax keeps its first operand when a comparison fails); it comes back in the
 * exponentials.
 */
// @ts-ignore: decorator
@inline
export function rowMaximum(x: usize, columns: u32): f32 {
  const lowest = f32x4.splat(-Infinity);
  let greatest = lowest;
  let i: u32 = 0;
  for (; i + 4 <= columns; i += 4) greatest = f32x4.pmax(greatest, v128.load(x + 4 * i));
  if (i < columns) {
    greatest = f32x4.pmax(greatest, v128.bitselect(v128.load(x + 4 * i), lowest, laneMask(columns - i)));
  }
  return maxLanes(greatest);
}

/** Writes exp(x - maximum) to y and returns its sum. */
// @ts-ignore: decorator
@inline
export function exponentials(x: usize, maximum: f32, y: usize, columns: u32): f32 {
  const greatest = f32x4.splat(maximum);
  let sum = zero();
  let i: u32 = 0;
  for (; i + 4 <= columns; i += 4) {
    const value = exp(f32x4.sub(v128.load(x + 4 * i), greatest));
    v128.store(y + 4 * i, value);
    sum = f32x4.add(sum, value);
  }
  if (i < columns) {
    const value = exp(f32x4.sub(v128.load(x + 4 * i), greatest));
    storeLanes(y + 4 * i, value, columns - i);
    sum = f32x4.add(sum, v128.and(value, laneMask(columns - i)));
  }
  return sumLanes(sum);
}

export function softmax(x: SoftmaxArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const source: usize = x.x + 4 * row * columns;
    const target: usize = x.y + 4 * row * columns;
    const sum = exponentials(source, rowMaximum(source, columns), target, columns);
    const scale = f32x4.splat(1 / sum);
    for (let i: u32 = 0; i < columns; i += 4) {
      storeLanes(target + 4 * i, f32x4.mul(v128.load(target + 4 * i), scale), columns - i);
    }
  }
}

export function softmaxGradient(x: SoftmaxGradientArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const y: usize = x.y + 4 * row * columns;
    const dy: usize = x.dy + 4 * row * columns;
    const dx: usize = x.dx + 4 * row * columns;
    let sum = zero();
    let i: u32 = 0;
    for (; i + 4 <= columns; i += 4) sum = multiplyAdd(v128.load(y + 4 * i), v128.load(dy + 4 * i), sum);
    if (i < columns) {
      const product = f32x4.mul(v128.load(y + 4 * i), v128.load(dy + 4 * i));
      sum = f32x4.add(sum, v128.and(product, laneMask(columns - i)));
    }
    const weighted = f32x4.splat(sumLanes(sum));
    for (i = 0; i < columns; i += 4) {
      const centred = f32x4.sub(v128.load(dy + 4 * i), weighted);
      storeLanes(dx + 4 * i, f32x4.mul(v128.load(y + 4 * i), centred), columns - i);
    }
  }
}
