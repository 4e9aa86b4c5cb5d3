import type { Convolution2dAttributes, Padding2d } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";

/** A place of the kernel, in pixels of the window from a pixel's first. */
export interface Tap {
  readonly row: number;
  readonly column: number;
}

/** A walk of a kernel over an input, in the words of kernels/window.ts; an input gradient is one over dy. */
export interface Walk {
  readonly images: number;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly output: { readonly height: number; readonly width: number; readonly channels: number };
  readonly groups: number;
  readonly strides: readonly [number, number];
  /** Rows above and columns left of the input; less than 0 where the walk starts inside. */
  readonly before: readonly [number, number];
  /** Rows and columns that a pixel sees. */
  readonly extent: readonly [number, number];
  /** In the order in which the filter is packed. */
  readonly taps: readonly Tap[];
  /** Whether the input is read from a copy in scratch. */
  readonly windowed: boolean;
}

/** A walk that writes an input gradient: its outputs stand for all pixels of dx that lie in one place modulo the strides. */
export interface GradientWalk extends Walk {
  /** Position in the filter of each tap; they are ordered by phase. */
  readonly order: readonly number[];
  /** Where the taps of each phase end, for the phases in the order of their rows and columns. */
  readonly phaseEnds: readonly number[];
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Rows or columns that a dilated kernel spans. */
export const extentOf = (size: number, dilation: number) => (size - 1) * dilation + 1;

export const isPadded = ({ top, bottom, left, right }: Padding2d) => top + bottom + left + right > 0;

/** The walk of a convolution over its input. */
export function forwardWalk(x: Shape, filter: Shape, y: Shape, attributes: Convolution2dAttributes): Walk {
  const { padding, strides, dilations, groups } = attributes;
  return {
    images: x[0],
    input: { height: x[1], width: x[2], channels: x[3] },
    output: { height: y[1], width: y[2], channels: y[3] },
    groups,
    strides,
    before: [padding.top, padding.left],
    extent: [extentOf(filter[0], dilations[0]), extentOf(filter[1], dilations[1])],
    taps: range(filter[0]).flatMap((i) =>
      range(filter[1]).map((j) => ({ row: i * dilations[0], column: j * dilations[1] })),
    ),
    windowed: isPadded(padding),
  };
}

/** One axis of an input gradient: which pixels of dy, from pixel q on, the taps of each phase see. */
interface PhasedAxis {
  /** For each phase, its taps and the pixel of dy that each sees, from the window's first. */
  readonly phases: readonly (readonly { readonly tap: number; readonly shift: number }[])[];
  readonly before: number;
  readonly extent: number;
}

function phasedAxis(size: number, stride: number, dilation: number, padding: number): PhasedAxis {
  const phases = range(stride).map((phase) =>
    range(size)
      .map((tap) => ({ tap, shift: (phase + padding - tap * dilation) / stride }))
      .filter(({ shift }) => Number.isInteger(shift))
      .sort((a, b) => a.shift - b.shift),
  );
  const shifts = phases.flat().map(({ shift }) => shift);
  const first = Math.min(...shifts);
  return {
    phases: phases.map((taps) => taps.map(({ tap, shift }) => ({ tap, shift: shift - first }))),
    before: -first,
    extent: Math.max(...shifts) - first + 1,
  };
}

/** The walk of an input gradient over dy; with a stride of 1 it is a single phase, with the kernel turned around. */
export function gradientWalk(
  dy: Shape,
  filter: Shape,
  dx: Shape,
  { padding, strides, dilations, groups }: Convolution2dAttributes,
): GradientWalk {
  const down = phasedAxis(filter[0], strides[0], dilations[0], padding.top);
  const across = phasedAxis(filter[1], strides[1], dilations[1], padding.left);
  const phases = down.phases.flatMap((rows) =>
    across.phases.map((columns) => rows.flatMap((row) => columns.map((column) => ({ row, column })))),
  );
  let taken = 0;
  const output = {
    height: Math.ceil(dx[1] / strides[0]),
    width: Math.ceil(dx[2] / strides[1]),
    channels: dx[3],
  };
  const isInside =
    down.before === 0 &&
    across.before === 0 &&
    output.height + down.extent - 1 <= dy[1] &&
    output.width + across.extent - 1 <= dy[2];
  return {
    images: dy[0],
    input: { height: dy[1], width: dy[2], channels: dy[3] },
    output,
    groups,
    strides: [1, 1],
    before: [down.before, across.before],
    extent: [down.extent, across.extent],
    taps: phases.flat().map(({ row, column }) => ({ row: row.shift, column: column.shift })),
    windowed: !isInside,
    order: phases.flat().map(({ row, column }) => row.tap * filter[1] + column.tap),
    phaseEnds: phases.map((taps) => {
      taken += taps.length;
      return taken;
    }),
  };
}

/** Columns that a row of outputs sees. */
export const windowWidth = ({ output, strides, extent }: Walk) => (output.width - 1) * strides[1] + extent[1];

/** Bytes from row to row of what the kernel reads. */
const rowBytes = (walk: Walk) =>
  4 * walk.input.channels * (walk.windowed ? windowWidth(walk) : walk.input.width);

/** Scratch for the window of `rows` output rows, with room for a vector beyond its end. */
export function windowBytes(walk: Walk, rows: number): number {
  if (!walk.windowed) return 0;
  return Math.ceil((((rows - 1) * walk.strides[0] + walk.extent[0]) * rowBytes(walk) + 16) / 64) * 64;
}

/** The `Walk` record of kernels/window.ts. */
export function walkTable(walk: Walk, context: LoweringContext): Buffer {
  const { input, output, groups, strides, before, extent } = walk;
  return context.table([
    ...[input.height, input.width, input.channels, output.height, output.width, output.channels],
    ...[groups, input.channels / groups, output.channels / groups, strides[0], ...before, extent[0]],
    walk.windowed ? windowWidth(walk) : 0,
  ]);
}

/** Byte offset of each tap from a pixel's first input position. */
export function tapPositions(walk: Walk): number[] {
  return walk.taps.map(({ row, column }) => row * rowBytes(walk) + column * 4 * walk.input.channels);
}

/** Byte offset of each (tap, channel of a group) from a pixel's first input position. */
export function tapOffsets(walk: Walk): number[] {
  const channels = range(walk.input.channels / walk.groups);
  return tapPositions(walk).flatMap((position) => channels.map((channel) => position + 4 * channel));
}

/** Byte offset of each pixel of a band from the band's first input position. */
export function pixelOffsets(walk: Walk, rows: number): number[] {
  const columns = range(walk.output.width).map((j) => j * walk.strides[1] * 4 * walk.input.channels);
  return range(rows).flatMap((i) => columns.map((column) => i * walk.strides[0] * rowBytes(walk) + column));
}

/** Chunks that a call is cut into where its size allows: enough for several threads to end at the same time. */
const wantedChunks = 16;
/** A band of fewer pixels would read the filter too often for what it does with it. */
const fewestPixels = 96;
/** What a band's window may take: less than half of a 512 KiB L2 cache. */
const largestWindow = 192 * 1024;

/**
 * Output rows that are worked on at a time: enough pixels to use the filter well, a window that fits L2, and bands enough
 * for several threads.
 */
export function rowsInBand(walk: Walk, pixelsWanted: number): number {
  const { height, width } = walk.output;
  const bands = Math.ceil(wantedChunks / walk.images);
  const pixels = Math.min(pixelsWanted, Math.max(fewestPixels, (height * width) / bands));
  const fitting = Math.floor(largestWindow / (walk.strides[0] * rowBytes(walk)));
  const rows = Math.min(height, Math.max(1, Math.min(Math.round(pixels / width), fitting)));
  // Bands of much the same size.
  return Math.ceil(height / Math.ceil(height / rows));
}

/** Output channels of a group in a chunk, a multiple of all tiles' columns: fewer where `chunks` would leave threads idle. */
export function columnsInChunk(walk: Walk, chunks: number): number {
  const columns = walk.output.channels / walk.groups;
  const shares = Math.min(Math.ceil(wantedChunks / chunks), Math.ceil(columns / 64));
  return Math.ceil(columns / shares / 16) * 16;
}

/** The part of a packed filter that stays in an L2 cache while one band after the other is convolved with it. */
const stripBytes = 512 * 1024;

/** As `columnsInChunk`, and fewer where all of a large packed filter would be read again for each of several bands. */
export function columnsInStrip(walk: Walk, bands: number): number {
  const columns = walk.output.channels / walk.groups;
  const filterBytes = (4 * columns * walk.taps.length * walk.input.channels) / walk.groups;
  const usual = columnsInChunk(walk, bands);
  if (bands === 1 || filterBytes <= 6 * stripBytes) return usual;
  const strips = Math.ceil(filterBytes / stripBytes);
  return Math.min(usual, Math.max(32, Math.ceil(columns / strips / 16) * 16));
}
