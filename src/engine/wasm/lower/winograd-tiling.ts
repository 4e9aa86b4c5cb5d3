import type { Convolution2dAttributes } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";

/** A convolution with stride 1 over NHWC, as kernels/winograd-tiles.ts tiles it. */
export interface TiledConvolution {
  readonly input: Shape;
  readonly output: Shape;
  /** Height and width of the kernel: 3 or 5. */
  readonly size: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Values of a tile in the transformed domain. */
export const frequencies = 36;
/** Channels that a transform takes through both of its passes at a time (STRIP of kernels/winograd-passes.ts). */
const transformStrip = 64;

/** Bytes of what is between a transform's passes, of a row after them, and of a patch (kernels/winograd-tiles.ts). */
export const tileScratchBytes = (channels: number) =>
  4 * transformStrip * (frequencies + outputTile(3)) + 4 * frequencies * (channels + 4);
/** V and the products of a block of tiles that stay in a thread's L2 cache, beside the panels of U that stream past. */
const blockBytes = 640 * 1024;
/** Transformed filters up to this size are streamed past each block of tiles; larger ones are read once. */
const streamedFilterBytes = 3 * 1024 * 1024;
/** V and the products of the tiles between two reads of a large filter: what an L3 cache holds. */
const stretchBytes = 32 * 1024 * 1024;
/** The share of a large transformed filter, or of its gradient, that is worked on at a time. */
const stripBytes = 8 * 1024 * 1024;
/** Channels of a strip are a multiple of all tiles' rows and columns. */
const stripStep = 48;
/** Stretches of a convolution at the most: a plan does not grow with the batch. */
const mostStretches = 16;
/** Tiles are taken by the dozen: whole register tiles of 4 and of 6 rows. */
export const dozen = 12;
/** Tiles in a chunk of a transform. */
export const tilesPerChunk = 8;
/** Tiles that are worth a part of their own. */
const fewestTiles = 30;
/** Partial sums of a filter gradient, all parts together. */
const partialBytes = 16 * 1024 * 1024;

export const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** Output pixels along a side of a tile: m with m + size - 1 = 6. */
const outputTile = (size: number) => 7 - size;

/** The algorithm's name in the literature: F(outputs, taps). */
export function minimalFiltering(size: number): string {
  const side = outputTile(size);
  return `F(${side}x${side}, ${size}x${size})`;
}

/** The same of the filter gradient, whose filter is a tile of output gradients. */
export function minimalFilteringOfGradient(size: number): string {
  const side = outputTile(size);
  return `F(${size}x${size}, ${side}x${side})`;
}

export function tilesOf([images, height, width]: Shape, size: number): number {
  const side = outputTile(size);
  return images * Math.ceil(height / side) * Math.ceil(width / side);
}

/** Whether Winograd's filtering can compute a convolution: 3 x 3 or 5 x 5 taps, stride 1, one group. */
export function fitsWinograd(
  [height, width]: Shape,
  { strides, dilations, groups }: Convolution2dAttributes,
  { precision }: LoweringContext,
): boolean {
  if (precision === "exact" || groups !== 1 || height !== width || (height !== 3 && height !== 5))
    return false;
  return [...strides, ...dilations].every((step) => step === 1);
}

/** The `Tiling` record of kernels/winograd-tiles.ts. */
export function tilingTable(
  { input, output, size, padTop, padLeft }: TiledConvolution,
  context: LoweringContext,
  yStride = output[3],
) {
  const sides = [...input.slice(1), ...output.slice(1)];
  return context.table([...sides, padTop, padLeft, outputTile(size), tilesOf(output, size), yStride]);
}

/** Rows of transformed tiles: floats of a row, and from a frequency to the next for `count` tiles. */
export interface Rows {
  readonly row: number;
  readonly frequency: number;
}

/** An odd number of cache lines from a frequency to the next (see kernels/winograd-tiles.ts). */
export function rowsOf(channels: number, step: number, count: number): Rows {
  const row = roundUp(channels, step);
  const lines = Math.ceil((row * count) / 16);
  return { row, frequency: 16 * (lines % 2 === 0 ? lines + 1 : lines) };
}

export const bytesOfRows = ({ frequency }: Rows) => 4 * frequencies * frequency + 64;

/** Tiles in a block of the way that keeps to one thread's scratch: what the cache holds, and some work for every thread. */
export function blockOf({ input, output, size }: TiledConvolution): number {
  const fitting = Math.floor(blockBytes / (4 * frequencies * (input[3] + output[3])));
  const shared = Math.ceil(tilesOf(output, size) / 32);
  return Math.max(dozen, dozen * Math.floor(Math.min(fitting, shared) / dozen));
}

/**
 * How a filter gradient is summed where one thread's scratch holds a block: parts that are summed apart, each block by
 * block. Both decide the order of the sum, so they follow from the shape alone. The sum is read and written once a block:
 * blocks are at least three dozen tiles, whatever that is worth in cache.
 */
export function partsOf(convolution: TiledConvolution): { readonly parts: number; readonly block: number } {
  const { input, output, size } = convolution;
  const partBytes = 4 * frequencies * input[3] * roundUp(output[3], 16);
  const tiles = tilesOf(output, size);
  const fitting = Math.min(16, Math.floor(tiles / fewestTiles), Math.floor(partialBytes / partBytes));
  // A power of two: two and four threads have the same share.
  const parts = 2 ** Math.floor(Math.log2(Math.max(1, fitting)));
  const block = Math.min(Math.max(3 * dozen, blockOf(convolution)), roundUp(Math.ceil(tiles / parts), dozen));
  return { parts, block };
}

/** How often a filter gradient's sum is read and written. */
export function gradientBlocks(convolution: TiledConvolution): number {
  if (isLarge(convolution)) return stretchesOf(convolution).length;
  const { parts, block } = partsOf(convolution);
  return parts * Math.ceil(tilesOf(convolution.output, convolution.size) / parts / block);
}

/** Stretches of tiles for the way whose steps are calls of their own: as few as the cache allows, of about equal length. */
export function stretchesOf({
  input,
  output,
  size,
}: TiledConvolution): { readonly first: number; readonly count: number }[] {
  const tiles = tilesOf(output, size);
  const fitting = Math.max(4 * dozen, Math.floor(stretchBytes / (4 * frequencies * (input[3] + output[3]))));
  const stretches = Math.min(mostStretches, Math.ceil(tiles / fitting));
  const length = roundUp(Math.ceil(tiles / stretches), dozen);
  return Array.from({ length: Math.ceil(tiles / length) }, (_, index) => ({
    first: index * length,
    count: Math.min(length, tiles - index * length),
  }));
}

/** Whether U, or the transformed filter gradient, is too large to pass through a cache for each block of tiles. */
export function isLarge({ input, output }: TiledConvolution): boolean {
  return 4 * frequencies * input[3] * output[3] > streamedFilterBytes;
}

/**
 * Strips of channels whose share of U or P, with all of the `others`, an L2 or L3 cache holds. Whole tiles of 6 rows and of
 * 16 columns; a function of the shape alone.
 */
export function stripsOf(
  others: number,
  channels: number,
): { readonly first: number; readonly count: number }[] {
  const fitting = Math.max(
    stripStep,
    stripStep * Math.floor(stripBytes / (4 * frequencies * others) / stripStep),
  );
  const strips = Math.ceil(channels / fitting);
  const length = roundUp(Math.ceil(channels / strips), stripStep);
  return Array.from({ length: Math.ceil(channels / length) }, (_, index) => ({
    first: index * length,
    count: Math.min(length, channels - index * length),
  }));
}

export interface Stretch {
  readonly first: number;
  readonly count: number;
  readonly tiling: Buffer;
}

/** V of a stretch of tiles. */
export function emitInput(
  { input }: TiledConvolution,
  x: Buffer,
  { first, count, tiling }: Stretch,
  context: LoweringContext,
): { readonly buffer: Buffer; readonly rows: Rows } {
  const rows = rowsOf(input[3], 4, count);
  const buffer = context.temporary(bytesOfRows(rows), "transformed input");
  context.emit({
    kernel: "winogradInput",
    arguments: {
      ...{ x, target: buffer, tiling, firstTile: first, count, perChunk: tilesPerChunk },
      ...{ row: rows.row, frequency: rows.frequency },
    },
    chunks: Math.ceil(count / tilesPerChunk),
    reads: [x, tiling],
    writes: [buffer],
    scratchBytes: tileScratchBytes(input[3]),
  });
  return { buffer, rows };
}
