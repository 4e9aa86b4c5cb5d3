// Gradients of batch normalization over x [rows, C], with inverse = 1 / sqrt(variance + epsilon) of each channel and
// xHat = (x - mean) inverse:
//
//   batchNormalizeInputGradient    dx = gamma inverse dy, with the moments held fixed
//   batchNormalizeMomentsGradient  dMean = -gamma inverse sum dy and dVariance = -gamma inverse^2 / 2 sum dy xHat
//   batchMomentsGradient           dx = 2 dVariance / rows * (x - mean) + dMean / rows
//   batchNormalizeGradient         the sum of the first and the third, from the sums over the batch: in one pass
//
// The last one may work behind the gate of a rectifier as normalSumsOfBlocks does (see normal-sums.ts). Tables and chunks
// are those of batch-norm.ts; batchNormalizeMomentsGradient has one chunk.
import { applyTables, inverseDeviation, repeat, repeatTables, tableBytes } from "./batch-norm";
import { isOpen, scratch } from "./tile";
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class BatchNormalizeInputGradientArguments {
  dy: u32;
  moments: u32;
  gamma: u32;
  dx: u32;
  count: u32;
  channels: u32;
  period: u32;
  epsilon: f32;
  perChunk: u32;
}

@unmanaged
export class BatchMomentsGradientArguments {
  x: u32;
  moments: u32;
  dMoments: u32;
  dx: u32;
  count: u32;
  channels: u32;
  period: u32;
  perChunk: u32;
}

@unmanaged
export class BatchNormalizeMomentsGradientArguments {
  moments: u32;
  gamma: u32;
  reduced: u32;
  y: u32;
  channels: u32;
  epsilon: f32;
}

@unmanaged
export class BatchNormalizeGradientArguments {
  x: u32;
  dy: u32;
  moments: u32;
  gamma: u32;
  /** Sum of dy, and of dy xHat: [2, C]. */
  reduced: u32;
  /** 0 where there is no gate. */
  beta: u32;
  /** The rectifier's greatest value, or infinity. */
  ceiling: f32;
  dx: u32;
  count: u32;
  channels: u32;
  period: u32;
  epsilon: f32;
  perChunk: u32;
}

export function batchMomentsGradient(x: BatchMomentsGradientArguments, chunk: u32): void {
  const channels = x.channels;
  const share = f32x4.splat(1 / <f32>(x.count / channels));
  const factors = scratch + tableBytes(x.period);
  const offsets = factors + tableBytes(x.period);
  for (let c: u32 = 0; c < channels; c += 4) {
    const dVariance = v128.load(x.dMoments + 4 * (channels + c));
    v128.store(scratch + 4 * c, v128.load(x.moments + 4 * c));
    v128.store(factors + 4 * c, f32x4.mul(f32x4.add(dVariance, dVariance), share));
    v128.store(offsets + 4 * c, f32x4.mul(v128.load(x.dMoments + 4 * c), share));
  }
  repeatTables(3, channels, x.period);
  const begin = chunk * x.perChunk;
  applyTables(x.x + 4 * begin, x.dx + 4 * begin, min(x.count - begin, x.perChunk), x.period);
}

export function batchNormalizeInputGradient(x: BatchNormalizeInputGradientArguments, chunk: u32): void {
  const channels = x.channels;
  const period = x.period;
  const epsilon = f32x4.splat(x.epsilon);
  for (let c: u32 = 0; c < channels; c += 4) {
    const inverse = inverseDeviation(x.moments, channels, c, epsilon);
    v128.store(scratch + 4 * c, f32x4.mul(v128.load(x.gamma + 4 * c), inverse));
  }
  repeat(scratch, channels, period);
  const factors = scratch;
  const begin = chunk * x.perChunk;
  const bytes: usize = 4 * period;
  let count = min(x.count - begin, x.perChunk);
  let dy: usize = x.dy + 4 * begin;
  let dx: usize = x.dx + 4 * begin;
  for (; count >= period; count -= period) {
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(dx + i, f32x4.mul(v128.load(dy + i), v128.load(factors + i)));
    }
    dy += bytes;
    dx += bytes;
  }
  for (let i: u32 = 0; i < count; i += 4) {
    storeLanes(dx + 4 * i, f32x4.mul(v128.load(dy + 4 * i), v128.load(factors + 4 * i)), count - i);
  }
}

