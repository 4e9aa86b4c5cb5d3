// Images by index, each changed as its record says (src/ops/warp-record.ts): y[n] = scale * warp(images[row]) + offset.
//
//   geometry   the value at (a j + b i + c, d j + e i + f) of the image, by bilinear interpolation; `fill` is outside
//   colour     A x + B m + b, limited to [0, 255], with the means m of the image's channels: 1 or 3 channels
//   box        what lies in it is covered
//
// Images are uint8 [M, H, W, C], records float32 [N, 32], y float32 [N, h, w, C]. An index that is none of the dataset's
// reads no memory: its image is NaN. A chunk is `perChunk` images. Three channels are the lanes of a vector; images that
// are only moved by whole pixels or mirrored are converted and not interpolated.
import { convert, convertLow, fill } from "./data";
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class WarpImagesArguments {
  images: u32;
  indices: u32;
  records: u32;
  y: u32;
  /** Images in the dataset, and in the batch. */
  rows: u32;
  count: u32;
  height: u32;
  width: u32;
  channels: u32;
  outputHeight: u32;
  outputWidth: u32;
  scale: f32;
  offset: f32;
  fill: f32;
  perChunk: u32;
}

@unmanaged
export class MixExamplesArguments {
  x: u32;
  partners: u32;
  shares: u32;
  y: u32;
  count: u32;
  /** Floats of an example. */
  size: u32;
}

/** A record's parts, in bytes. */
const COLOUR: usize = 24;
const MEAN: usize = 60;
const BIAS: usize = 96;
const BOX: usize = 108;
const COVER: usize = 124;
const RECORD: usize = 128;

/** What a pixel of three channels goes through: columns of A, and B m + b. */
let red: v128 = zero();
let green: v128 = zero();
let blue: v128 = zero();
let bias: v128 = zero();
/** Whether colours change. */
let coloured: bool = false;
/** The mean of each channel, where it is asked for. */
let means: v128 = zero();

/** Three floats as lanes; the fourth is 0. */
// @ts-ignore: decorator
@inline
function triple(at: usize, step: usize): v128 {
  return f32x4(load<f32>(at), load<f32>(at + step), load<f32>(at + 2 * step), 0);
}

/** Whether the record has a colour map, and whether it or the box's cover depends on the image's mean. */
function needsMean(record: usize): bool {
  let any = load<f32>(record, COVER) < 0;
  for (let k: usize = 0; k < 9; k++) any = any || load<f32>(record + MEAN + 4 * k) != 0;
  return any;
}

function changesColour(record: usize): bool {
  let any = false;
  for (let k: usize = 0; k < 9; k++) {
    any = any || load<f32>(record + COLOUR + 4 * k) != <f32>(k % 4 == 0 ? 1 : 0);
    any = any || load<f32>(record + MEAN + 4 * k) != 0;
  }
  for (let k: usize = 0; k < 3; k++) any = any || load<f32>(record + BIAS + 4 * k) != 0;
  return any;
}

