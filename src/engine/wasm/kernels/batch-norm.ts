// Batch normalization forwards, over x [rows, C], with what follows it in the same pass:
//
//   batchNormalize   y = gamma (x - mean) / sqrt(variance + epsilon) + beta, plus a residual, rectified
//                    (with a ceiling, if it has one)
//
// `moments` is [2, C]: means, then variances. The kernels here and in batch-norm-gradient.ts work out tables of what each
// channel is multiplied with and repeat them up to `period` columns, the least common multiple of C and 4 (several times
// over, if that is short): then vectors need no care for where rows end. A chunk is `perChunk` elements, a multiple of
// `period`.
import { scratch } from "./tile";
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class BatchNormalizeArguments {
  x: u32;
  moments: u32;
  gamma: u32;
  beta: u32;
  /** Added to the result, of its shape; 0 for none. */
  residual: u32;
  y: u32;
  /** Whether the result is min(max(0, value), ceiling). */
  rectify: u32;
  ceiling: f32;
  count: u32;
  channels: u32;
  period: u32;
  epsilon: f32;
  perChunk: u32;
}

/** 1 / sqrt(variance + epsilon) of the four channels from `channel`. */
// @ts-ignore: decorator
@inline
export function inverseDeviation(moments: usize, channels: u32, channel: u32, epsilon: v128): v128 {
  const variance = v128.load(moments + 4 * (channels + channel));
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, epsilon)));
}

/** Repeats the first `channels` numbers of a table up to `period`. */
export function repeat(table: usize, channels: u32, period: u32): void {
  for (let i = channels; i < period; i++) store<f32>(table + 4 * i, load<f32>(table + 4 * (i - channels)));
}

/** Bytes of a table of `period` numbers. A vector at the end of the channels may reach beyond it. */
// @ts-ignore: decorator
@inline
export function tableBytes(period: u32): usize {
  return 4 * period + 16;
}

/** (x - mean) * factor + offset of four columns, with what follows it; the three tables lie one after another. */
// @ts-ignore: decorator
@inline
function valueAt(
  added: bool, rectify: bool, x: usize, residual: usize, table: usize, bytes: usize, highest: v128,
): v128 {
  const centered = f32x4.sub(v128.load(x), v128.load(table));
  let value = multiplyAdd(centered, v128.load(table + bytes), v128.load(table + 2 * bytes));
  if (added) value = f32x4.add(value, v128.load(residual));
  // pmax and pmin keep their first operand when a comparison with NaN fails: NaN passes through.
  return rectify ? f32x4.pmin(f32x4.pmax(value, zero()), highest) : value;
}

/** A chunk of y. */
// @ts-ignore: decorator
@inline
function applyRows(
  added: bool, rectify: bool, x: usize, residual: usize, y: usize, count: u32, period: u32, ceiling: f32,
): void {
  const highest = f32x4.splat(ceiling);
  const bytes: usize = 4 * period;
  const table = scratch;
  const next = tableBytes(period);
  const toResidual = residual - x;
  const toY = y - x;
  for (; count >= period; count -= period) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const at = x + i;
      v128.store(at + toY, valueAt(added, rectify, at, at + toResidual, table + i, next, highest));
    }
    x += bytes;
  }
  for (let i: u32 = 0; i < count; i += 4) {
    const at = x + 4 * i;
    storeLanes(at + toY, valueAt(added, rectify, at, at + toResidual, table + 4 * i, next, highest), count - i);
  }
}

/** y = (x - means) * factors + offsets for a chunk; the three tables lie one after another in scratch. */
export function applyTables(x: usize, y: usize, count: u32, period: u32): void {
  applyRows(false, false, x, x, y, count, period, Infinity);
}

/** Completes the first tables in scratch. */
export function repeatTables(tables: u32, channels: u32, period: u32): void {
  for (let table: u32 = 0; table < tables; table++) repeat(scratch + table * tableBytes(period), channels, period);
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
  repeatTables(3, channels, x.period);
  const begin = chunk * x.perChunk;
  const count = min(x.count - begin, x.perChunk);
  const from: usize = x.x + 4 * begin;
  const to: usize = x.y + 4 * begin;
  const residual: usize = x.residual + 4 * begin;
  if (x.residual) {
    if (x.rectify) applyRows(true, true, from, residual, to, count, x.period, x.ceiling);
    else applyRows(true, false, from, residual, to, count, x.period, x.ceiling);
  } else if (x.rectify) {
    applyRows(false, true, from, from, to, count, x.period, x.ceiling);
  } else {
    applyTables(from, to, count, x.period);
  }
}
