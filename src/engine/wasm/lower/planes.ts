import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitSumOfParts } from "./matrix.ts";
import { buffersOf, type Riders } from "./riders.ts";
import { rowsInBand, type Walk, walkTable, windowWidth } from "./walk.ts";

/** Output channels up to which vectors run along the image (kernels/planes.ts): with more, a tile's columns hold them. */
const mostOutputs = 6;
/** Input channels beyond which the planes of a few rows would not fit L2. */
const mostInputs = 64;
/** Output columns that are worth a tile of 8. */
const fewestColumns = 6;

/** Whether a walk is made on planes. */
export function prefersPlanes({ input, output, groups, strides }: Walk): boolean {
  const isSmall = output.channels <= mostOutputs && input.channels <= mostInputs;
  return groups === 1 && strides[0] === 1 && strides[1] === 1 && isSmall && output.width >= fewestColumns;
}

/** Where a walk's channels and its filter's lie. */
interface PlaneFilter {
  readonly filter: Buffer;
  /** Position in the filter of each tap. */
  readonly order: readonly number[];
  /** Whether the filter's outputs are what the taps see: an input gradient. */
  readonly turned: boolean;
}

function emitPacking(walk: Walk, { filter, order, turned }: PlaneFilter, context: LoweringContext): Buffer {
  const [seen, made] = [walk.input.channels, walk.output.channels];
  const { rows } = context.tile;
  const tiles = Math.ceil(made / rows);
  const packed = context.temporary(4 * tiles * rows * order.length * seen, "packed filter");
  const table = context.table(order);
  const taps = order.length;
  const [seenStride, madeStride] = turned ? [1, seen] : [made, 1];
  context.emit({
    kernel: "packPlaneFilter",
    arguments: { filter, packed, order: table, taps, seen, seenStride, made, madeStride },
    chunks: tiles,
    reads: [filter, table],
    writes: [packed],
  });
  return packed;
}

/** Images that fill the widest tile. */
const fewestAbreast = 16;
/** Bytes of so many images, side by side, that L2 holds. */
const mostAbreastBytes = 256 * 1024;

/** Whether a walk on planes is better made over images that lie abreast (kernels/abreast-convolution.ts). */
export function prefersAbreast({ images, input, taps, extent }: Walk): boolean {
  const bytes = 4 * fewestAbreast * input.height * input.width * input.channels;
  const isDense = taps.length === extent[0] * extent[1];
  return isDense && images >= fewestAbreast && bytes <= mostAbreastBytes;
}

/** Floats of an image from a pixel to what each k sees, in rows of `pitch` pixels. */
function abreastOffsets({ taps, input }: Walk, pitch: number): number[] {
  return taps.flatMap(({ row, column }) =>
    Array.from({ length: input.channels }, (_, channel) => (row * pitch + column) * input.channels + channel),
  );
}

/** Walks a filter over images that lie abreast. */
export function emitAbreast(
  walk: Walk,
  { x, y, ...filter }: PlaneFilter & { readonly x: Buffer; readonly y: Buffer },
  riders: Riders,
  context: LoweringContext,
): void {
  const packed = emitPacking(walk, filter, context);
  const { images, input, output, extent } = walk;
  const inputFloats = input.height * input.width * input.channels;
  const words = abreastOffsets(walk, input.width);
  const [offsets, table] = [context.table(words), walkTable(walk, context)];
  const { rows, columns } = context.tile;
  const filterFloats = Math.ceil(output.channels / rows) * rows * words.length;
  context.emit({
    kernel: "abreastConvolution",
    arguments: {
      ...{ x, filter: packed, y, ...riders },
      ...{ walk: table, images, offsets, kernelWidth: extent[1] },
    },
    chunks: Math.ceil(images / columns),
    reads: [x, packed, table, offsets, ...buffersOf(riders)],
    writes: [y],
    scratchBytes: 4 * columns * (inputFloats + 4) + aligned(4 * words.length) + 4 * (filterFloats + 4),
  });
}

/** Images that lie abreast in a filter gradient. */
const gradientLanes = 8;
/** Bytes of dy that lie abreast in a band: half of L1. */
const gradientBandBytes = 24 * 1024;

