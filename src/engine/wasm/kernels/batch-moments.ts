// Sums over a batch for each channel of x [rows, C], in two stages: blocks of rows first, then the blocks in order.
//
//   momentsOfBlocks     mean and M2 = sum (x - mean)^2 of each block. They come from one pass over s = sum d and
//                       q = sum d^2 with d = x - pivot, the pivot being the block's first row: mean = pivot + s / n and
//                       M2 = q - s^2 / n. Since the pivot is one of the n values, (mean - pivot)^2 <= M2, so that the
//                       subtraction loses at most log2(n + 1) bits, and none to a mean far from 0. For the same reason
//                       pivot and s / n are kept apart.
//   combineMoments      mean = sum n_b mean_b / N and variance = (sum M2_b + sum n_b (mean_b - mean)^2) / N: the formula
//                       of Chan, Golub and LeVeque (1979) for many parts, in float64
//
// Narrow rows leave vectors idle, so `fold` rows are taken as one of `columns` = fold * C; the second stage adds up the
// columns of a channel. Rows are read from end to end, and sums are kept in memory, in the place of the partial results:
// [blocks, 3, columns] with pivot, s / n and M2. A chunk is a block of rows in the first stage, and `columnsPerChunk` columns
// in the second (all of them where rows are folded).
import { scratch } from "./tile";
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class MomentsOfBlocksArguments {
  x: u32;
  partial: u32;
  rows: u32;
  columns: u32;
  blockRows: u32;
}

@unmanaged
export class CombineMomentsArguments {
  partial: u32;
  y: u32;
  blocks: u32;
  rows: u32;
  columns: u32;
  channels: u32;
  blockRows: u32;
  columnsPerChunk: u32;
}

/** Stores pivot, s / n and M2 of four columns, `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function storeMoments(target: usize, stride: usize, pivot: v128, s: v128, q: v128, share: v128, valid: u32): void {
  const distance = f32x4.mul(s, share);
  storeLanes(target, pivot, valid);
  storeLanes(target + stride, distance, valid);
  // M2 of values that are almost the same must not come out below 0.
  storeLanes(target + 2 * stride, f32x4.max(f32x4.sub(q, f32x4.mul(s, distance)), zero()), valid);
}

/** Shifted sums of `columns` columns (a multiple of 4) in memory: rows are read from end to end, four at a time. */
function momentsOfRows(pivot: usize, target: usize, stride: usize, rows: u32, columns: u32, share: v128): void {
  const bytes: usize = 4 * columns;
  const s = target + stride;
  const q = s + stride;
  memory.fill(s, 0, bytes);
  memory.fill(q, 0, bytes);
  // The pivot's own distance is 0.
  let at = pivot + stride;
  let row: u32 = 1;
  for (; row + 4 <= rows; row += 4) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const origin = v128.load(pivot + i);
      let from = at + i;
      const d0 = f32x4.sub(v128.load(from), origin);
      from += stride;
      const d1 = f32x4.sub(v128.load(from), origin);
      from += stride;
      const d2 = f32x4.sub(v128.load(from), origin);
      const d3 = f32x4.sub(v128.load(from + stride), origin);
      v128.store(s + i, f32x4.add(v128.load(s + i), f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3))));
      const first = multiplyAdd(d1, d1, multiplyAdd(d0, d0, v128.load(q + i)));
      v128.store(q + i, multiplyAdd(d3, d3, multiplyAdd(d2, d2, first)));
    }
    at += 4 * stride;
  }
  for (; row < rows; row++) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const d = f32x4.sub(v128.load(at + i), v128.load(pivot + i));
      v128.store(s + i, f32x4.add(v128.load(s + i), d));
      v128.store(q + i, multiplyAdd(d, d, v128.load(q + i)));
    }
    at += stride;
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    storeMoments(target + i, stride, v128.load(pivot + i), v128.load(s + i), v128.load(q + i), share, 4);
  }
}

export function momentsOfBlocks(x: MomentsOfBlocksArguments, chunk: u32): void {
  const columns = x.columns;
  const stride: usize = 4 * <usize>columns;
  const first = chunk * x.blockRows;
  const rows = min(x.blockRows, x.rows - first);
  const share = f32x4.splat(1 / <f32>rows);
  const pivot: usize = x.x + first * stride;
  const target: usize = x.partial + 3 * chunk * stride;
  const vectors = columns & ~3;
  momentsOfRows(pivot, target, stride, rows, vectors, share);
  if (vectors == columns) return;
  // The last columns fill no vector: their sums stay in registers.
  let s = zero();
  let q = zero();
  let at = pivot + 4 * vectors;
  const origin = v128.load(at);
  for (let row = rows; row != 0; row--) {
    const d = f32x4.sub(v128.load(at), origin);
    s = f32x4.add(s, d);
    q = multiplyAdd(d, d, q);
    at += stride;
  }
  storeMoments(target + 4 * vectors, stride, origin, s, q, share, columns - vectors);
}

