// Examples out of a dataset that lies in memory.
//
//   loadImages   y[n, i, j] = scale * images[row, i - dy, j - dx] + offset with row = indices[n], where the pixel is 0
//                outside the image; (dx, dy) is drawn from the step's key and `row` (threefry2x32(key, row, 0)), each
//                uniform on [-shift, shift]: the high word of word * (2 shift + 1), less shift
//   loadRows     y[n] = values[indices[n]]
//   loadLabels   y[n] = labels[indices[n]]
//
// Images are uint8 [M, H, W, C], y is float32 [N, H, W, C]; values are float32 [M, rowSize], y too; labels and indices are
// int32. An index that is not one of the dataset's reads no memory: its image or row is NaN and its label -1. A chunk is
// `perChunk` examples.
import { threefryLanes, words0, words1 } from "./threefry";
import { multiplyAdd, storeLanes } from "./vector";

@unmanaged
export class LoadImagesArguments {
  images: u32;
  indices: u32;
  key: u32;
  y: u32;
  /** Examples in the dataset, and in the batch. */
  rows: u32;
  count: u32;
  height: u32;
  width: u32;
  channels: u32;
  shift: u32;
  scale: f32;
  offset: f32;
  perChunk: u32;
}

@unmanaged
export class LoadRowsArguments {
  values: u32;
  indices: u32;
  y: u32;
  /** Examples in the dataset, and in the batch. */
  rows: u32;
  count: u32;
  /** Floats of an example. */
  rowSize: u32;
  perChunk: u32;
}

@unmanaged
export class LoadLabelsArguments {
  labels: u32;
  indices: u32;
  y: u32;
  rows: u32;
  count: u32;
  perChunk: u32;
}

/** The lower four of eight 16-bit pixels as floats. Signed conversion: it is one instruction, and pixels are small. */
// @ts-ignore: decorator
@inline
export function convertLow(pixels: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(pixels));
}

/** The upper four. */
// @ts-ignore: decorator
@inline
function convertHigh(pixels: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(pixels));
}

/** y[i] = scale * source[i] + offset for `count` bytes. Reads up to 15 bytes beyond the last. */
export function convert(source: usize, y: usize, count: u32, scale: v128, offset: v128): void {
  while (count >= 16) {
    const bytes = v128.load(source);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    v128.store(y, multiplyAdd(convertLow(low), scale, offset));
    v128.store(y, multiplyAdd(convertHigh(low), scale, offset), 16);
    v128.store(y, multiplyAdd(convertLow(high), scale, offset), 32);
    v128.store(y, multiplyAdd(convertHigh(high), scale, offset), 48);
    source += 16;
    y += 64;
    count -= 16;
  }
  while (count > 0) {
    const pixels = i16x8.extend_low_i8x16_u(v128.load32_zero(source));
    const lanes = min<u32>(count, 4);
    storeLanes(y, multiplyAdd(convertLow(pixels), scale, offset), lanes);
    source += 4;
    y += 16;
    count -= lanes;
  }
}

export function fill(y: usize, count: u32, value: v128): void {
  for (; count >= 4; count -= 4) {
    v128.store(y, value);
    y += 16;
  }
  storeLanes(y, value, count);
}

/** Rows and columns that come from outside the image are what a zero pixel gives: `offset`. */
function convertMoved(x: LoadImagesArguments, image: usize, y: usize, dx: i32, dy: i32): void {
  const scale = f32x4.splat(x.scale);
  const offset = f32x4.splat(x.offset);
  const height = <i32>x.height;
  const rowCount = x.width * x.channels;
  // Elements of a row of y that lie left of, in and right of the moved image.
  const left = min(<u32>max(dx, 0), x.width) * x.channels;
  const right = min(<u32>max(-dx, 0), x.width) * x.channels;
  const inside = rowCount - left - right;
  for (let i: i32 = 0; i < height; i++) {
    const from = i - dy;
    if (from < 0 || from >= height || inside == 0) {
      fill(y, rowCount, offset);
    } else {
      fill(y, left, offset);
      convert(image + <u32>from * rowCount + right, y + 4 * left, inside, scale, offset);
      fill(y + 4 * (left + inside), right, offset);
    }
    y += 4 * rowCount;
  }
}

/** A whole number in [-shift, shift] from 32 random bits. */
function draw(bits: u32, shift: u32): i32 {
  return <i32>((<u64>bits * (2 * shift + 1)) >> 32) - <i32>shift;
}

export function loadImages(x: LoadImagesArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const imageCount = x.height * x.width * x.channels;
  const scale = f32x4.splat(x.scale);
  const offset = f32x4.splat(x.offset);
  for (let n = begin; n < end; n++) {
    const row = load<u32>(x.indices + 4 * n);
    const y: usize = x.y + 4 * n * imageCount;
    const image: usize = x.images + row * imageCount;
    if (row >= x.rows) {
      fill(y, imageCount, f32x4.splat(NaN));
    } else if (x.shift == 0) {
      convert(image, y, imageCount, scale, offset);
    } else {
      // Of the four counters from `row` only the first is wanted.
      threefryLanes(load<u32>(x.key), load<u32>(x.key, 4), row, 0);
      const dx = draw(i32x4.extract_lane(words0, 0), x.shift);
      const dy = draw(i32x4.extract_lane(words1, 0), x.shift);
      convertMoved(x, image, y, dx, dy);
    }
  }
}

export function loadRows(x: LoadRowsArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const bytes = 4 * x.rowSize;
  for (let n = begin; n < end; n++) {
    const row = load<u32>(x.indices + 4 * n);
    const y: usize = x.y + n * bytes;
    if (row < x.rows) memory.copy(y, x.values + row * bytes, bytes);
    else fill(y, x.rowSize, f32x4.splat(NaN));
  }
}

export function loadLabels(x: LoadLabelsArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  for (let n = begin; n < end; n++) {
    const row = load<u32>(x.indices + 4 * n);
    store<i32>(x.y + 4 * n, row < x.rows ? load<i32>(x.labels + 4 * row) : -1);
  }
}