/** Sums the gradient of a filter over images that lie abreast, in `parts` copies at most. */
export function emitAbreastGradient(
  walk: Walk,
  { x, dy, total }: { readonly x: Buffer; readonly dy: Buffer; readonly total: Buffer },
  mostParts: number,
  context: LoweringContext,
): void {
  const { images, input, output, extent, before } = walk;
  const kernelWidth = extent[1];
  // Whole rows of x and of dy; and what a row of x lacks of its padding on the right, the next one has on its left.
  const pitch = Math.max(output.width, before[1] + input.width, output.width + kernelWidth - 1 - before[1]);
  const rowBytes = 4 * gradientLanes * pitch * output.channels;
  const bandRows = Math.min(output.height, Math.max(1, Math.floor(gradientBandBytes / rowBytes)));
  const words = abreastOffsets(walk, pitch);
  const k = words.length;
  const parts = Math.min(Math.ceil(images / gradientLanes), mostParts);
  const count = k * output.channels;
  const partial = parts === 1 ? total : context.temporary(4 * count * parts, "filter gradient parts");
  const [offsets, table] = [context.table([...words, words[k - 1]]), walkTable(walk, context)];
  const { rows } = context.tile;
  const windowFloats = ((bandRows - 1 + extent[0]) * pitch + kernelWidth + 4) * input.channels;
  const gradientFloats = bandRows * pitch * output.channels + rows;
  const sums = Math.ceil(output.channels / rows) * rows * Math.ceil(k / 2) * 2;
  context.emit({
    kernel: "abreastGradient",
    arguments: { x, dy, partial, walk: table, images, parts, bandRows, pitch, kernelWidth, offsets, k },
    chunks: parts,
    reads: [x, dy, table, offsets],
    writes: [partial],
    scratchBytes: 4 * gradientLanes * (windowFloats + gradientFloats + sums),
  });
  if (parts > 1) emitSumOfParts({ partial, total, parts, count }, context);
}

/** Planes begin where no vector of theirs lies in two cache lines. */
const aligned = (bytes: number) => Math.ceil(bytes / 64) * 64;

/** How a band's window lies in planes. */
function planesOf(walk: Walk, pixelsWanted: number) {
  const bandRows = rowsInBand({ ...walk, windowed: true }, pixelsWanted);
  const width = windowWidth(walk);
  // A tile at the end of a plane reads up to a kernel's width and a vector beyond it.
  const padFloats = walk.extent[1] + 16;
  const planeBytes = aligned(4 * (width * (bandRows - 1 + walk.extent[0]) + padFloats));
  const planes = Array.from({ length: walk.input.channels }, (_, channel) => channel * planeBytes);
  const offsets = walk.taps.flatMap(({ row, column }) =>
    planes.map((plane) => plane + 4 * (row * width + column)),
  );
  return { bandRows, planeBytes, padFloats, offsets };
}

/** Walks a filter over planes of the input. */
export function emitPlanes(
  walk: Walk,
  { x, y, ...filter }: PlaneFilter & { readonly x: Buffer; readonly y: Buffer },
  riders: Riders,
  context: LoweringContext,
): void {
  const packed = emitPacking(walk, filter, context);
  const { bandRows, planeBytes, offsets: words } = planesOf(walk, 784);
  const [offsets, table] = [context.table(words), walkTable({ ...walk, windowed: true }, context)];
  const kernelRows = new Set(walk.taps.map(({ row }) => row)).size;
  context.emit({
    kernel: "planeConvolution",
    arguments: {
      x,
      filter: packed,
      y,
      ...riders,
      walk: table,
      offsets,
      k: walk.taps.length * walk.input.channels,
      bandRows,
      planeBytes,
      kernelRows,
      rowStep: kernelRows > 1 ? (walk.extent[0] - 1) / (kernelRows - 1) : 0,
    },
    chunks: walk.images * Math.ceil(walk.output.height / bandRows),
    reads: [x, packed, table, offsets, ...buffersOf(riders)],
    writes: [y],
    scratchBytes: walk.input.channels * planeBytes,
  });
}

/** Sums the gradient of a filter over planes of x and dy, in `parts` copies at most. */
export function emitPlaneGradient(
  walk: Walk,
  { x, dy, total }: { readonly x: Buffer; readonly dy: Buffer; readonly total: Buffer },
  mostParts: number,
  context: LoweringContext,
): void {
  // Half of L1 for the planes of six output channels.
  const { bandRows, planeBytes, padFloats, offsets: words } = planesOf(walk, 448);
  const outputs = walk.output.channels;
  const k = words.length;
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const parts = Math.min(bands, mostParts);
  const partial = parts === 1 ? total : context.temporary(4 * k * outputs * parts, "filter gradient parts");
  const gradientBytes = aligned(4 * (windowWidth(walk) * bandRows + 12));
  const [offsets, table] = [
    context.table([...words, words[k - 1]]),
    walkTable({ ...walk, windowed: true }, context),
  ];
  const { rows, columns } = context.tile;
  const tiles = Math.ceil(outputs / rows) * Math.ceil(k / (columns / 8));
  context.emit({
    kernel: "planeGradient",
    arguments: {
      x,
      dy,
      partial,
      walk: table,
      images: walk.images,
      parts,
      bandRows,
      offsets,
      k,
      planeBytes,
      padFloats,
      gradientBytes,
    },
    chunks: parts,
    reads: [x, dy, table, offsets],
    writes: [partial],
    scratchBytes: walk.input.channels * planeBytes + outputs * gradientBytes + 4 * tiles * rows * columns,
  });
  if (parts > 1) emitSumOfParts({ partial, total, parts, count: k * outputs }, context);
}
