import type { Convolution2dAttributes } from "../../../graph/index.ts";
import { type Shape, sizeOf } from "../../../tensor/index.ts";
import { tileColumns } from "../generated/arguments.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";

/** A 3 x 3 convolution with stride 1 over NHWC, as kernels/winograd.ts tiles it. */
export interface TiledConvolution {
  readonly input: Shape;
  readonly output: Shape;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Values of a tile in the transformed domain. */
const frequencies = 36;
/** Bytes of the temporaries of a transform. */
const temporaryBytes = 16 * frequencies;
/** V and the products of a block of tiles: what a 512 KiB L2 cache holds besides a block of the filter. */
const blockBytes = 384 * 1024;
/** Fewer rows than this waste the packed filter that streams past them. */
const fewestTiles = 12;
/** Partial sums of a filter gradient, all parts together. */
const partialBytes = 16 * 1024 * 1024;

const padded = (channels: number) => Math.ceil(channels / tileColumns) * tileColumns;
const tilesOf = ([images, height, width]: Shape) => images * Math.ceil(height / 4) * Math.ceil(width / 4);

/**
 * Whether to use Winograd's filtering: 3 x 3, stride 1, 16 channels or more on both sides to pay for the transforms (an
 * estimate from the counts of operations, not yet a measured border), and tiles that do not reach far beyond the output.
 */
export function prefersWinograd(
  filter: Shape,
  { strides, dilations, groups }: Convolution2dAttributes,
  output: Shape,
  context: LoweringContext,
): boolean {
  const [height, width, inputs, outputs] = filter;
  const plain =
    height === 3 && width === 3 && groups === 1 && [...strides, ...dilations].every((step) => step === 1);
  if (!plain || context.precision === "exact" || Math.min(inputs, outputs) < 16) return false;
  return 16 * tilesOf(output) <= 2 * output[0] * output[1] * output[2];
}

/** The `Tiling` record of kernels/winograd.ts, with `block` tiles worked on at a time. */
function tilingTable(
  { input, output, padTop, padLeft }: TiledConvolution,
  block: number,
  context: LoweringContext,
) {
  return context.table([...input, ...output.slice(1), padTop, padLeft, block]);
}

/** Tiles in a block: what the cache holds, and no more than leaves some work for every thread. */
function blockOf({ input, output }: TiledConvolution): number {
  const bytesOfTile = 4 * frequencies * (padded(input[3]) + padded(output[3]));
  const fitting = Math.max(fewestTiles, 4 * Math.floor(blockBytes / bytesOfTile / 4));
  return Math.min(fitting, Math.max(4, 4 * Math.ceil(tilesOf(output) / 64)));
}

function scratchBytes({ input, output }: TiledConvolution, block: number): number {
  const [channels, outputs] = [padded(input[3]), padded(output[3])];
  const patch = 4 * frequencies * Math.max(channels, outputs);
  return temporaryBytes + patch + 4 * frequencies * block * (channels + outputs);
}

/** y = conv2d(x, filter) + bias, or with `turn` the input gradient, where x is dy and y is dx. */
export function emitWinograd(
  convolution: TiledConvolution,
  buffers: { readonly x: Buffer; readonly filter: Buffer; readonly y: Buffer; readonly bias: Buffer | null },
  { rectify, turn }: { readonly rectify: boolean; readonly turn: boolean },
  context: LoweringContext,
): void {
  const { x, filter, y, bias } = buffers;
  const { input, output } = convolution;
  const transformed = context.temporary(4 * frequencies * input[3] * padded(output[3]), "transformed filter");
  const [filterInputs, filterOutputs] = turn ? [output[3], input[3]] : [input[3], output[3]];
  context.emit({
    kernel: "winogradFilter",
    arguments: { filter, transformed, filterInputs, filterOutputs, turn: Number(turn) },
    chunks: padded(output[3]) / tileColumns,
    reads: [filter],
    writes: [transformed],
    scratchBytes: temporaryBytes + 16 * 9,
  });
  const block = blockOf(convolution);
  const tiling = tilingTable(convolution, block, context);
  context.emit({
    kernel: "winograd",
    arguments: { x, filter: transformed, y, bias, rectify: Number(rectify), tiling },
    chunks: Math.ceil(tilesOf(output) / block),
    reads: [x, transformed, tiling, ...(bias === null ? [] : [bias])],
    writes: [y],
    scratchBytes: scratchBytes(convolution, block),
  });
}

/** dFilter from x and dy. */
export function emitWinogradFilterGradient(
  convolution: TiledConvolution,
  buffers: { readonly x: Buffer; readonly dy: Buffer; readonly gradient: Buffer },
  context: LoweringContext,
): void {
  const { x, dy, gradient } = buffers;
  const { input, output } = convolution;
  const partBytes = 4 * frequencies * input[3] * padded(output[3]);
  const parts = Math.max(1, Math.min(16, input[0], Math.floor(partialBytes / partBytes)));
  const partial = context.temporary(partBytes * parts, "transformed filter gradients");
  const block = Math.min(blockOf(convolution), Math.ceil(tilesOf(output) / parts));
  const tiling = tilingTable(convolution, block, context);
  context.emit({
    kernel: "winogradParts",
    arguments: { x, dy, partial, tiling, parts },
    chunks: parts,
    reads: [x, dy, tiling],
    writes: [partial],
    scratchBytes: scratchBytes(convolution, block),
  });
  context.emit({
    kernel: "winogradFilterGradient",
    arguments: { partial, gradient, parts, inputChannels: input[3], outputChannels: output[3] },
    chunks: input[3],
    reads: [partial],
    writes: [gradient],
    scratchBytes: 2 * temporaryBytes + 16 * 3,
  });
}

/** Whether two parts or more of a filter gradient's transformed sums stay within their bound. */
export function fitsFilterGradient(filter: Shape): boolean {
  return (sizeOf(filter) / 9) * 4 * frequencies <= partialBytes / 2;
}