export function batchNormalizeMomentsGradient(x: BatchNormalizeMomentsGradientArguments, chunk: u32): void {
  const channels = x.channels;
  const epsilon = f32x4.splat(x.epsilon);
  const half = f32x4.splat(-0.5);
  for (let c: u32 = 0; c < channels; c += 4) {
    const inverse = inverseDeviation(x.moments, channels, c, epsilon);
    const factor = f32x4.mul(v128.load(x.gamma + 4 * c), inverse);
    const dMean = f32x4.neg(f32x4.mul(factor, v128.load(x.reduced + 4 * c)));
    const products = v128.load(x.reduced + 4 * (channels + c));
    const dVariance = f32x4.mul(f32x4.mul(f32x4.mul(factor, half), inverse), products);
    storeLanes(x.y + 4 * c, dMean, channels - c);
    storeLanes(x.y + 4 * (channels + c), dVariance, channels - c);
  }
}

/** dx of four columns. The tables lie one after another: means, factors, slopes, offsets and, for a gate, betas. */
// @ts-ignore: decorator
@inline
function gradientAt(
  gated: bool, limited: bool, x: usize, dy: usize, table: usize, bytes: usize, highest: v128,
): v128 {
  const centered = f32x4.sub(v128.load(x), v128.load(table));
  const factor = v128.load(table + bytes);
  let g = v128.load(dy);
  if (gated) {
    const y = multiplyAdd(centered, factor, v128.load(table + 4 * bytes));
    g = v128.and(g, isOpen(limited, y, highest));
  }
  return multiplyAdd(g, factor, multiplyAdd(centered, v128.load(table + 2 * bytes), v128.load(table + 3 * bytes)));
}

/** A chunk of dx. */
// @ts-ignore: decorator
@inline
function gradientRows(
  gated: bool, limited: bool, x: usize, dy: usize, dx: usize, count: u32, period: u32, ceiling: f32,
): void {
  const highest = f32x4.splat(ceiling);
  const bytes: usize = 4 * period;
  const table = scratch;
  const next = tableBytes(period);
  const toDy = dy - x;
  const toDx = dx - x;
  for (; count >= period; count -= period) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const at = x + i;
      v128.store(at + toDx, gradientAt(gated, limited, at, at + toDy, table + i, next, highest));
    }
    x += bytes;
  }
  for (let i: u32 = 0; i < count; i += 4) {
    const at = x + 4 * i;
    storeLanes(at + toDx, gradientAt(gated, limited, at, at + toDy, table + 4 * i, next, highest), count - i);
  }
}

export function batchNormalizeGradient(x: BatchNormalizeGradientArguments, chunk: u32): void {
  const channels = x.channels;
  const epsilon = f32x4.splat(x.epsilon);
  const share = f32x4.splat(-1 / <f32>(x.count / channels));
  const next = tableBytes(x.period);
  for (let c: u32 = 0; c < channels; c += 4) {
    const at = scratch + 4 * c;
    const inverse = inverseDeviation(x.moments, channels, c, epsilon);
    const factor = f32x4.mul(v128.load(x.gamma + 4 * c), inverse);
    // dMean / rows, and 2 dVariance / rows.
    const offset = f32x4.mul(f32x4.mul(factor, v128.load(x.reduced + 4 * c)), share);
    const products = f32x4.mul(v128.load(x.reduced + 4 * (channels + c)), share);
    v128.store(at, v128.load(x.moments + 4 * c));
    v128.store(at + next, factor);
    v128.store(at + 2 * next, f32x4.mul(f32x4.mul(factor, inverse), products));
    v128.store(at + 3 * next, offset);
    if (x.beta) v128.store(at + 4 * next, v128.load(x.beta + 4 * c));
  }
  repeatTables(x.beta ? 5 : 4, channels, x.period);
  const begin = chunk * x.perChunk;
  const count = min(x.count - begin, x.perChunk);
  const from: usize = x.x + 4 * begin;
  const dy: usize = x.dy + 4 * begin;
  const dx: usize = x.dx + 4 * begin;
  if (!x.beta) gradientRows(false, false, from, dy, dx, count, x.period, x.ceiling);
  else if (x.ceiling < Infinity) gradientRows(true, true, from, dy, dx, count, x.period, x.ceiling);
  else gradientRows(true, false, from, dy, dx, count, x.period, x.ceiling);
}
