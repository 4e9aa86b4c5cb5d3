import type { Convolution2dAttributes } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";
import { buffersOf, emitProduct, noRiders, type Riders } from "./matrix.ts";

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
const frequencies = 36;
/** Bytes of a transform's temporaries, twice, and of a patch (tileScratchBytes of kernels/winograd-tiles.ts). */
const tileScratchBytes = (channels: number) => 2 * 2 * 16 * frequencies + 4 * frequencies * (channels + 4);
/** V and the products of a block of tiles that stay in a thread's L2 cache, beside the panels of U that stream past. */
const blockBytes = 640 * 1024;
/** Transformed filters up to this size are streamed past each block of tiles; larger ones are read once. */
const streamedFilterBytes = 3 * 1024 * 1024;
/** V and the products of the tiles between two reads of a large filter: what an L3 cache holds. */
const stretchBytes = 32 * 1024 * 1024;
/** Stretches of a convolution at the most: a plan does not grow with the batch. */
const mostStretches = 16;
/** Tiles are taken by the dozen: whole register tiles of 4 and of 6 rows. */
const dozen = 12;
/** Tiles in a chunk of a transform. */
const tilesPerChunk = 8;
/** Partial sums of a filter gradient, all parts together. */
const partialBytes = 16 * 1024 * 1024;

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

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

function tilesOf([images, height, width]: Shape, size: number): number {
  const side = outputTile(size);
  return images * Math.ceil(height / side) * Math.ceil(width / side);
}

/**
 * Whether to use Winograd's filtering: 3 x 3 or 5 x 5, stride 1, channels enough on both sides to pay for the transforms,
 * and tiles that do not reach far beyond the output.
 */
export function prefersWinograd(
  filter: Shape,
  { strides, dilations, groups }: Convolution2dAttributes,
  output: Shape,
  context: LoweringContext,
): boolean {
  const [height, width, inputs, outputs] = filter;
  const plain = height === width && groups === 1 && [...strides, ...dilations].every((step) => step === 1);
  if (!plain || (height !== 3 && height !== 5) || context.precision === "exact") return false;
  if (Math.min(inputs, outputs) < 16) return false;
  const side = outputTile(height);
  return side * side * tilesOf(output, height) <= 2 * output[0] * output[1] * output[2];
}

/** The `Tiling` record of kernels/winograd-tiles.ts. */
function tilingTable({ input, output, size, padTop, padLeft }: TiledConvolution, context: LoweringContext) {
  const sides = [...input.slice(1), ...output.slice(1)];
  return context.table([...sides, padTop, padLeft, outputTile(size), tilesOf(output, size)]);
}

/** Rows of transformed tiles: floats of a row, and from a frequency to the next for `count` tiles. */
interface Rows {
  readonly row: number;
  readonly frequency: number;
}

/** An odd number of cache lines from a frequency to the next (see kernels/winograd-tiles.ts). */
function rowsOf(channels: number, step: number, count: number): Rows {
  const row = roundUp(channels, step);
  const lines = Math.ceil((row * count) / 16);
  return { row, frequency: 16 * (lines % 2 === 0 ? lines + 1 : lines) };
}

const bytesOfRows = ({ frequency }: Rows) => 4 * frequencies * frequency + 64;

/** Tiles in a block of the way that keeps to one thread's scratch: what the cache holds, and some work for every thread. */
function blockOf({ input, output, size }: TiledConvolution): number {
  const fitting = Math.floor(blockBytes / (4 * frequencies * (input[3] + output[3])));
  const shared = Math.ceil(tilesOf(output, size) / 32);
  return Math.max(dozen, dozen * Math.floor(Math.min(fitting, shared) / dozen));
}

