// Pixels weighed and added up along both axes of an image:
//
//   y[n,i,j,c] = the sum over the taps (h, v) of row i and (w, u) of column j of v u x[n,h,w,c]
//
// The taps of an axis are two tables: where those of each position begin, one more at the end; and for each tap the
// position in the operand and its weight. Both sides are [N, H, W, C]. A chunk is `rowsPerChunk` of the N * toHeight rows
// of the result.
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

/** to = weight * from for the first tap of a pixel, to += weight * from for the others. */
// @ts-ignore: decorator
@inline
function addPixel(first: bool, from: usize, to: usize, channels: u32, weight: v128): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const value = v128.load(from + 4 * c);
    const sum = first ? f32x4.mul(value, weight) : multiplyAdd(value, weight, v128.load(to + 4 * c));
    storeLanes(to + 4 * c, sum, channels - c);
  }
}

function clearPixel(to: usize, channels: u32): void {
  for (let c: u32 = 0; c < channels; c += 4) storeLanes(to + 4 * c, zero(), channels - c);
}

function resampleRow(x: ResampleArguments, index: u32): void {
  const pixelBytes: usize = 4 * x.channels;
  const rowStart: usize = x.rowStarts + 4 * (index % x.toHeight);
  const rowBegin: usize = x.rowTaps + 8 * load<u32>(rowStart);
  const rowEnd: usize = x.rowTaps + 8 * load<u32>(rowStart, 4);
  const image = (index / x.toHeight) * x.fromHeight;
  let to: usize = x.to + index * x.toWidth * pixelBytes;
  for (let j: u32 = 0; j < x.toWidth; j++) {
    const columnStart: usize = x.columnStarts + 4 * j;
    const columnBegin: usize = x.columnTaps + 8 * load<u32>(columnStart);
    const columnEnd: usize = x.columnTaps + 8 * load<u32>(columnStart, 4);
    if (rowBegin == rowEnd || columnBegin == columnEnd) clearPixel(to, x.channels);
    for (let row = rowBegin; row < rowEnd; row += 8) {
      const line: usize = x.from + (image + load<u32>(row)) * x.fromWidth * pixelBytes;
      for (let column = columnBegin; column < columnEnd; column += 8) {
        const weight = f32x4.splat(load<f32>(row, 4) * load<f32>(column, 4));
        const first = row == rowBegin && column == columnBegin;
        addPixel(first, line + load<u32>(column) * pixelBytes, to, x.channels, weight);
      }
    }
    to += pixelBytes;
  }
}

export function resample(x: ResampleArguments, chunk: u32): void {
  const begin = chunk * x.rowsPerChunk;
  const end = min(x.rows, begin + x.rowsPerChunk);
  for (let row = begin; row < end; row++) resampleRow(x, row);
}
