// y[n, p, o] = sum over k of x[n, at(p) + offset(k)] filter[k, o] + bias[o], finished as tile.ts says: an implicit matrix
// product [pixels, K] x [K, O] over NHWC, whose left operand, the patches, is read where it lies (or from a padded window
// in scratch). p is an output pixel, k = (tap of the kernel, input channel), o an output channel. Two tables say where the
// pixels of a band lie in the window and where the k of a pixel lie from there. The filter comes packed: for each group
// panels [k][TILE_COLUMNS] of output channels.
//
// A chunk is a band of output rows of one image and a stretch of each group's output channels.
import { ROW_TILE, TILE_COLUMNS, tileRowOffsets } from "./generated/tiles";
import { packColumns, packRows } from "./pack";
import { rowPointers, scratch, setFinish } from "./tile";
import { openWindow, Walk } from "./window";

/** Rows of a block of the packed filter: 256 x 16 floats are half of a 32 KiB L1 cache. */
const BLOCK_K: u32 = 256;

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
  ceiling: f32;
  /** Floats from one pixel of y to the next where y is a part of something wider; else 0. */
  yStride: u32;
  /** A `Walk`. */
  walk: u32;
  /** Byte offset of each pixel of a band from the window's start. */
  pixelOffsets: u32;
  /** Byte offset of each k from a pixel's place there. */
  offsets: u32;
  k: u32;
  bandRows: u32;
  /** Bands of all images; those of one stretch of channels follow each other, so that their filter stays in the cache. */
  bandCount: u32;
  /** Output channels of a group in a chunk; a multiple of TILE_COLUMNS where they are not all. */
  columns: u32;
}

export function convolution(c: ConvolutionArguments, chunk: u32): void {
  const walk = changetype<Walk>(c.walk);
  const column = (chunk / c.bandCount) * c.columns;
  const columnEnd = min(walk.groupOutput, column + c.columns);
  const bands = (walk.outputHeight + c.bandRows - 1) / c.bandRows;
  const image = (chunk % c.bandCount) / bands;
  const firstRow = ((chunk % c.bandCount) % bands) * c.bandRows;
  const rows = min(c.bandRows, walk.outputHeight - firstRow);
  const x = c.x + 4 * image * walk.inputHeight * walk.inputWidth * walk.inputChannels;
  const window = openWindow(walk, x, firstRow, rows, scratch);
  const pixel = (image * walk.outputHeight + firstRow) * walk.outputWidth;
  const yStride = 4 * (c.yStride ? c.yStride : walk.outputChannels);
  const y = c.y + pixel * yStride;
  const finish = setFinish(c.y, c.residual, c.rectify, c.mask, c.ceiling);
  setPatches(c.pixelOffsets, rows * walk.outputWidth, c.offsets);
  for (let group: u32 = 0; group < walk.groups; group++) {
    const firstOutput = group * walk.groupOutput;
    multiplyBand(
      window + 4 * group * walk.groupInput, groupPanels(walk, c.filter, group, c.k), c.k, 0, c.k, column, columnEnd,
      y + 4 * firstOutput, yStride, c.bias ? c.bias + 4 * firstOutput : 0, finish,
    );
  }
}

/** Tables of the band at work. */
let pixelOffsets: usize = 0;
let pixels: u32 = 0;
let offsets: usize = 0;

/** Says where the pixels of the next band lie in its window, how many there are, and where the k lie from each. */
export function setPatches(ofPixels: usize, count: u32, ofK: usize): void {
  pixelOffsets = ofPixels;
  pixels = count;
  offsets = ofK;
}

/** The packed filter of one group. */
export function groupPanels(walk: Walk, filter: usize, group: u32, k: u32): usize {
  return filter + 4 * group * ((walk.groupOutput + TILE_COLUMNS - 1) / TILE_COLUMNS) * k * TILE_COLUMNS;
}

/**
 * One group's product for the pixels of a band, over the k from `kBegin` to `kEnd` of the `k` that are packed: a panel of
 * the filter stays in L1 while the patches stream past it.
 */
export function multiplyBand(
  window: usize, filter: usize, k: u32, kBegin: u32, kEnd: u32, column: u32, columnEnd: u32,
  y: usize, yStride: usize, bias: usize, finish: u32,
): void {
  for (let at = kBegin; at < kEnd; at += BLOCK_K) {
    const kCount = min(BLOCK_K, kEnd - at);
    const finishNow = at + kCount == kEnd ? finish : 0;
    for (let j = column; j < columnEnd; j += TILE_COLUMNS) {
      const panel = filter + 4 * (j * k + at * TILE_COLUMNS);
      const columnsValid = min(TILE_COLUMNS, columnEnd - j);
      for (let p: u32 = 0; p < pixels; p += ROW_TILE) {
        const valid = min(ROW_TILE, pixels - p);
        pointRows(window, pixelOffsets + 4 * p, valid);
        tileRowOffsets(
          rowPointers, offsets + 4 * at, kCount, panel,
          y + p * yStride + 4 * j, yStride, valid, columnsValid, at > kBegin, bias ? bias + 4 * j : 0, finishNow,
        );
      }
    }
  }
}

/**
 * Sets the row pointers of a tile: `base` and what a table says of each row. Missing rows repeat the last. (Pointers that
 * the tile adds up itself cost it a third of its speed on V8 11.3.)
 */
export function pointRows(base: usize, table: usize, valid: u32): void {
  if (valid == ROW_TILE) {
    v128.store(rowPointers, i32x4.add(v128.load(table), i32x4.splat(<i32>base)));
    if (ROW_TILE > 4) v128.store(rowPointers, i32x4.add(v128.load(table, 16), i32x4.splat(<i32>base)), 16);
    return;
  }
  for (let i: u32 = 0; i < ROW_TILE; i++) {
    store<u32>(rowPointers + 4 * i, base + load<u32>(table + 4 * min(i, valid - 1)));
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
  /** For an input gradient, which has inputs and outputs exchanged, the position of each tap; 0 otherwise. */
  order: u32;
}

/** Packs one panel of a filter; chunk = group * panels + panel. */
export function packFilter(f: PackFilterArguments, chunk: u32): void {
  const columns = f.order ? f.groupInput : f.groupOutput;
  const perPosition = f.order ? f.groupOutput : f.groupInput;
  const panels = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
  const group = chunk / panels;
  const column = (chunk % panels) * TILE_COLUMNS;
  const valid = min(TILE_COLUMNS, columns - column);
  const outputChannels = f.groups * f.groupOutput;
  const panel = f.packed + 4 * chunk * f.positions * perPosition * TILE_COLUMNS;
  const firstOutput = f.filter + 4 * group * f.groupOutput;
  if (!f.order) {
    packRows(firstOutput + 4 * column, 4 * outputChannels, panel, f.positions * perPosition, valid);
    return;
  }
  for (let tap: u32 = 0; tap < f.positions; tap++) {
    const position = load<u32>(f.order + 4 * tap);
    const source = firstOutput + 4 * (position * f.groupInput + column) * outputChannels;
    packColumns(source, 4 * outputChannels, panel + 4 * tap * perPosition * TILE_COLUMNS, perPosition, valid);
  }
}