/** Stretches of tiles for the way whose steps are calls of their own: as few as the cache allows, of about equal length. */
function stretchesOf({
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
function isLarge({ input, output }: TiledConvolution): boolean {
  return 4 * frequencies * input[3] * output[3] > streamedFilterBytes;
}

interface Operands {
  readonly x: Buffer;
  readonly filter: Buffer;
  readonly y: Buffer;
}

/** y = conv2d(x, filter) with riders, or with `turn` the input gradient, where x is dy and y is dx. */
export function emitWinograd(
  convolution: TiledConvolution,
  { x, filter, y }: Operands,
  { turn, riders }: { readonly turn: boolean; readonly riders: Riders },
  context: LoweringContext,
): void {
  const { input, output, size } = convolution;
  const [inputs, outputs] = [input[3], output[3]];
  const step = context.tile.columns;
  const panels = inputs * roundUp(outputs, step);
  const { frequency } = rowsOf(panels, 1, 1);
  const transformed = context.temporary(4 * frequencies * frequency, "transformed filter");
  const [filterInputs, filterOutputs] = turn ? [outputs, inputs] : [inputs, outputs];
  context.emit({
    kernel: "winogradFilter",
    arguments: { filter, transformed, frequency, filterInputs, filterOutputs, size, turn: Number(turn) },
    chunks: Math.ceil(outputs / step),
    reads: [filter],
    writes: [transformed],
    scratchBytes: 16 * frequencies + 16 * size * size,
  });
  const tiling = tilingTable(convolution, context);
  if (isLarge(convolution)) {
    emitStretches(convolution, { x, filter: transformed, y }, { riders, tiling, frequency }, context);
    return;
  }
  const block = blockOf(convolution);
  const v = rowsOf(inputs, 4, block);
  const m = rowsOf(outputs, step, block);
  context.emit({
    kernel: "winograd",
    arguments: {
      ...{ x, filter: transformed, y, ...riders, rectify: Number(riders.rectify), tiling, block },
      ...{ vRow: v.row, vFrequency: v.frequency, mRow: m.row, mFrequency: m.frequency },
      filterGap: 4 * (frequency - panels),
    },
    chunks: Math.ceil(tilesOf(output, size) / block),
    reads: [x, transformed, tiling, ...buffersOf(riders)],
    writes: [y],
    scratchBytes: tileScratchBytes(Math.max(inputs, outputs)) + bytesOfRows(v) + bytesOfRows(m),
  });
}

/** The three steps as calls of their own, stretch by stretch. */
function emitStretches(
  convolution: TiledConvolution,
  { x, filter, y }: Operands,
  {
    riders,
    tiling,
    frequency,
  }: { readonly riders: Riders; readonly tiling: Buffer; readonly frequency: number },
  context: LoweringContext,
): void {
  const { input, output } = convolution;
  const [inputs, outputs] = [input[3], output[3]];

  for (const { first, count } of stretchesOf(convolution)) {
    const v = emitInput(convolution, x, { first, count, tiling }, context);
    const m = rowsOf(outputs, 4, count);
    const products = context.temporary(bytesOfRows(m), "transformed products");
    const strides = { aStride: v.rows.row, bStride: outputs, cStride: m.row };
    emitProduct(
      {
        ...{ a: v.buffer, b: filter, c: products, m: count, n: outputs, k: inputs, ...noRiders },
        ...{ transposeA: false, transposeB: false, packed: true },
        batch: { count: frequencies, a: v.rows.frequency, b: frequency, c: m.frequency, ...strides },
      },
      context,
    );
    context.emit({
      kernel: "winogradOutput",
      arguments: {
        ...{ source: products, y, ...riders, rectify: Number(riders.rectify), tiling },
        ...{ firstTile: first, count, perChunk: tilesPerChunk, row: m.row, frequency: m.frequency },
      },
      chunks: Math.ceil(count / tilesPerChunk),
      reads: [products, tiling, ...buffersOf(riders)],
      writes: [y],
      scratchBytes: tileScratchBytes(outputs),
    });
  }
}

interface Stretch {
  readonly first: number;
  readonly count: number;
  readonly tiling: Buffer;
}

/** V of a stretch of tiles. */
function emitInput(
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

interface GradientOperands {
  readonly x: Buffer;
  readonly dy: Buffer;
  readonly gradient: Buffer;
}

/** dFilter from x and dy. */
export function emitWinogradFilterGradient(
  convolution: TiledConvolution,
  operands: GradientOperands,
  context: LoweringContext,
): void {
  const tiling = tilingTable(convolution, context);
  if (isLarge(convolution)) emitGradientOfStretches(convolution, operands, tiling, context);
  else emitGradientOfParts(convolution, operands, tiling, context);
}

/** Parts, each summed block by block by one thread. */
function emitGradientOfParts(
  convolution: TiledConvolution,
  { x, dy, gradient }: GradientOperands,
  tiling: Buffer,
  context: LoweringContext,
): void {
  const { input, output, size } = convolution;
  const pRow = roundUp(output[3], context.tile.columns);
  // The number of parts decides the order of the sum: it must not depend on the tile.
  const partBytes = 4 * frequencies * input[3] * roundUp(output[3], 16);
  const tiles = tilesOf(output, size);
  const parts = Math.max(1, Math.min(16, Math.floor(tiles / dozen), Math.floor(partialBytes / partBytes)));
  const pFrequency = rowsOf(pRow, 1, roundUp(input[3], dozen)).frequency;
  const partial = context.temporary(4 * frequencies * pFrequency * parts, "transformed filter gradients");
  // The sum is read and written once a block, whatever that is worth in cache.
  const block = Math.min(Math.max(3 * dozen, blockOf(convolution)), roundUp(Math.ceil(tiles / parts), dozen));
  const v = rowsOf(input[3], 4, block);
  const z = rowsOf(output[3], context.tile.columns, block);
  context.emit({
    kernel: "winogradParts",
    arguments: {
      ...{ x, dy, partial, tiling, parts, block, pRow, pFrequency },
      ...{ vRow: v.row, vFrequency: v.frequency, zRow: z.row, zFrequency: z.frequency },
    },
    chunks: parts,
    reads: [x, dy, tiling],
    writes: [partial],
    scratchBytes: tileScratchBytes(Math.max(input[3], output[3])) + bytesOfRows(v) + bytesOfRows(z),
  });
  emitRestoredGradient(convolution, { partial, gradient, parts, pRow, frequency: pFrequency }, context);
}

/** One sum over all tiles, or one for each stretch of them. */
function emitGradientOfStretches(
  convolution: TiledConvolution,
  { x, dy, gradient }: GradientOperands,
  tiling: Buffer,
  context: LoweringContext,
): void {
  const { input, output } = convolution;
  const [inputs, outputs] = [input[3], output[3]];
  const pRow = roundUp(outputs, 4);
  const { frequency } = rowsOf(pRow, 1, inputs);
  const partial = context.temporary(4 * frequencies * frequency + 64, "transformed filter gradient");
  stretchesOf(convolution).forEach(({ first, count }, index) => {
    const v = emitInput(convolution, x, { first, count, tiling }, context);
    const rows = rowsOf(outputs, 4, count);
    const z = context.temporary(bytesOfRows(rows), "transformed output gradient");
    context.emit({
      kernel: "winogradOutputGradient",
      arguments: {
        ...{ dy, target: z, tiling, firstTile: first, count, perChunk: tilesPerChunk },
        ...{ row: rows.row, frequency: rows.frequency },
      },
      chunks: Math.ceil(count / tilesPerChunk),
      reads: [dy, tiling],
      writes: [z],
      scratchBytes: tileScratchBytes(outputs),
    });
    const strides = { aStride: v.rows.row, bStride: rows.row, cStride: pRow };
    emitProduct(
      {
        ...{ a: v.buffer, b: z, c: partial, m: inputs, n: outputs, k: count, ...noRiders },
        ...{ transposeA: true, transposeB: false, accumulate: index > 0 },
        batch: { count: frequencies, a: v.rows.frequency, b: rows.frequency, c: frequency, ...strides },
      },
      context,
    );
  });
  emitRestoredGradient(convolution, { partial, gradient, parts: 1, pRow, frequency }, context);
}

/** Adds the parts of a transformed gradient and takes the sum back. */
function emitRestoredGradient(
  { input, output, size }: TiledConvolution,
  sum: {
    readonly partial: Buffer;
    readonly gradient: Buffer;
    parts: number;
    pRow: number;
    frequency: number;
  },
  context: LoweringContext,
): void {
  context.emit({
    kernel: "winogradFilterGradient",
    arguments: { ...sum, inputChannels: input[3], outputChannels: output[3], size },
    chunks: input[3],
    reads: [sum.partial],
    writes: [sum.gradient],
    scratchBytes: 2 * 16 * frequencies + 16 * size,
  });
}
