// y[n, p, o] = sum over k of x[n, at(p) + offset(k)] filter[k, o] + bias[o], then relu: an implicit matrix product
// [pixels, K] x [K, O] over NHWC, whose left operand, the patches, is read where it lies (or from a padded window in
// scratch). p is an output pixel, k = (kernel row, kernel column, input channel), o an output channel. The filter comes
// packed: for each group panels [k][TILE_COLUMNS] of output channels. An input gradient is the same walk over dy with the
// kernel turned around.
//
// A chunk is a band of output rows of one image.
import { ROW_TILE, TILE_COLUMNS, tileRowOffsets } from "./generated/tiles";
import { packColumns, packRows } from "./pack";
import { rowPointers, scratch, setFinish } from "./tile";
import { openWindow, Walk, windowPixelBytes, windowRowBytes } from "./window";

/** Blocks of the packed filter: 256 x 64 floats are 64 KiB, an eighth of a 512 KiB L2 cache. */
const BLOCK_K: u32 = 256;
const BLOCK_COLUMNS: u32 = 64;

@unmanaged
export class ConvolutionArguments {
  x: u32;
  filter: u32;
  y: u32;
  /** 0 for none, as are residual and mask (see tile.ts). */
  bias: u32;
  residual: u32;
  mask: u32;
  rectify: u32;
  /** A `Walk`. */
  walk: u32;
  /** Byte offset of each k from a pixel's first input position. */
  offsets: u32;
  k: u32;
  bandRows: u32;
}

export function convolution(c: ConvolutionArguments, chunk: u32): void {
  const walk = changetype<Walk>(c.walk);
  const bands = (walk.outputHeight + c.bandRows - 1) / c.bandRows;
  const image = chunk / bands;
  const firstRow = (chunk % bands) * c.bandRows;
  const rows = min(c.bandRows, walk.outputHeight - firstRow);
  const x = c.x + 4 * image * walk.inputHeight * walk.inputWidth * walk.inputChannels;
  const pixel = (image * walk.outputHeight + firstRow) * walk.outputWidth;
  const y = c.y + 4 * pixel * walk.outputChannels;
  const finish = setFinish(c.y, c.residual, c.rectify, c.mask);
  const panels = (walk.groupOutput + TILE_COLUMNS - 1) / TILE_COLUMNS;
  for (let group: u32 = 0; group < walk.groups; group++) {
    const window = openWindow(walk, x, group, firstRow, rows, scratch);
    const firstOutput = group * walk.groupOutput;
    const filter = c.filter + 4 * group * panels * c.k * TILE_COLUMNS;
    const bias = c.bias ? c.bias + 4 * firstOutput : 0;
    multiplyBand(c, walk, window, filter, y + 4 * firstOutput, bias, rows * walk.outputWidth, finish);
  }
}

/** One group's product for a band of `pixels` pixels, in blocks of columns and of k. */
function multiplyBand(
  c: ConvolutionArguments, walk: Walk, window: u32, filter: u32, y: u32, bias: u32, pixels: u32, finish: u32,
): void {
  const yStride = 4 * walk.outputChannels;
  for (let column: u32 = 0; column < walk.groupOutput; column += BLOCK_COLUMNS) {
    const columnEnd = min(walk.groupOutput, column + BLOCK_COLUMNS);
    for (let k: u32 = 0; k < c.k; k += BLOCK_K) {
      const kCount = min(BLOCK_K, c.k - k);
      const isLast = k + kCount == c.k;
      for (let p: u32 = 0; p < pixels; p += ROW_TILE) {
        const valid = min(ROW_TILE, pixels - p);
        pointAtPixels(walk, window, p, valid);
        for (let j = column; j < columnEnd; j += TILE_COLUMNS) {
          tileRowOffsets(
            rowPointers, c.offsets + 4 * k, kCount, filter + 4 * (j * c.k + k * TILE_COLUMNS),
            y + p * yStride + 4 * j, yStride, valid, min(TILE_COLUMNS, columnEnd - j), k > 0,
            bias ? bias + 4 * j : 0, isLast ? finish : 0,
          );
        }
      }
    }
  }
}

/** Row pointers of the tile: the first input position of each of its pixels. Missing ones repeat the last. */
function pointAtPixels(walk: Walk, window: u32, first: u32, valid: u32): void {
  const rowStep = walk.strideHeight * windowRowBytes(walk);
  const columnStep = walk.strideWidth * windowPixelBytes(walk);
  let column = first % walk.outputWidth;
  let row = window + (first / walk.outputWidth) * rowStep;
  for (let i: u32 = 0; i < ROW_TILE; i++) {
    store<u32>(rowPointers + 4 * i, row + column * columnStep);
    if (i + 1 < valid) {
      column++;
      if (column == walk.outputWidth) {
        column = 0;
        row += rowStep;
      }
    }
  }
}

@unmanaged
export class PackFilterArguments {
  /** [KH, KW, groupInput, outputChannels]. */
  filter: u32;
  packed: u32;
  /** KH * KW. */
  positions: u32;
  groups: u32;
  groupInput: u32;
  groupOutput: u32;
  /** 1 for an input gradient: the kernel turned by 180 degrees, with inputs and outputs exchanged. */
  turn: u32;
}

/** Packs one panel of a filter; chunk = group * panels + panel. */
export function packFilter(f: PackFilterArguments, chunk: u32): void {
  const columns = f.turn ? f.groupInput : f.groupOutput;
  const perPosition = f.turn ? f.groupOutput : f.groupInput;
  const panels = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const group = chunk / panels;
  const column = (chunk % panels) * TILE_COLUMNS;
  const valid = min(TILE_COLUMNS, columns - column);
  const outputChannels = f.groups * f.groupOutput;
  const panel = f.packed + 4 * chunk * f.positions * perPosition * TILE_COLUMNS;
  const firstOutput = f.filter + 4 * group * f.groupOutput;
  if (!f.turn) {
    packRows(firstOutput + 4 * column, 4 * outputChannels, panel, f.positions * perPosition, valid);
    return;
  }
  for (let position: u32 = 0; position < f.positions; position++) {
    const turned = f.positions - 1 - position;
    const source = firstOutput + 4 * (turned * f.groupInput + column) * outputChannels;
    packColumns(source, 4 * outputChannels, panel + 4 * position * perPosition * TILE_COLUMNS, perPosition, valid);
  }
}
