// y[n, i, j, c] = the greatest, or the mean, of x[n, h, w, c] over the window of (i, j): rows [i * strideHeight - top,
// + poolHeight) and columns [j * strideWidth - left, + poolWidth), as far as they lie in the image.
//
// Both are [N, H, W, C] in memory; x and y differ in H and W. The mean divides by the number of positions in the image,
// or with `countPadding` by those in image and padding: what a window of ceil mode has beyond the padding never counts.
// A chunk is `rowsPerChunk` of the N * outputHeight rows of y.
import { storeLanes, zero } from "./vector";

@unmanaged
export class PoolArguments {
  x: u32;
  y: u32;
  /** Rows of y in all images together. */
  rows: u32;
  height: u32;
  width: u32;
  channels: u32;
  outputHeight: u32;
  outputWidth: u32;
  poolHeight: u32;
  poolWidth: u32;
  strideHeight: u32;
  strideWidth: u32;
  top: u32;
  bottom: u32;
  left: u32;
  right: u32;
  /** 1 for the mean, 0 for the greatest. */
  average: u32;
  countPadding: u32;
  rowsPerChunk: u32;
}

/** First position in the input of a window over one axis. */
// @ts-ignore: decorator
@inline
export function windowBegin(index: u32, stride: u32, before: u32): u32 {
  return <u32>max<i32>(<i32>(index * stride) - <i32>before, 0);
}

/** Position behind its last in the input. */
// @ts-ignore: decorator
@inline
export function windowEnd(index: u32, stride: u32, before: u32, size: u32, input: u32): u32 {
  return min(index * stride + size - before, input);
}

/** Positions of a window over one axis that lie in the input or the padding. */
// @ts-ignore: decorator
@inline
export function windowPadded(index: u32, stride: u32, before: u32, size: u32, input: u32, after: u32): u32 {
  return min(size, before + input + after - index * stride);
}

/**
 * a + b, or the greater of a and b, NaN where either is. pmax(a, b) is b where a < b and a elsewhere, so a NaN in a comes
 * through; of the two orders one has it, and the bits of both together are a NaN again. Where neither is NaN they agree
 * (but for the sign of 0). That is three instructions; f32x4.max is nine on x64.
 */
// @ts-ignore: decorator
@inline
function combine(average: bool, a: v128, b: v128): v128 {
  return average ? f32x4.add(a, b) : v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
}

/**
 * y[c] for all channels of one window. Where `overrun` is set, the lanes behind the last channel may be written: what
 * comes there is written later.
 */
// @ts-ignore: decorator
@inline
function reduceWindow(
  average: bool, window: usize, rows: u32, columns: u32, rowBytes: usize, pixelBytes: usize,
  y: usize, channels: u32, scale: v128, overrun: bool,
): void {
  let c: u32 = 0;
  // A cache line at a time, so that a window of many pixels touches each line once.
  for (; c + 16 <= channels; c += 16) {
    let row = window + 4 * c;
    let a0 = average ? zero() : v128.load(row);
    let a1 = average ? zero() : v128.load(row, 16);
    let a2 = average ? zero() : v128.load(row, 32);
    let a3 = average ? zero() : v128.load(row, 48);
    for (let i = rows; i != 0; i--) {
      let at = row;
      for (let j = columns; j != 0; j--) {
        a0 = combine(average, a0, v128.load(at));
        a1 = combine(average, a1, v128.load(at, 16));
        a2 = combine(average, a2, v128.load(at, 32));
        a3 = combine(average, a3, v128.load(at, 48));
        at += pixelBytes;
      }
      row += rowBytes;
    }
    const target = y + 4 * c;
    v128.store(target, average ? f32x4.mul(a0, scale) : a0);
    v128.store(target, average ? f32x4.mul(a1, scale) : a1, 16);
    v128.store(target, average ? f32x4.mul(a2, scale) : a2, 32);
    v128.store(target, average ? f32x4.mul(a3, scale) : a3, 48);
  }
  for (; c < channels; c += 4) {
    let row = window + 4 * c;
    let a = average ? zero() : v128.load(row);
    for (let i = rows; i != 0; i--) {
      let at = row;
      for (let j = columns; j != 0; j--) {
        a = combine(average, a, v128.load(at));
        at += pixelBytes;
      }
      row += rowBytes;
    }
    if (average) a = f32x4.mul(a, scale);
    if (overrun) v128.store(y + 4 * c, a);
    else storeLanes(y + 4 * c, a, channels - c);
  }
}

