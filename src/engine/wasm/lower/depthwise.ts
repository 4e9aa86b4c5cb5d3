import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitSumOfParts } from "./matrix.ts";
import { buffersOf, type Riders } from "./riders.ts";
import { pixelOffsets, rowsInBand, tapPositions, type Walk, walkTable, windowBytes } from "./walk.ts";

/**
 * Products of the input and output channels of a group up to which vectors run across the groups (kernels/depthwise.ts):
 * with more, a tile's columns hold a group's outputs.
 */
const largestGroup = 4;

/** Whether a walk is made along the channels: where each has a filter of its own, or groups have few. */
export function isDepthwise({ input, output, groups }: Walk): boolean {
  return groups > 1 && (input.channels / groups) * (output.channels / groups) <= largestGroup;
}

/** How a convolution is called in which each input channel has its filters. */
export const depthwiseName = ({ input, output, groups }: Walk) =>
  input.channels === groups || output.channels === groups ? "depthwise" : "small groups";

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The walk as the kernel sees it: over pixels with a float for each input channel of a group and each output channel. */
function alongChannels(walk: Walk, context: LoweringContext) {
  const { input, output, groups } = walk;
  const [seen, made] = [input.channels / groups, output.channels / groups];
  if (seen === 1 && made === 1) return { walk, rows: 1, gather: null };
  const places = range(seen).flatMap((channel) =>
    range(output.channels).map((target) => 4 * (Math.floor(target / made) * seen + channel)),
  );
  const gathered: Walk = {
    ...walk,
    input: { ...input, channels: seen * output.channels },
    windowed: true,
  };
  return { walk: gathered, rows: seen, gather: context.table(places) };
}

/** Byte offset of each row of the filter's in a pixel's window: of each tap, for each input channel of a group. */
function rowPositions(walk: Walk, rows: number): number[] {
  const row = 4 * walk.output.channels;
  return tapPositions(walk).flatMap((position) => range(rows).map((channel) => position + channel * row));
}

/** The filter of an input gradient of groups: inputs and outputs exchanged. */
export function emitTurn(
  walk: Walk,
  { filter, taps }: { readonly filter: Buffer; readonly taps: number },
  context: LoweringContext,
): Buffer {
  const { groups } = walk;
  const [groupInput, groupOutput] = [walk.output.channels / groups, walk.input.channels / groups];
  if (groupInput === 1 && groupOutput === 1) return filter;
  const turned = context.temporary(4 * taps * groups * groupInput * groupOutput, "turned filter");
  context.emit({
    kernel: "turnFilter",
    arguments: { filter, turned, positions: taps, groups, groupInput, groupOutput },
    chunks: 1,
    reads: [filter],
    writes: [turned],
  });
  return turned;
}

/** Pixels of a band: their rows of x and y stay in L2 with room for many channels. */
const pixelsInBand = 784;
/** Pixels that a filter gradient sums up at a time: those of 16 channels of x and dy fill L1, for all taps. */
const pixelsInSum = 192;

/** How a depthwise walk is laid out: taps ordered by phase, and what the phases make up. */
interface Phases {
  /** Position in the filter of each tap. */
  readonly order: readonly number[];
  readonly phaseEnds: readonly number[];
  readonly shape: Shape;
  readonly strides: readonly [number, number];
}

/** A depthwise convolution, or the input gradient of one with a filter that `emitTurn` gave. */
export function emitDepthwise(
  given: Walk,
  { x, filter, y }: { readonly x: Buffer; readonly filter: Buffer; readonly y: Buffer },
  { order, phaseEnds, shape, strides, riders }: Phases & { readonly riders: Riders },
  context: LoweringContext,
): void {
  const { walk, rows, gather } = alongChannels(given, context);
  const bandRows = rowsInBand(walk, pixelsInBand);
  const positions = rowPositions(walk, rows);
  const pairs = order.flatMap((position, tap) =>
    range(rows).flatMap((row) => [
      positions[tap * rows + row],
      (position * rows + row) * 4 * walk.output.channels,
    ]),
  );
  const tables = {
    walk: walkTable(walk, context),
    pixelOffsets: context.table(pixelOffsets(walk, bandRows)),
    taps: context.table(pairs),
    phaseEnds: context.table(phaseEnds.map((end) => end * rows)),
  };
  context.emit({
    kernel: "depthwise",
    arguments: {
      x,
      filter,
      y,
      ...riders,
      ...tables,
      bandRows,
      height: shape[1],
      width: shape[2],
      strideHeight: strides[0],
      strideWidth: strides[1],
      channels: given.input.channels,
      gather,
    },
    chunks: walk.images * Math.ceil(walk.output.height / bandRows),
    reads: [x, filter, ...Object.values(tables), ...(gather ? [gather] : []), ...buffersOf(riders)],
    writes: [y],
    scratchBytes: windowBytes(walk, bandRows),
  });
}

/** The filter gradient of a depthwise convolution, in `mostParts` copies at most. */
export function emitDepthwiseGradient(
  given: Walk,
  { x, dy, total }: { readonly x: Buffer; readonly dy: Buffer; readonly total: Buffer },
  mostParts: number,
  context: LoweringContext,
): void {
  const { walk, rows, gather } = alongChannels(given, context);
  const { channels } = walk.output;
  const bandRows = rowsInBand(walk, pixelsInSum);
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const parts = Math.min(bands, mostParts);
  const taps = walk.taps.length * rows;
  const count = taps * channels;
  const partial = parts === 1 ? total : context.temporary(4 * count * parts, "filter gradient parts");
  const pairs = pixelOffsets(walk, bandRows).flatMap((offset, pixel) => [offset, 4 * pixel * channels]);
  const tables = {
    walk: walkTable(walk, context),
    pixels: context.table(pairs),
    offsets: context.table(rowPositions(walk, rows)),
  };
  context.emit({
    kernel: "depthwiseGradient",
    arguments: {
      x,
      dy,
      partial,
      ...tables,
      images: walk.images,
      parts,
      bandRows,
      taps,
      channels: given.input.channels,
      gather,
    },
    chunks: parts,
    reads: [x, dy, ...Object.values(tables), ...(gather ? [gather] : [])],
    writes: [partial],
    scratchBytes: windowBytes(walk, bandRows),
  });
  if (parts > 1) emitSumOfParts({ partial, total, parts, count }, context);
}
