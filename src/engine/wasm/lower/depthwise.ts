import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitSumOfParts } from "./matrix.ts";
import { buffersOf, type Riders } from "./riders.ts";
import { pixelOffsets, rowsInBand, tapPositions, type Walk, walkTable, windowBytes } from "./walk.ts";

/** Whether each channel has a filter of its own and no other. */
export function isDepthwise({ input, output, groups }: Walk): boolean {
  return groups > 1 && groups === input.channels && groups === output.channels;
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

/** A depthwise convolution, or the input gradient of one. */
export function emitDepthwise(
  walk: Walk,
  { x, filter, y }: { readonly x: Buffer; readonly filter: Buffer; readonly y: Buffer },
  { order, phaseEnds, shape, strides, riders }: Phases & { readonly riders: Riders },
  context: LoweringContext,
): void {
  const bandRows = rowsInBand(walk, pixelsInBand);
  const positions = tapPositions(walk);
  const rowOfFilter = 4 * walk.output.channels;
  const tables = {
    walk: walkTable(walk, context),
    pixelOffsets: context.table(pixelOffsets(walk, bandRows)),
    taps: context.table(order.flatMap((position, tap) => [positions[tap], position * rowOfFilter])),
    phaseEnds: context.table(phaseEnds),
  };
  context.emit({
    kernel: "depthwise",
    arguments: {
      x,
      filter,
      y,
      ...riders,
      rectify: Number(riders.rectify),
      ...tables,
      bandRows,
      height: shape[1],
      width: shape[2],
      strideHeight: strides[0],
      strideWidth: strides[1],
    },
    chunks: walk.images * Math.ceil(walk.output.height / bandRows),
    reads: [x, filter, ...Object.values(tables), ...buffersOf(riders)],
    writes: [y],
    scratchBytes: windowBytes(walk, bandRows),
  });
}

/** The filter gradient of a depthwise convolution, in `mostParts` copies at most. */
export function emitDepthwiseGradient(
  walk: Walk,
  { x, dy, total }: { readonly x: Buffer; readonly dy: Buffer; readonly total: Buffer },
  mostParts: number,
  context: LoweringContext,
): void {
  const { channels } = walk.output;
  const bandRows = rowsInBand(walk, pixelsInSum);
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const parts = Math.min(bands, mostParts);
  const taps = walk.taps.length;
  const count = taps * channels;
  const partial = parts === 1 ? total : context.temporary(4 * count * parts, "filter gradient parts");
  const pairs = pixelOffsets(walk, bandRows).flatMap((offset, pixel) => [offset, 4 * pixel * channels]);
  const tables = {
    walk: walkTable(walk, context),
    pixels: context.table(pairs),
    offsets: context.table(tapPositions(walk)),
  };
  context.emit({
    kernel: "depthwiseGradient",
    arguments: { x, dy, partial, ...tables, images: walk.images, parts, bandRows, taps },
    chunks: parts,
    reads: [x, dy, ...Object.values(tables)],
    writes: [partial],
    scratchBytes: windowBytes(walk, bandRows),
  });
  if (parts > 1) emitSumOfParts({ partial, total, parts, count }, context);
}
