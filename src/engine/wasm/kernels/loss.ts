// Cross-entropy of softmax(logits) [rows, columns] with labels int32 [rows] or targets float32 [rows, columns].
//
//   softmaxCrossEntropy           y = -sum over c of t_c log softmax(logits)_c = sum over c of t_c (L - z_c)
//                                 with z = logits - max logits, L = log(sum of exp z): z is exact near the maximum
//   softmaxCrossEntropyGradient   dLogits_c = dLoss (softmax(logits)_c sum(t) - t_c)
//   oneHot                        y[row, c] = 1 where c is the label, or 0
//   topKHits                      y[row] = 1 where fewer than k scores are above that of the label, or 0
//
// t is (1 - s) target + s / columns with label smoothing s, and a label's target is 1 at the label, 0 elsewhere.
// A label that is not one of the classes reads and writes no memory: its loss is NaN, it hits nothing.
// A chunk is `rowsPerChunk` rows.
import { exp, logarithm } from "./exp";
import { exponentials, laneMask, rowMaximum } from "./softmax";
import { multiplyAdd, storeLanes, sumLanes, zero } from "./vector";

@unmanaged
export class SoftmaxCrossEntropyArguments {
  logits: u32;
  /** int32 labels, or 0. */
  labels: u32;
  /** float32 targets, or 0. */
  targets: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
  smoothing: f32;
}

@unmanaged
export class SoftmaxCrossEntropyGradientArguments {
  logits: u32;
  /** int32 labels, or 0. */
  labels: u32;
  /** float32 targets, or 0. */
  targets: u32;
  dLoss: u32;
  dLogits: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
  smoothing: f32;
}

@unmanaged
export class OneHotArguments {
  labels: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class TopKHitsArguments {
  scores: u32;
  labels: u32;
  y: u32;
  rows: u32;
  columns: u32;
  rowsPerChunk: u32;
  k: u32;
}

/** Sum of exp(x - maximum). */
// @ts-ignore: decorator
@inline
function sumOfExponentials(x: usize, maximum: f32, columns: u32): f32 {
  const greatest = f32x4.splat(maximum);
  let sum = zero();
  let i: u32 = 0;
  for (; i + 4 <= columns; i += 4) sum = f32x4.add(sum, exp(f32x4.sub(v128.load(x + 4 * i), greatest)));
  if (i < columns) {
    const value = exp(f32x4.sub(v128.load(x + 4 * i), greatest));
    sum = f32x4.add(sum, v128.and(value, laneMask(columns - i)));
  }
  return sumLanes(sum);
}

/** Sum over c of (factor target_c + share) (L - z_c); without targets, of share (L - z_c). */
function expectedDistance(
  x: usize, targets: usize, columns: u32, maximum: f32, logOfSum: f32, factor: f32, share: f32,
): f32 {
  const greatest = f32x4.splat(maximum);
  const offset = f32x4.splat(logOfSum);
  const scale = f32x4.splat(factor);
  const base = f32x4.splat(share);
  let sum = zero();
  for (let i: u32 = 0; i < columns; i += 4) {
    const weight = targets ? multiplyAdd(v128.load(targets + 4 * i), scale, base) : base;
    const distance = f32x4.add(offset, f32x4.sub(greatest, v128.load(x + 4 * i)));
    sum = f32x4.add(sum, v128.and(f32x4.mul(weight, distance), laneMask(columns - i)));
  }
  return sumLanes(sum);
}

export function softmaxCrossEntropy(x: SoftmaxCrossEntropyArguments, chunk: u32): void {
  const columns = x.columns;
  const share = x.smoothing / <f32>columns;
  const factor: f32 = 1 - x.smoothing;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const logits: usize = x.logits + 4 * row * columns;
    const maximum = rowMaximum(logits, columns);
    const logOfSum = <f32>logarithm(sumOfExponentials(logits, maximum, columns));
    let loss: f32 = 0;
    if (x.targets) {
      const targets: usize = x.targets + 4 * row * columns;
      loss = expectedDistance(logits, targets, columns, maximum, logOfSum, factor, share);
    } else {
      const label = load<u32>(x.labels + 4 * row);
      loss = label < columns ? factor * (logOfSum + (maximum - load<f32>(logits + 4 * label))) : NaN;
      if (share > 0) loss += expectedDistance(logits, 0, columns, maximum, logOfSum, factor, share);
    }
    store<f32>(x.y + 4 * row, loss);
  }
}

