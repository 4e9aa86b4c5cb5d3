// dx of the pools in pool.ts, [N, H, W, C] like x. A maximum sends its dy to the first greatest element of the window in
// row-major order (a NaN counts as the greatest, the first one first); a mean sends dy / divisor to each.
//
//   poolGradientTiled   windows touch and do not overlap, no padding: each element of dx is written once, and what no
//                       window covers is zero. A chunk is `rowsPerChunk` of the N * outputHeight rows of dy and what
//                       their windows cover.
//   poolGradient        any windows: dx is cleared, then added to, always in the order of the windows. A chunk is a band of
//                       `bandRows` rows of dx in one image; windows that reach into two bands are seen by both.
//
// `x` and `y` are read for the maximum only. With `rectify`, x came out of a rectifier and dx goes through its gradient at
// once: a window whose greatest element is not positive passes nothing on.
import { windowBegin, windowEnd, windowPadded } from "./pool";
import { clearFloats, isGreatest, passedOn, put, vectorAt } from "./pool-scatter";
import { multiplyAdd, storeLanes, zero } from "./vector";

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
  rectify: u32;
  rowsPerChunk: u32;
}

@unmanaged
export class PoolGradientArguments {
  x: u32;
  y: u32;
  dy: u32;
  dx: u32;
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
  rectify: u32;
  bandRows: u32;
}

/** dx of one window of a maximum; `rest` is what of dy has not found its place yet. */
// @ts-ignore: decorator
@inline
function scatterWindow(
  whole: bool, rectify: bool, x: usize, y: usize, dy: usize, dx: usize, rows: u32, columns: u32, rowBytes: usize, pixelBytes: usize,
  channels: u32,
): void {
  const toDx = dx - x;
  for (let c: u32 = 0; c < channels; c += 4) {
    const offset = vectorAt(whole, c, channels);
    const greatest = v128.load(y + offset);
    let rest = passedOn(rectify, dy + offset, greatest);
    let line = x + offset;
    for (let i = rows; i != 0; i--) {
      let at = line;
      for (let j = columns; j != 0; j--) {
        const hit = isGreatest(rectify, v128.load(at), greatest);
        put(whole, at + toDx, v128.and(rest, hit), channels);
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
  whole: bool, rectify: bool, x: usize, y: usize, dy: usize, dx: usize, rowBytes: usize, pixelBytes: usize, channels: u32,
): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const offset = vectorAt(whole, c, channels);
    const greatest = v128.load(y + offset);
    let rest = passedOn(rectify, dy + offset, greatest);
    let from = x + offset;
    let to = dx + offset;
    let hit = isGreatest(rectify, v128.load(from), greatest);
    put(whole, to, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    hit = isGreatest(rectify, v128.load(from + pixelBytes), greatest);
    put(whole, to + pixelBytes, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    from += rowBytes;
    to += rowBytes;
    hit = isGreatest(rectify, v128.load(from), greatest);
    put(whole, to, v128.and(rest, hit), channels);
    rest = v128.andnot(rest, hit);
    hit = isGreatest(rectify, v128.load(from + pixelBytes), greatest);
    put(whole, to + pixelBytes, v128.and(rest, hit), channels);
  }
}

/** dx of one row of windows of a maximum. */
// @ts-ignore: decorator
@inline
function scatterRow(
  whole: bool, rectify: bool, x: PoolGradientTiledArguments, from: usize, y: usize, dy: usize, dx: usize,
): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const rowBytes = pixelBytes * x.width;
  const poolWidth = x.poolWidth;
  const poolHeight = x.poolHeight;
  const windowBytes = poolWidth * pixelBytes;
  const isSquare = poolHeight == 2 && poolWidth == 2;
  for (let j = x.outputWidth; j != 0; j--) {
    if (isSquare) scatterSquare(whole, rectify, from, y, dy, dx, rowBytes, pixelBytes, channels);
    else scatterWindow(whole, rectify, from, y, dy, dx, poolHeight, poolWidth, rowBytes, pixelBytes, channels);
    from += windowBytes;
    dx += windowBytes;
    y += pixelBytes;
    dy += pixelBytes;
  }
}

function copyFloats(source: usize, target: usize, count: u32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, v128.load(source));
    source += 16;
    target += 16;
  }
  storeLanes(target, v128.load(source), count);
}

