// Pixels weighed and added up along both axes of an image:
//
//   y[n,i,j,c] = the sum over the taps (h, v) of row i and (w, u) of column j of v u x[n,h,w,c]
//
// The taps of an axis are two tables: where those of each position begin, one more at the end; and for each tap the
// position in the operand and its weight. Both sides are [N, H, W, C]. A chunk is `rowsPerChunk` of the N * toHeight rows
// of the result.
import { scratch } from "./tile";
import { multiplyAdd, storeLanes, zero } from "./vector";

@unmanaged
export class ResampleArguments {
  from: u32;
  to: u32;
  rowStarts: u32;
  rowTaps: u32;
  columnStarts: u32;
  columnTaps: u32;
  /** Rows of the result in all images together. */
  rows: u32;
  fromHeight: u32;
  fromWidth: u32;
  toHeight: u32;
  toWidth: u32;
  channels: u32;
  rowsPerChunk: u32;
}

/** The taps of the pixel at work, in scratch: address and weight of each. */
// @ts-ignore: decorator
@inline
function listTaps(
  image: usize, lineBytes: usize, pixelBytes: usize, row: usize, rowEnd: usize, column: usize, columnEnd: usize,
): u32 {
  let at = scratch;
  for (; row < rowEnd; row += 8) {
    const from = image + load<u32>(row) * lineBytes;
    for (let tap = column; tap < columnEnd; tap += 8) {
      store<u32>(at, from + load<u32>(tap) * pixelBytes);
      store<f32>(at, load<f32>(row, 4) * load<f32>(tap, 4), 4);
      at += 8;
    }
  }
  return (at - scratch) >> 3;
}

/** A pixel of one tap. */
function scalePixel(to: usize, channels: u32): void {
  const from: usize = load<u32>(scratch);
  const weight = v128.load32_splat(scratch, 4);
  for (let c: u32 = 0; c < channels; c += 4) {
    storeLanes(to + 4 * c, f32x4.mul(v128.load(from + 4 * c), weight), channels - c);
  }
}

/** A pixel of four taps, as linear interpolation has. */
function blendPixel(to: usize, channels: u32): void {
  const from0: usize = load<u32>(scratch);
  const from1: usize = load<u32>(scratch, 8);
  const from2: usize = load<u32>(scratch, 16);
  const from3: usize = load<u32>(scratch, 24);
  const weight0 = v128.load32_splat(scratch, 4);
  const weight1 = v128.load32_splat(scratch, 12);
  const weight2 = v128.load32_splat(scratch, 20);
  const weight3 = v128.load32_splat(scratch, 28);
  for (let c: u32 = 0; c < channels; c += 4) {
    let sum = f32x4.mul(v128.load(from0 + 4 * c), weight0);
    sum = multiplyAdd(v128.load(from1 + 4 * c), weight1, sum);
    sum = multiplyAdd(v128.load(from2 + 4 * c), weight2, sum);
    sum = multiplyAdd(v128.load(from3 + 4 * c), weight3, sum);
    storeLanes(to + 4 * c, sum, channels - c);
  }
}

/** A pixel of any number of taps; of none, it is zero. */
function addPixels(taps: u32, to: usize, channels: u32): void {
  const end = scratch + 8 * taps;
  for (let c: u32 = 0; c < channels; c += 4) {
    let sum = zero();
    for (let at = scratch; at < end; at += 8) {
      sum = multiplyAdd(v128.load(<usize>load<u32>(at) + 4 * c), v128.load32_splat(at, 4), sum);
    }
    storeLanes(to + 4 * c, sum, channels - c);
  }
}

function resampleRow(x: ResampleArguments, index: u32): void {
  const pixelBytes: usize = 4 * x.channels;
  const lineBytes: usize = x.fromWidth * pixelBytes;
  const rowStart: usize = x.rowStarts + 4 * (index % x.toHeight);
  const rowBegin: usize = x.rowTaps + 8 * load<u32>(rowStart);
  const rowEnd: usize = x.rowTaps + 8 * load<u32>(rowStart, 4);
  const image: usize = x.from + (index / x.toHeight) * x.fromHeight * lineBytes;
  let to: usize = x.to + index * x.toWidth * pixelBytes;
  for (let j: u32 = 0; j < x.toWidth; j++) {
    const columnStart: usize = x.columnStarts + 4 * j;
    const columnBegin: usize = x.columnTaps + 8 * load<u32>(columnStart);
    const columnEnd: usize = x.columnTaps + 8 * load<u32>(columnStart, 4);
    const taps = listTaps(image, lineBytes, pixelBytes, rowBegin, rowEnd, columnBegin, columnEnd);
    if (taps == 1) scalePixel(to, x.channels);
    else if (taps == 4) blendPixel(to, x.channels);
    else addPixels(taps, to, x.channels);
    to += pixelBytes;
  }
}

export function resample(x: ResampleArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  for (let row = begin; row < end; row++) resampleRow(x, row);
}
