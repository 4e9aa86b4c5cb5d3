// dx of the pools in pool.ts, [N, H, W, C] like x. A maximum sends its dy to the first greatest element of the window in
// row-major order (a NaN counts as the greatest, the first one first); a mean sends dy / divisor to each.
//
//   poolGradientTiled   windows touch and do not overlap, no padding: each element of dx is written once, and what no
//                       window covers is zero. A chunk is `rowsPerChunk` of the N * outputHeight rows of dy and what
//                       their windows cover.
//   poolGradient        any windows: dx is cleared, then added to. A chunk is `imagesPerChunk` whole images, so that
//                       the order of additions never changes.
//
// `x` and `y` are read for the maximum only.
import { windowBegin, windowEnd, windowPadded } from "./pool";
import { storeLanes, zero } from "./vector";

@unmanaged
export class PoolGradientTiledArguments {
  x: u32;
  y: u32;
  dy: u32;
  dx: u32;
  /** Rows of dy in all images together. */
  rows: u32;
  height: u32;
  width: u32;
  channels: u32;
  outputHeight: u32;
  outputWidth: u32;
  poolHeight: u32;
  poolWidth: u32;
  average: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class PoolGradientArguments {
  x: u32;
  y: u32;
  dy: u32;
  dx: u32;
  images: u32;
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
  average: u32;
  countPadding: u32;
  imagesPerChunk: u32;
}

/** Where x is the greatest element y of its window; a NaN always is. */
// @ts-ignore: decorator
@inline
function isGreatest(x: v128, y: v128): v128 {
  return v128.or(f32x4.eq(x, y), f32x4.ne(x, x));
}

function clearFloats(target: usize, count: u32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, zero());
    target += 16;
  }
  storeLanes(target, zero(), count);
}

/** Where the vector at channel c starts: the last one ends with the last channel, and does some lanes twice. */
// @ts-ignore: decorator
@inline
function vectorAt(c: u32, channels: u32): usize {
  return 4 * (channels >= 4 ? min(c, channels - 4) : 0);
}

/** dx of one window of a maximum; `rest` is what of dy has not found its place yet. */
// @ts-ignore: decorator
@inline
function scatterWindow(
  x: usize, y: usize, dy: usize, dx: usize, rows: u32, columns: u32, rowBytes: usize, pixelBytes: usize, channels: u32,
): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const offset = vectorAt(c, channels);
    const greatest = v128.load(y + offset);
    let rest = v128.load(dy + offset);
    let line = offset;
    for (let i = rows; i != 0; i--) {
      let at = line;
      for (let j = columns; j != 0; j--) {
        const hit = isGreatest(v128.load(x + at), greatest);
        storeLanes(dx + at, v128.and(rest, hit), channels);
        rest = v128.andnot(rest, hit);
        at += pixelBytes;
      }
      line += rowBytes;
    }
  }
}

/** The same for a 2 x 2 window, the common one. */
// @ts-ignore: decorator
@inline
function scatterSquare(
  x: usize, y: usize, dy: usize, dx: usize, rowBytes: usize, pixelBytes: usize, channels: u32,
): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const offset = vectorAt(c, channels);
    const greatest = v128.load(y + offset);
    let rest = v128.load(dy + offset);
    let from = x + offset;
    let to = dx + offset;
    let hit = isGreatest(v128.load(from), greatest);
    storeLanes(to, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    hit = isGreatest(v128.load(from + pixelBytes), greatest);
    storeLanes(to + pixelBytes, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    from += rowBytes;
    to += rowBytes;
    hit = isGreatest(v128.load(from), greatest);
    storeLanes(to, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    hit = isGreatest(v128.load(from + pixelBytes), greatest);
    storeLanes(to + pixelBytes, v128.and(rest, hit), channels);
  }
}

/** dx of one row of windows of a mean: each row of dx is written from left to right. */
function spreadRow(x: PoolGradientTiledArguments, dyRow: usize, dxRow: usize): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const scale = f32x4.splat(1 / <f32>(x.poolHeight * x.poolWidth));
  for (let i: u32 = 0; i < x.poolHeight; i++) {
    let dy = dyRow;
    let dx = dxRow + i * x.width * pixelBytes;
    for (let j: u32 = 0; j < x.outputWidth; j++) {
      for (let q: u32 = 0; q < x.poolWidth; q++) {
        for (let c: u32 = 0; c < channels; c += 4) {
          const offset = vectorAt(c, channels);
          storeLanes(dx + offset, f32x4.mul(v128.load(dy + offset), scale), channels);
        }
        dx += pixelBytes;
      }
      dy += pixelBytes;
    }
  }
}

