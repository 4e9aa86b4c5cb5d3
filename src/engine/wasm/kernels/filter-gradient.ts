// dFilter[k, o] = sum over images n and output pixels p of x[n, at(p) + offset(k)] dy[n, p, o]: a product of the
// transposed patches [K, pixels] with dy [pixels, O], NHWC. It reads the window through the same two tables as the
// convolution, with their roles exchanged: a tile's rows are k, and what it sums over are pixels. The band's dy is packed
// into panels [pixels][TILE_COLUMNS] for it, unless k is short.
//
// A part is a stretch of the bands of all images, summed into its own copy of the gradient; `sumParts` adds the parts in
// order. Parts follow from the shape, so the sum does not depend on the number of threads. A chunk is a part and a stretch
// of each group's output channels.
import { pointRows } from "./convolution";
import { ROW_TILE, TILE_COLUMNS, tilePatches } from "./generated/tiles";
import { packRows } from "./pack";
import { rowPointers, scratch } from "./tile";
import { zero } from "./vector";
import { openWindow, Walk } from "./window";

/** Rows of k for which dy is read where it lies: with few tiles, packing it costs more than they gain. */
const MOST_UNPACKED: u32 = 36;

@unmanaged
export class FilterGradientArguments {
  x: u32;
  dy: u32;
  /** [parts, K, outputChannels]. */
  partial: u32;
  /** A `Walk`. */
  walk: u32;
  images: u32;
  parts: u32;
  /** Output rows that are worked on at a time. */
  bandRows: u32;
  /** Byte offset of each pixel of a band from the window's start. */
  pixelOffsets: u32;
  /** Byte offset of each k from a pixel's place there. */
  offsets: u32;
  k: u32;
  /** Output channels of a group in a chunk; a multiple of TILE_COLUMNS where they are not all. */
  columns: u32;
  /** Bytes that the window takes in scratch; the panels of dy come behind it. */
  windowBytes: u32;
}

export function filterGradient(f: FilterGradientArguments, chunk: u32): void {
  const walk = changetype<Walk>(f.walk);
  const shares = (walk.groupOutput + f.columns - 1) / f.columns;
  const column = (chunk % shares) * f.columns;
  const columns = min(f.columns, walk.groupOutput - column);
  const part = chunk / shares;
  const bands = (walk.outputHeight + f.bandRows - 1) / f.bandRows;
  const begin = <u32>((<u64>f.images * bands * part) / f.parts);
  const end = <u32>((<u64>f.images * bands * (part + 1)) / f.parts);
  const stride = 4 * walk.outputChannels;
  const target = f.partial + part * f.k * stride;
  const imageBytes = 4 * walk.inputHeight * walk.inputWidth * walk.inputChannels;
  for (let band = begin; band < end; band++) {
    const image = band / bands;
    const row = (band % bands) * f.bandRows;
    const rows = min(f.bandRows, walk.outputHeight - row);
    const window = openWindow(walk, f.x + image * imageBytes, row, rows, scratch);
    const dy = f.dy + (image * walk.outputHeight + row) * walk.outputWidth * stride;
    for (let group: u32 = 0; group < walk.groups; group++) {
      const channel = 4 * (group * walk.groupOutput + column);
      addBand(
        f, window + 4 * group * walk.groupInput, dy + channel, stride, rows * walk.outputWidth, target + channel, columns,
        band > begin,
      );
    }
  }
}

/** Adds a band's product for one group. */
function addBand(
  f: FilterGradientArguments, window: usize, dy: usize, stride: usize, pixels: u32, target: usize, columns: u32,
  accumulate: bool,
): void {
  const packs = f.k > MOST_UNPACKED;
  for (let j: u32 = 0; j < columns; j += TILE_COLUMNS) {
    const columnsValid = min(TILE_COLUMNS, columns - j);
    let b = dy + 4 * j;
    let bStep = stride;
    if (packs) {
      packRows(b, stride, scratch + f.windowBytes, pixels, columnsValid);
      b = scratch + f.windowBytes;
      bStep = 4 * TILE_COLUMNS;
    }
    for (let i: u32 = 0; i < f.k; i += ROW_TILE) {
      const valid = min(ROW_TILE, f.k - i);
      pointRows(window, f.offsets + 4 * i, valid);
      tilePatches(
        rowPointers, f.pixelOffsets, pixels, b, bStep,
        target + i * stride + 4 * j, stride, valid, columnsValid, accumulate, 0, 0,
      );
    }
  }
}

@unmanaged
export class SumPartsArguments {
  partial: u32;
  total: u32;
  parts: u32;
  /** Floats in a part. */
  count: u32;
  perChunk: u32;
}

/** total[i] = sum over parts of partial[part][i], in order. A chunk is a stretch of i. */
export function sumParts(s: SumPartsArguments, chunk: u32): void {
  const begin = chunk * s.perChunk;
  const end = min(s.count, begin + s.perChunk);
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    let at = s.partial + 4 * i;
    let sum = zero();
    for (let part: u32 = 0; part < s.parts; part++) {
      sum = f32x4.add(sum, v128.load(at));
      at += 4 * s.count;
    }
    v128.store(s.total + 4 * i, sum);
  }
  for (; i < end; i++) {
    let sum: f32 = 0;
    for (let part: u32 = 0; part < s.parts; part++) sum += load<f32>(s.partial + 4 * (part * s.count + i));
    store<f32>(s.total + 4 * i, sum);
  }
}