/** dx of one row of windows of a mean: the first row of dx, and copies of it. */
// @ts-ignore: decorator
@inline
function spreadRow(whole: bool, x: PoolGradientTiledArguments, dy: usize, dx: usize): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const rowBytes = pixelBytes * x.width;
  const poolWidth = x.poolWidth;
  const scale = f32x4.splat(1 / <f32>(x.poolHeight * poolWidth));
  let pixel = dx;
  for (let j = x.outputWidth; j != 0; j--) {
    for (let q = poolWidth; q != 0; q--) {
      for (let c: u32 = 0; c < channels; c += 4) {
        const offset = vectorAt(whole, c, channels);
        put(whole, pixel + offset, f32x4.mul(v128.load(dy + offset), scale), channels);
      }
      pixel += pixelBytes;
    }
    dy += pixelBytes;
  }
  const covered = x.outputWidth * poolWidth * channels;
  for (let i: u32 = 1; i < x.poolHeight; i++) copyFloats(dx, dx + i * rowBytes, covered);
}

export function poolGradientTiled(x: PoolGradientTiledArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  const pixelBytes: usize = 4 * x.channels;
  const rowBytes = pixelBytes * x.width;
  const covered = x.outputWidth * x.poolWidth;
  const whole = x.channels >= 4;
  for (let row = begin; row < end; row++) {
    const i = row % x.outputHeight;
    const line = ((row / x.outputHeight) * x.height + i * x.poolHeight) * rowBytes;
    const window = row * x.outputWidth * pixelBytes;
    const dx = x.dx + line;
    if (x.average) {
      if (whole) spreadRow(true, x, x.dy + window, dx);
      else spreadRow(false, x, x.dy + window, dx);
    } else {
      const from: usize = x.x + line;
      const y: usize = x.y + window;
      const dy: usize = x.dy + window;
      if (whole && x.rectify) scatterRow(true, true, x, from, y, dy, dx);
      else if (whole) scatterRow(true, false, x, from, y, dy, dx);
      else scatterRow(false, x.rectify != 0, x, from, y, dy, dx);
    }
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

/**
 * Adds dy to dx where x is the first greatest of its window, for `count` channels (4 if `whole`). The window's first `before`
 * rows belong to another chunk: they are only searched.
 */
// @ts-ignore: decorator
@inline
function addGreatest(
  whole: bool, rectify: bool, x: usize, y: usize, dy: usize, dx: usize, before: u32, rows: u32, columns: u32,
  rowBytes: usize, pixelBytes: usize, count: u32,
): void {
  const greatest = v128.load(y);
  const toDx = dx - x;
  let rest = passedOn(rectify, dy, greatest);
  for (let i = before; i != 0; i--) {
    let from = x;
    for (let j = columns; j != 0; j--) {
      rest = v128.andnot(rest, isGreatest(rectify, v128.load(from), greatest));
      from += pixelBytes;
    }
    x += rowBytes;
  }
  for (let i = rows; i != 0; i--) {
    let from = x;
    for (let j = columns; j != 0; j--) {
      const hit = isGreatest(rectify, v128.load(from), greatest);
      const to = from + toDx;
      put(whole, to, f32x4.add(v128.load(to), v128.and(rest, hit)), count);
      rest = v128.andnot(rest, hit);
      from += pixelBytes;
    }
    x += rowBytes;
  }
}

/** Adds to three pixels of a row what `rest` leaves for them; what is left behind them. */
// @ts-ignore: decorator
@inline
function addThree(rectify: bool, from: usize, to: usize, pixelBytes: usize, greatest: v128, rest: v128): v128 {
  let hit = isGreatest(rectify, v128.load(from), greatest);
  v128.store(to, f32x4.add(v128.load(to), v128.and(rest, hit)));
  let left = v128.andnot(rest, hit);
  hit = isGreatest(rectify, v128.load(from + pixelBytes), greatest);
  v128.store(to + pixelBytes, f32x4.add(v128.load(to + pixelBytes), v128.and(left, hit)));
  left = v128.andnot(left, hit);
  from += 2 * pixelBytes;
  to += 2 * pixelBytes;
  hit = isGreatest(rectify, v128.load(from), greatest);
  v128.store(to, f32x4.add(v128.load(to), v128.and(left, hit)));
  return v128.andnot(left, hit);
}

/** `addGreatest` for a whole 3 x 3 window, the common one, and four channels. */
// @ts-ignore: decorator
@inline
function addGreatestSquare(
  rectify: bool, x: usize, y: usize, dy: usize, dx: usize, rowBytes: usize, pixelBytes: usize,
): void {
  const greatest = v128.load(y);
  let rest = passedOn(rectify, dy, greatest);
  rest = addThree(rectify, x, dx, pixelBytes, greatest, rest);
  rest = addThree(rectify, x + rowBytes, dx + rowBytes, pixelBytes, greatest, rest);
  addThree(rectify, x + 2 * rowBytes, dx + 2 * rowBytes, pixelBytes, greatest, rest);
}

/** Adds to dx what one window of a maximum gives. */
// @ts-ignore: decorator
@inline
function addGreatestWindow(
  rectify: bool, x: usize, y: usize, dy: usize, dx: usize, before: u32, rows: u32, columns: u32, rowBytes: usize,
  pixelBytes: usize, channels: u32,
): void {
  let c: u32 = 0;
  if (before == 0 && rows == 3 && columns == 3) {
    for (; c + 4 <= channels; c += 4) {
      addGreatestSquare(rectify, x, y, dy, dx, rowBytes, pixelBytes);
      x += 16;
      y += 16;
      dy += 16;
      dx += 16;
    }
  }
  for (; c + 4 <= channels; c += 4) {
    addGreatest(true, rectify, x, y, dy, dx, before, rows, columns, rowBytes, pixelBytes, 4);
    x += 16;
    y += 16;
    dy += 16;
    dx += 16;
  }
  if (c < channels) {
    addGreatest(false, rectify, x, y, dy, dx, before, rows, columns, rowBytes, pixelBytes, channels - c);
  }
}

/** Adds to dx what one window of a mean gives. */
// @ts-ignore: decorator
@inline
function addMeanWindow(
  dy: usize, dx: usize, rows: u32, columns: u32, rowBytes: usize, pixelBytes: usize, channels: u32, scale: v128,
): void {
  for (let i = rows; i != 0; i--) {
    let to = dx;
    for (let j = columns; j != 0; j--) {
      let c: u32 = 0;
      for (; c + 4 <= channels; c += 4) {
        const at = to + 4 * c;
        v128.store(at, multiplyAdd(v128.load(dy + 4 * c), scale, v128.load(at)));
      }
      if (c < channels) {
        const at = to + 4 * c;
        storeLanes(at, multiplyAdd(v128.load(dy + 4 * c), scale, v128.load(at)), channels - c);
      }
      to += pixelBytes;
    }
    dx += rowBytes;
  }
}

/** First window over one axis that reaches position `at` of the input or one behind it. */
// @ts-ignore: decorator
@inline
function firstWindowAt(at: u32, stride: u32, before: u32, size: u32): u32 {
  const reach = at + before + 1;
  return reach <= size ? 0 : (reach - size + stride - 1) / stride;
}

/** A band of rows [begin, end) of dx. */
// @ts-ignore: decorator
@inline
function addBand(average: bool, rectify: bool, x: PoolGradientArguments, image: u32, begin: u32, end: u32): void {
  const channels = x.channels;
  const pixelBytes: usize = 4 * channels;
  const width = x.width;
  const rowBytes = pixelBytes * width;
  const start = image * x.height * rowBytes;
  const outputWidth = x.outputWidth;
  const stride = x.strideWidth;
  const size = x.poolWidth;
  const left = x.left;
  const right = x.right;
  const countPadding = x.countPadding != 0;
  clearFloats(x.dx + start + begin * rowBytes, (end - begin) * width * channels);
  for (let i = firstWindowAt(begin, x.strideHeight, x.top, x.poolHeight); i < x.outputHeight; i++) {
    const top = windowBegin(i, x.strideHeight, x.top);
    if (top >= end) return;
    const bottom = windowEnd(i, x.strideHeight, x.top, x.poolHeight, x.height);
    const before = begin > top ? begin - top : 0;
    const rows = min(bottom, end) - top - before;
    const paddedRows = windowPadded(i, x.strideHeight, x.top, x.poolHeight, x.height, x.bottom);
    const windows = (image * x.outputHeight + i) * outputWidth * pixelBytes;
    const line = start + top * rowBytes;
    const from = x.x + line;
    const to = x.dx + line;
    let y = x.y + windows;
    let dy = x.dy + windows;
    for (let j: u32 = 0; j < outputWidth; j++) {
      const first = windowBegin(j, stride, left);
      const columns = windowEnd(j, stride, left, size, width) - first;
      const at = first * pixelBytes;
      if (average) {
        const padded = paddedRows * windowPadded(j, stride, left, size, width, right);
        const divisor = countPadding ? padded : (bottom - top) * columns;
        const scale = f32x4.splat(1 / <f32>divisor);
        addMeanWindow(dy, to + at + before * rowBytes, rows, columns, rowBytes, pixelBytes, channels, scale);
      } else {
        addGreatestWindow(
          rectify, from + at, y, dy, to + at, before, rows, columns, rowBytes, pixelBytes, channels,
        );
        y += pixelBytes;
      }
      dy += pixelBytes;
    }
  }
}

export function poolGradient(x: PoolGradientArguments, chunk: u32): void {
  const bands = (x.height + x.bandRows - 1) / x.bandRows;
  const begin = (chunk % bands) * x.bandRows;
  const end = min(x.height, begin + x.bandRows);
  const image = chunk / bands;
  if (x.average) addBand(true, false, x, image, begin, end);
  else if (x.rectify) addBand(false, true, x, image, begin, end);
  else addBand(false, false, x, image, begin, end);
}