/** dx of one row of windows of a maximum. */
function scatterRow(x: PoolGradientTiledArguments, from: usize, y: usize, dy: usize, dx: usize): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const rowBytes = pixelBytes * x.width;
  const poolWidth = x.poolWidth;
  const poolHeight = x.poolHeight;
  for (let j = x.outputWidth; j != 0; j--) {
    if (poolHeight == 2 && poolWidth == 2) {
      scatterSquare(from, y, dy, dx, rowBytes, pixelBytes, channels);
    } else {
      scatterWindow(from, y, dy, dx, poolHeight, poolWidth, rowBytes, pixelBytes, channels);
    }
    from += poolWidth * pixelBytes;
    dx += poolWidth * pixelBytes;
    y += pixelBytes;
    dy += pixelBytes;
  }
}

export function poolGradientTiled(x: PoolGradientTiledArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  const pixelBytes: usize = 4 * x.channels;
  const rowBytes = pixelBytes * x.width;
  const covered = x.outputWidth * x.poolWidth;
  for (let row = begin; row < end; row++) {
    const i = row % x.outputHeight;
    const line = ((row / x.outputHeight) * x.height + i * x.poolHeight) * rowBytes;
    const window = row * x.outputWidth * pixelBytes;
    const dx = x.dx + line;
    if (x.average) spreadRow(x, x.dy + window, dx);
    else scatterRow(x, x.x + line, x.y + window, x.dy + window, dx);
    if (covered < x.width) {
      for (let r: u32 = 0; r < x.poolHeight; r++) {
        clearFloats(dx + r * rowBytes + covered * pixelBytes, (x.width - covered) * x.channels);
      }
    }
    if (i + 1 == x.outputHeight) {
      const below = x.height - x.outputHeight * x.poolHeight;
      clearFloats(dx + x.poolHeight * rowBytes, below * x.width * x.channels);
    }
  }
}

/** Adds to dx what one window gives, at `at` bytes from the start of x and of dx. */
// @ts-ignore: decorator
@inline
function addWindow(
  average: bool, x: PoolGradientArguments, at: usize, window: usize, rows: u32, columns: u32, scale: v128,
): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const rowBytes = pixelBytes * x.width;
  for (let c: u32 = 0; c < channels; c += 4) {
    const greatest = average ? zero() : v128.load(x.y + window + 4 * c);
    let rest = v128.load(x.dy + window + 4 * c);
    if (average) rest = f32x4.mul(rest, scale);
    let line = at + 4 * c;
    for (let i = rows; i != 0; i--) {
      let pixel = line;
      for (let j = columns; j != 0; j--) {
        const dx = x.dx + pixel;
        if (average) {
          storeLanes(dx, f32x4.add(v128.load(dx), rest), channels - c);
        } else {
          const hit = isGreatest(v128.load(x.x + pixel), greatest);
          storeLanes(dx, f32x4.add(v128.load(dx), v128.and(rest, hit)), channels - c);
          rest = v128.andnot(rest, hit);
        }
        pixel += pixelBytes;
      }
      line += rowBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function addImage(average: bool, x: PoolGradientArguments, image: u32): void {
  const pixelBytes: usize = 4 * x.channels;
  const rowBytes = pixelBytes * x.width;
  const start = image * x.height * rowBytes;
  let window = image * x.outputHeight * x.outputWidth * pixelBytes;
  let scale = zero();
  clearFloats(x.dx + start, x.height * x.width * x.channels);
  for (let i: u32 = 0; i < x.outputHeight; i++) {
    const top = windowBegin(i, x.strideHeight, x.top);
    const rows = windowEnd(i, x.strideHeight, x.top, x.poolHeight, x.height) - top;
    const paddedRows = windowPadded(i, x.strideHeight, x.top, x.poolHeight, x.height, x.bottom);
    for (let j: u32 = 0; j < x.outputWidth; j++) {
      const left = windowBegin(j, x.strideWidth, x.left);
      const columns = windowEnd(j, x.strideWidth, x.left, x.poolWidth, x.width) - left;
      if (average) {
        const paddedColumns = windowPadded(j, x.strideWidth, x.left, x.poolWidth, x.width, x.right);
        const divisor = x.countPadding ? paddedRows * paddedColumns : rows * columns;
        scale = f32x4.splat(1 / <f32>divisor);
      }
      addWindow(average, x, start + top * rowBytes + left * pixelBytes, window, rows, columns, scale);
      window += pixelBytes;
    }
  }
}

export function poolGradient(x: PoolGradientArguments, chunk: u32): void {
  const begin = chunk * x.imagesPerChunk;
  const end = min(x.images, begin + x.imagesPerChunk);
  if (x.average) {
    for (let image = begin; image < end; image++) addImage(true, x, image);
  } else {
    for (let image = begin; image < end; image++) addImage(false, x, image);
  }
}