/** Sum of factor target_c + share. */
function sumOfTargets(targets: usize, columns: u32, factor: f32, share: f32): f32 {
  let sum = zero();
  for (let i: u32 = 0; i < columns; i += 4) {
    sum = f32x4.add(sum, v128.and(v128.load(targets + 4 * i), laneMask(columns - i)));
  }
  return factor * sumLanes(sum) + share * <f32>columns;
}

export function softmaxCrossEntropyGradient(x: SoftmaxCrossEntropyGradientArguments, chunk: u32): void {
  const columns = x.columns;
  const share = x.smoothing / <f32>columns;
  const factor: f32 = 1 - x.smoothing;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const logits: usize = x.logits + 4 * row * columns;
    const target: usize = x.dLogits + 4 * row * columns;
    const dLoss = load<f32>(x.dLoss + 4 * row);
    const sum = exponentials(logits, rowMaximum(logits, columns), target, columns);
    if (x.targets) {
      const targets: usize = x.targets + 4 * row * columns;
      const scale = f32x4.splat((dLoss * sumOfTargets(targets, columns, factor, share)) / sum);
      const byTarget = f32x4.splat(-dLoss * factor);
      const base = f32x4.splat(-dLoss * share);
      for (let i: u32 = 0; i < columns; i += 4) {
        const wanted = multiplyAdd(v128.load(targets + 4 * i), byTarget, base);
        storeLanes(target + 4 * i, multiplyAdd(v128.load(target + 4 * i), scale, wanted), columns - i);
      }
    } else {
      const label = load<u32>(x.labels + 4 * row);
      const scale = f32x4.splat(label < columns ? dLoss / sum : NaN);
      const base = f32x4.splat(-dLoss * share);
      for (let i: u32 = 0; i < columns; i += 4) {
        storeLanes(target + 4 * i, multiplyAdd(v128.load(target + 4 * i), scale, base), columns - i);
      }
      if (label < columns) store<f32>(target + 4 * label, load<f32>(target + 4 * label) - dLoss * factor);
    }
  }
}

export function oneHot(x: OneHotArguments, chunk: u32): void {
  const columns = x.columns;
  const first = chunk * x.rowsPerChunk;
  const end = min(x.rows, first + x.rowsPerChunk);
  memory.fill(x.y + 4 * first * columns, 0, 4 * (end - first) * columns);
  for (let row = first; row < end; row++) {
    const label = load<u32>(x.labels + 4 * row);
    if (label < columns) store<f32>(x.y + 4 * (row * columns + label), 1);
  }
}

export function topKHits(x: TopKHitsArguments, chunk: u32): void {
  const columns = x.columns;
  const end = min(x.rows, (chunk + 1) * x.rowsPerChunk);
  for (let row = chunk * x.rowsPerChunk; row < end; row++) {
    const scores: usize = x.scores + 4 * row * columns;
    const label = load<u32>(x.labels + 4 * row);
    let hit: f32 = 0;
    if (label < columns) {
      const score = v128.load32_splat(scores + 4 * label);
      // A comparison's lanes are -1 where it holds.
      let above = i32x4.splat(0);
      for (let i: u32 = 0; i < columns; i += 4) {
        const higher = f32x4.gt(v128.load(scores + 4 * i), score);
        above = i32x4.sub(above, v128.and(higher, laneMask(columns - i)));
      }
      const count = i32x4.extract_lane(above, 0) + i32x4.extract_lane(above, 1)
        + i32x4.extract_lane(above, 2) + i32x4.extract_lane(above, 3);
      hit = <u32>count < x.k ? 1 : 0;
    }
    store<f32>(x.y + 4 * row, hit);
  }
}