/** `reduceWindow` of a whole 2 x 2 window, the common one. */
// @ts-ignore: decorator
@inline
function reduceSquare(
  average: bool, window: usize, rowBytes: usize, pixelBytes: usize, y: usize, channels: u32, scale: v128, overrun: bool,
): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const top = window + 4 * c;
    const bottom = top + rowBytes;
    const above = combine(average, v128.load(top), v128.load(top + pixelBytes));
    const below = combine(average, v128.load(bottom), v128.load(bottom + pixelBytes));
    let a = combine(average, above, below);
    if (average) a = f32x4.mul(a, scale);
    if (overrun) v128.store(y + 4 * c, a);
    else storeLanes(y + 4 * c, a, channels - c);
  }
}

/** Windows of one row that lie wholly inside the image, side by side: `count` of them, and y goes on behind them. */
// @ts-ignore: decorator
@inline
function poolInside(
  average: bool, window: usize, step: usize, rows: u32, columns: u32, rowBytes: usize, pixelBytes: usize,
  y: usize, channels: u32, count: u32, scale: v128,
): void {
  if (rows == 2 && columns == 2) {
    for (; count != 0; count--) {
      reduceSquare(average, window, rowBytes, pixelBytes, y, channels, scale, true);
      window += step;
      y += pixelBytes;
    }
    return;
  }
  for (; count != 0; count--) {
    reduceWindow(average, window, rows, columns, rowBytes, pixelBytes, y, channels, scale, true);
    window += step;
    y += pixelBytes;
  }
}

/** One row of y. */
// @ts-ignore: decorator
@inline
function poolRow(average: bool, x: PoolArguments, index: u32): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const rowBytes = pixelBytes * x.width;
  const i = index % x.outputHeight;
  const begin = windowBegin(i, x.strideHeight, x.top);
  const rows = windowEnd(i, x.strideHeight, x.top, x.poolHeight, x.height) - begin;
  const paddedRows = windowPadded(i, x.strideHeight, x.top, x.poolHeight, x.height, x.bottom);
  const line = x.x + ((index / x.outputHeight) * x.height + begin) * rowBytes;
  const outputWidth = x.outputWidth;
  const stride = x.strideWidth;
  const size = x.poolWidth;
  const left = x.left;
  const width = x.width;
  let y = x.y + index * outputWidth * pixelBytes;
  // A vector that begins with the last channels of a window ends in the next one, or with one channel three further on.
  // The last windows of the row must not do that: what lies behind them may be another thread's.
  const last: u32 = channels == 1 ? 3 : 1;
  // Windows [inside, edge) lie between the left and the right edge of the image, and are not among the last.
  const inside = (left + stride - 1) / stride;
  const reach: u32 = width + left < size ? 0 : (width + left - size) / stride + 1;
  const edge: u32 = outputWidth < last ? 0 : min(reach, outputWidth - last);
  for (let j: u32 = 0; j < outputWidth; j++) {
    const first = windowBegin(j, stride, left);
    const columns = windowEnd(j, stride, left, size, width) - first;
    let scale = zero();
    if (average) {
      const paddedColumns = windowPadded(j, stride, left, size, width, x.right);
      const divisor = x.countPadding ? paddedRows * paddedColumns : rows * columns;
      scale = f32x4.splat(1 / <f32>divisor);
    }
    const window = line + first * pixelBytes;
    if (j == inside && j < edge) {
      const count = edge - j;
      poolInside(average, window, stride * pixelBytes, rows, size, rowBytes, pixelBytes, y, channels, count, scale);
      j += count - 1;
      y += count * pixelBytes;
    } else {
      const overrun = j + last < outputWidth;
      reduceWindow(average, window, rows, columns, rowBytes, pixelBytes, y, channels, scale, overrun);
      y += pixelBytes;
    }
  }
}

export function pool(x: PoolArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  if (x.average) {
    for (let row = begin; row < end; row++) poolRow(true, x, row);
  } else {
    for (let row = begin; row < end; row++) poolRow(false, x, row);
  }
}