/** The mean of each of three channels, or of one. */
function meansOf(image: usize, pixels: u32, channels: u32): v128 {
  if (channels != 3) return f32x4.replace_lane(zero(), 0, meanOf(image, pixels, channels));
  // Whole numbers, so the order of the sums does not matter.
  let sums = i32x4.splat(0);
  for (let k: u32 = 0; k < pixels; k++) {
    const bytes = v128.load32_zero(image + 3 * k);
    sums = i32x4.add(sums, i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
  }
  return f32x4.div(f32x4.convert_i32x4_u(sums), f32x4.splat(<f32>pixels));
}

/** The mean of every `channels`-th byte. */
function meanOf(first: usize, pixels: u32, channels: u32): f32 {
  let sum: u32 = 0;
  for (let k: u32 = 0; k < pixels; k++) sum += load<u8>(first + channels * k);
  return <f32>sum / <f32>pixels;
}

/** Reads the colour map into the globals: columns of A, and B m + b. */
function readColours(record: usize): void {
  red = triple(record + COLOUR, 12);
  green = triple(record + COLOUR + 4, 12);
  blue = triple(record + COLOUR + 8, 12);
  bias = v128.load(record, BIAS);
  bias = multiplyAdd(triple(record + MEAN, 12), v128.shuffle<i32>(means, means, 0, 0, 0, 0), bias);
  bias = multiplyAdd(triple(record + MEAN + 4, 12), v128.shuffle<i32>(means, means, 1, 1, 1, 1), bias);
  bias = multiplyAdd(triple(record + MEAN + 8, 12), v128.shuffle<i32>(means, means, 2, 2, 2, 2), bias);
}

/**
 * A x + B m + b within [0, 255]. pmin and pmax are one instruction each; min and max are a dozen on x86, some of which
 * work on bits that the processor takes for denormals, at ten times the time of everything else here.
 */
// @ts-ignore: decorator
@inline
function recolour(pixel: v128): v128 {
  let mapped = multiplyAdd(red, v128.shuffle<i32>(pixel, pixel, 0, 0, 0, 0), bias);
  mapped = multiplyAdd(green, v128.shuffle<i32>(pixel, pixel, 1, 1, 1, 1), mapped);
  mapped = multiplyAdd(blue, v128.shuffle<i32>(pixel, pixel, 2, 2, 2, 2), mapped);
  return f32x4.pmin(f32x4.splat(255), f32x4.pmax(zero(), mapped));
}

/** Three bytes as floats; the fourth lane is what lies behind them. */
// @ts-ignore: decorator
@inline
function loadPixel(at: usize): v128 {
  return convertLow(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

// @ts-ignore: decorator
@inline
function finish(pixel: v128, scale: v128, offset: v128): v128 {
  return multiplyAdd(coloured ? recolour(pixel) : pixel, scale, offset);
}

/** a + share (b - a). */
// @ts-ignore: decorator
@inline
function between(a: v128, b: v128, share: v128): v128 {
  return multiplyAdd(share, f32x4.sub(b, a), a);
}

/** Channel `c` at a whole position, or `fill` outside. */
// @ts-ignore: decorator
@inline
function tap(x: WarpImagesArguments, image: usize, row: i32, column: i32, c: u32): f32 {
  if (<u32>row >= x.height || <u32>column >= x.width) return x.fill;
  return <f32>load<u8>(image + (<u32>row * x.width + <u32>column) * x.channels + c);
}

/** Channel `c` at a point that at least one pixel is near, as everywhere below: so it lies within reach of i32. */
function sample(x: WarpImagesArguments, image: usize, column: f32, row: f32, c: u32): f32 {
  const left = Mathf.floor(column);
  const top = Mathf.floor(row);
  const i = <i32>top;
  const j = <i32>left;
  const across = column - left;
  const upper = tap(x, image, i, j, c);
  const lower = tap(x, image, i + 1, j, c);
  const above = upper + across * (tap(x, image, i, j + 1, c) - upper);
  const below = lower + across * (tap(x, image, i + 1, j + 1, c) - lower);
  return above + (row - top) * (below - above);
}

/** Any affine map of images with three channels. */
function warpTriples(x: WarpImagesArguments, image: usize, record: usize, y: usize): void {
  const a = load<f32>(record);
  const d = load<f32>(record, 12);
  const scale = f32x4.splat(x.scale);
  const offset = f32x4.splat(x.offset);
  const rightmost = <f32>x.width - 1;
  const lowest = <f32>x.height - 1;
  const stride = 3 * x.width;
  const outside = finish(f32x4.splat(x.fill), scale, offset);
  for (let i: u32 = 0; i < x.outputHeight; i++) {
    const columnBegin = load<f32>(record, 4) * <f32>i + load<f32>(record, 8);
    const rowBegin = load<f32>(record, 16) * <f32>i + load<f32>(record, 20);
    for (let j: u32 = 0; j < x.outputWidth; j++) {
      const column = a * <f32>j + columnBegin;
      const row = d * <f32>j + rowBegin;
      let pixel = outside;
      if (column >= 0 && column < rightmost && row >= 0 && row < lowest) {
        // All four pixels are there; two are neighbours in memory.
        const left = <i32>column;
        const top = <i32>row;
        const upper = image + top * stride + 3 * left;
        const across = f32x4.splat(column - <f32>left);
        const above = between(loadPixel(upper), loadPixel(upper + 3), across);
        const below = between(loadPixel(upper + stride), loadPixel(upper + stride + 3), across);
        pixel = finish(between(above, below, f32x4.splat(row - <f32>top)), scale, offset);
      } else if (column > -1 && column < rightmost + 1 && row > -1 && row < lowest + 1) {
        pixel = f32x4(
          sample(x, image, column, row, 0),
          sample(x, image, column, row, 1),
          sample(x, image, column, row, 2),
          0,
        );
        pixel = finish(pixel, scale, offset);
      }
      v128.store64_lane(y, pixel, 0);
      v128.store32_lane(y, pixel, 2, 8);
      y += 12;
    }
  }
}

/** Any affine map of images with other than three channels; colours change where there is one. */
function warpOthers(x: WarpImagesArguments, image: usize, record: usize, y: usize): void {
  const outside = recolourOne(x, x.fill);
  for (let i: u32 = 0; i < x.outputHeight; i++) {
    for (let j: u32 = 0; j < x.outputWidth; j++) {
      const column = load<f32>(record) * <f32>j + (load<f32>(record, 4) * <f32>i + load<f32>(record, 8));
      const row = load<f32>(record, 12) * <f32>j + (load<f32>(record, 16) * <f32>i + load<f32>(record, 20));
      const near = column > -1 && column < <f32>x.width && row > -1 && row < <f32>x.height;
      for (let c: u32 = 0; c < x.channels; c++) {
        store<f32>(y, near ? recolourOne(x, sample(x, image, column, row, c)) : outside);
        y += 4;
      }
    }
  }
}

/** The colour map of one channel, and the batch's scale and offset. */
// @ts-ignore: decorator
@inline
function recolourOne(x: WarpImagesArguments, value: f32): f32 {
  if (coloured) {
    value = f32x4.extract_lane(red, 0) * value + f32x4.extract_lane(bias, 0);
    value = min(max(value, 0), 255);
  }
  return x.scale * value + x.offset;
}

/** Whole pixels: y[i, j] = image[i + down, j + right], or image[i + down, right - j] where mirrored. */
function moveWhole(x: WarpImagesArguments, image: usize, y: usize, right: i32, down: i32, mirrored: bool): void {
  const scale = f32x4.splat(x.scale);
  const offset = f32x4.splat(x.offset);
  const outside = f32x4.splat(x.scale * x.fill + x.offset);
  const channels = x.channels;
  const width = <i32>x.width;
  const outputWidth = <i32>x.outputWidth;
  // Columns of y that lie in the image: begin to end - 1.
  const begin = min(max(mirrored ? right - width + 1 : -right, 0), outputWidth);
  const end = max(min(mirrored ? right + 1 : width - right, outputWidth), begin);
  for (let i: i32 = 0; i < <i32>x.outputHeight; i++) {
    const row = i + down;
    const line: usize = y + 4 * i * outputWidth * channels;
    if (<u32>row >= x.height || begin == end) {
      fill(line, outputWidth * channels, outside);
      continue;
    }
    const source = image + row * width * channels;
    fill(line, begin * channels, outside);
    if (mirrored) mirrorRow(source, line, right, begin, end, channels, scale, offset);
    else convert(source + (begin + right) * channels, line + 4 * begin * channels, (end - begin) * channels, scale, offset);
    fill(line + 4 * end * channels, (outputWidth - end) * channels, outside);
  }
}

/** Pixels `begin` to `end - 1` of a row that runs backwards from column `right`. */
// @ts-ignore: decorator
@inline
function mirrorRow(
  source: usize,
  line: usize,
  right: i32,
  begin: i32,
  end: i32,
  channels: u32,
  scale: v128,
  offset: v128,
): void {
  if (channels <= 4) {
    for (let j = begin; j < end; j++) {
      storeLanes(line + 4 * j * channels, multiplyAdd(loadPixel(source + (right - j) * channels), scale, offset), channels);
    }
    return;
  }
  for (let j = begin; j < end; j++) {
    convert(source + (right - j) * channels, line + 4 * j * channels, channels, scale, offset);
  }
}

/** Whether a number is a whole one that an image can be moved by. */
// @ts-ignore: decorator
@inline
function isWhole(value: f32): bool {
  return Mathf.floor(value) == value && Mathf.abs(value) < 1048576;
}

/** Covers the box, as far as it lies in the image. */
function coverBox(x: WarpImagesArguments, image: usize, record: usize, y: usize): void {
  const bottom = <i32>min(max(load<f32>(record, BOX + 8), 0), <f32>x.outputHeight);
  const rightEnd = <i32>min(max(load<f32>(record, BOX + 12), 0), <f32>x.outputWidth);
  const top = <i32>max(load<f32>(record, BOX), 0);
  const left = <i32>max(load<f32>(record, BOX + 4), 0);
  if (top >= bottom || left >= rightEnd) return;
  const scale = f32x4.splat(x.scale);
  const offset = f32x4.splat(x.offset);
  const cover = load<f32>(record, COVER);
  const channels = x.channels;
  for (let i = top; i < bottom; i++) {
    let at: usize = y + 4 * (i * x.outputWidth + left) * channels;
    if (cover >= 0) {
      fill(at, (rightEnd - left) * channels, multiplyAdd(f32x4.splat(cover), scale, offset));
      continue;
    }
    if (channels == 3) {
      const pixel = finish(means, scale, offset);
      for (let j = left; j < rightEnd; j++) {
        storeLanes(at, pixel, 3);
        at += 12;
      }
      continue;
    }
    for (let c: u32 = 0; c < channels; c++) {
      const value = recolourOne(x, meanOf(image + c, x.height * x.width, channels));
      for (let j = left; j < rightEnd; j++) store<f32>(at + 4 * ((j - left) * channels + c), value);
    }
  }
}

function warpImage(x: WarpImagesArguments, image: usize, record: usize, y: usize): void {
  const channels = x.channels;
  coloured = (channels == 1 || channels == 3) && changesColour(record);
  if (needsMean(record)) means = meansOf(image, x.height * x.width, channels);
  if (coloured) readColours(record);
  const a = load<f32>(record);
  const right = load<f32>(record, 8);
  const down = load<f32>(record, 20);
  const upright = load<f32>(record, 4) == 0 && load<f32>(record, 12) == 0 && load<f32>(record, 16) == 1;
  if (!coloured && upright && (a == 1 || a == -1) && isWhole(right) && isWhole(down)) {
    moveWhole(x, image, y, <i32>right, <i32>down, a < 0);
  } else if (channels == 3) warpTriples(x, image, record, y);
  else warpOthers(x, image, record, y);
  coverBox(x, image, record, y);
}

export function warpImages(x: WarpImagesArguments, chunk: u32): void {
  const begin = chunk * x.perChunk;
  const end = min(x.count, begin + x.perChunk);
  const size = x.outputHeight * x.outputWidth * x.channels;
  for (let n = begin; n < end; n++) {
    const row = load<u32>(x.indices + 4 * n);
    const y: usize = x.y + 4 * n * size;
    if (row >= x.rows) fill(y, size, f32x4.splat(NaN));
    else warpImage(x, x.images + row * (x.height * x.width * x.channels), x.records + n * RECORD, y);
  }
}

/** y[n] = shares[n] x[n] + (1 - shares[n]) x[partners[n]], or NaN for a partner outside the batch. A chunk is an example. */
export function mixExamples(x: MixExamplesArguments, chunk: u32): void {
  const partner = load<u32>(x.partners + 4 * chunk);
  const size = x.size;
  let y: usize = x.y + 4 * chunk * size;
  if (partner >= x.count) {
    fill(y, size, f32x4.splat(NaN));
    return;
  }
  const share = load<f32>(x.shares + 4 * chunk);
  const own = f32x4.splat(share);
  const others = f32x4.splat(1 - share);
  let from: usize = x.x + 4 * chunk * size;
  let other: usize = x.x + 4 * partner * size;
  for (let count = size; count > 0; count -= min<u32>(count, 4)) {
    storeLanes(y, multiplyAdd(own, v128.load(from), f32x4.mul(others, v128.load(other))), count);
    y += 16;
    from += 16;
    other += 16;
  }
}
