// Maps of batch normalization over x [rows, C], with inverse = 1 / sqrt(variance + epsilon) of each channel:
//
//   batchNormalize                 y = gamma inverse (x - mean) + beta
//   batchNormalizeInputGradient    dx = gamma inverse dy
//   batchMomentsGradient           dx = 2 dVariance / rows * (x - mean) + dMean / rows
//   batchNormalizeMomentsGradient  dMean = -gamma inverse sum dy and dVariance = -gamma inverse^2 / 2 sum dy xHat
//
// `moments` is [2, C]: means, then variances. The first three work out a table of what each channel is multiplied with
// and repeat it up to `period` columns, the least common multiple of C and 4 (several times over, if that is short):
// then vectors need no care for where rows end. A chunk is `perChunk` elements, a multiple of `period`; the last kernel
// has one chunk.
import { scratch } from "./tile";
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class BatchNormalizeArguments {
  x: u32;
  moments: u32;
  gamma: u32;
  beta: u32;
  y: u32;
  count: u32;
  channels: u32;
  period: u32;
  epsilon: f32;
  perChunk: u32;
}

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

/** 1 / sqrt(variance + epsilon) of the four channels from `channel`. */
// @ts-ignore: decorator
@inline
function inverseDeviation(moments: usize, channels: u32, channel: u32, epsilon: v128): v128 {
  const variance = v128.load(moments + 4 * (channels + channel));
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, epsilon)));
}

/** Repeats the first `channels` numbers of a table up to `period`. */
function repeat(table: usize, channels: u32, period: u32): void {
  for (let i = channels; i < period; i++) store<f32>(table + 4 * i, load<f32>(table + 4 * (i - channels)));
}

/** Bytes of a table of `period` numbers. A vector at the end of the channels may reach beyond it. */
// @ts-ignore: decorator
@inline
function tableBytes(period: u32): usize {
  return 4 * period + 16;
}

/** y = (x - means) * factors + offsets for a chunk; the three tables lie one after another in scratch. */
function applyTables(x: usize, y: usize, count: u32, period: u32): void {
  const bytes: usize = 4 * period;
  const means = scratch;
  const factors = scratch + tableBytes(period);
  const offsets = factors + tableBytes(period);
  for (; count >= period; count -= period) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const centered = f32x4.sub(v128.load(x + i), v128.load(means + i));
      v128.store(y + i, multiplyAdd(centered, v128.load(factors + i), v128.load(offsets + i)));
    }
    x += bytes;
    y += bytes;
  }
  for (let i: u32 = 0; i < count; i += 4) {
    const at: usize = 4 * i;
    const centered = f32x4.sub(v128.load(x + at), v128.load(means + at));
    storeLanes(y + at, multiplyAdd(centered, v128.load(factors + at), v128.load(offsets + at)), count - i);
  }
}

/** Completes the three tables of `applyTables`. */
function repeatTables(channels: u32, period: u32): void {
  for (let table: u32 = 0; table < 3; table++) repeat(scratch + table * tableBytes(period), channels, period);
}

export function batchNormalize(x: BatchNormalizeArguments, chunk: u32): void {
  const channels = x.channels;
  const epsilon = f32x4.splat(x.epsilon);
  const factors = scratch + tableBytes(x.period);
  const offsets = factors + tableBytes(x.period);
  for (let c: u32 = 0; c < channels; c += 4) {
    const inverse = inverseDeviation(x.moments, channels, c, epsilon);
    v128.store(scratch + 4 * c, v128.load(x.moments + 4 * c));
    v128.store(factors + 4 * c, f32x4.mul(v128.load(x.gamma + 4 * c), inverse));
    v128.store(offsets + 4 * c, v128.load(x.beta + 4 * c));
  }
  repeatTables(channels, x.period);
  const begin = chunk * x.perChunk;
  applyTables(x.x + 4 * begin, x.y + 4 * begin, min(x.count - begin, x.perChunk), x.period);
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
  repeatTables(channels, x.period);
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