/** The upper two lanes in float64. */
// @ts-ignore: decorator
@inline
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

/** sums[i] = sum over `blocks` partial results of column i, in float64, for `columns` columns from `partial`. */
export function addBlocks(partial: usize, stride: usize, blocks: u32, columns: u32, sums: usize): void {
  for (let c: u32 = 0; c < columns; c += 4) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    let at = partial + 4 * c;
    for (let block = blocks; block != 0; block--) {
      const x = v128.load(at);
      low = f64x2.add(low, f64x2.promote_low_f32x4(x));
      high = f64x2.add(high, promoteHigh(x));
      at += stride;
    }
    v128.store(sums + 8 * c, low);
    v128.store(sums + 8 * c, high, 16);
  }
}

/**
 * sums[i] += weight * sum over `blocks` of (mean of the block - means[i])^power, with power 1 or 2. A block's mean is its
 * pivot, at `partial`, and its s / n, `toDistance` bytes further on.
 */
function addDistances(
  partial: usize, toDistance: usize, stride: usize, blocks: u32, columns: u32, means: usize, power: u32, weight: f64,
  sums: usize,
): void {
  const factor = f64x2.splat(weight);
  for (let c: u32 = 0; c < columns; c += 4) {
    const meanLow = v128.load(means + 8 * c);
    const meanHigh = v128.load(means + 8 * c, 16);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    let at = partial + 4 * c;
    for (let block = blocks; block != 0; block--) {
      const pivot = v128.load(at);
      const distance = v128.load(at + toDistance);
      let a = f64x2.sub(f64x2.add(f64x2.promote_low_f32x4(pivot), f64x2.promote_low_f32x4(distance)), meanLow);
      let b = f64x2.sub(f64x2.add(promoteHigh(pivot), promoteHigh(distance)), meanHigh);
      if (power == 2) {
        a = f64x2.mul(a, a);
        b = f64x2.mul(b, b);
      }
      low = f64x2.add(low, a);
      high = f64x2.add(high, b);
      at += stride;
    }
    const sum = sums + 8 * c;
    v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(low, factor)));
    v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(high, factor)), 16);
  }
}

/** Sum of what the columns of a channel have. */
// @ts-ignore: decorator
@inline
export function addFolds(sums: usize, channel: u32, channels: u32, columns: u32): f64 {
  let sum: f64 = 0;
  for (let c = channel; c < columns; c += channels) sum += load<f64>(sums + 8 * c);
  return sum;
}

export function combineMoments(x: CombineMomentsArguments, chunk: u32): void {
  const first = chunk * x.columnsPerChunk;
  const columns = min(x.columns - first, x.columnsPerChunk);
  // Of this chunk: all channels where rows are folded, else as many as columns.
  const channels = min(x.channels, columns);
  const next: usize = 4 * <usize>x.columns;
  const stride = 3 * next;
  const partial: usize = x.partial + 4 * first;
  // The last block may have fewer rows.
  const whole = x.blocks - 1;
  const last = partial + whole * stride;
  const wholeRows: f64 = x.blockRows;
  const lastRows = <f64>(x.rows - whole * x.blockRows);
  const count = <f64>x.rows * <f64>(x.columns / x.channels);
  const tableBytes: usize = 8 * ((columns + 3) & ~3);
  const sums = scratch;
  const means = scratch + tableBytes;
  memory.fill(scratch, 0, 2 * tableBytes);
  addDistances(partial, next, stride, whole, columns, means, 1, wholeRows, sums);
  addDistances(last, next, stride, 1, columns, means, 1, lastRows, sums);
  for (let c: u32 = 0; c < channels; c++) {
    const mean = addFolds(sums, c, channels, columns) / count;
    store<f32>(x.y + 4 * (first + c), <f32>mean);
    for (let column = c; column < columns; column += channels) store<f64>(means + 8 * column, mean);
  }
  addBlocks(partial + 2 * next, stride, x.blocks, columns, sums);
  addDistances(partial, next, stride, whole, columns, means, 2, wholeRows, sums);
  addDistances(last, next, stride, 1, columns, means, 2, lastRows, sums);
  for (let c: u32 = 0; c < channels; c++) {
    store<f32>(x.y + 4 * (x.channels + first + c), <f32>(addFolds(sums, c, channels, columns) / count));
  }
}
