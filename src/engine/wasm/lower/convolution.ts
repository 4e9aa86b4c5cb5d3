import type { Convolution2dAttributes, Node } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { Buffer, Lowering, LoweringContext } from "./lowering.ts";
import { emitProduct, emitSumOfParts } from "./matrix.ts";
import { buffersOf, type Epilogue, noRiders, type Riders, ridersOf } from "./riders.ts";
import { emitWinograd } from "./winograd.ts";
import { emitWinogradFilterGradient } from "./winograd-gradient.ts";
import { minimalFiltering, minimalFilteringOfGradient, prefersWinograd } from "./winograd-tiling.ts";

/** A walk of a kernel over an input, in the words of kernels/window.ts; an input gradient is one over dy. */
interface Walk {
  readonly images: number;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly output: { readonly height: number; readonly width: number; readonly channels: number };
  readonly kernel: { readonly height: number; readonly width: number };
  readonly groups: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows above and columns left of the input; less than 0 where the walk starts inside. */
  readonly before: readonly [number, number];
  readonly insert: readonly [number, number];
  /** Whether the input is read from a copy in scratch. */
  readonly windowed: boolean;
}

const extent = (size: number, dilation: number) => (size - 1) * dilation + 1;

/** The walk of a convolution over its input. */
function forwardWalk(x: Shape, filter: Shape, y: Shape, attributes: Convolution2dAttributes): Walk {
  const { padding, strides, dilations, groups } = attributes;
  const padded = padding.top + padding.bottom + padding.left + padding.right > 0;
  return {
    images: x[0],
    input: { height: x[1], width: x[2], channels: x[3] },
    output: { height: y[1], width: y[2], channels: y[3] },
    kernel: { height: filter[0], width: filter[1] },
    groups,
    strides,
    dilations,
    before: [padding.top, padding.left],
    insert: [1, 1],
    windowed: padded || groups > 1,
  };
}

/** The walk of an input gradient over dy: zeros between its pixels undo the stride, and the padding is turned inside out. */
function backwardWalk(dy: Shape, filter: Shape, dx: Shape, attributes: Convolution2dAttributes): Walk {
  const { padding, strides, dilations, groups } = attributes;
  return {
    images: dy[0],
    input: { height: dy[1], width: dy[2], channels: dy[3] },
    output: { height: dx[1], width: dx[2], channels: dx[3] },
    kernel: { height: filter[0], width: filter[1] },
    groups,
    strides: [1, 1],
    dilations,
    before: [
      extent(filter[0], dilations[0]) - 1 - padding.top,
      extent(filter[1], dilations[1]) - 1 - padding.left,
    ],
    insert: strides,
    windowed: true,
  };
}

/** Columns that a row of outputs sees. */
function windowWidth({ output, kernel, strides, dilations }: Walk): number {
  return (output.width - 1) * strides[1] + extent(kernel.width, dilations[1]);
}

/** Bytes from row to row, and from pixel to pixel, of what the kernel reads. */
function steps(walk: Walk): { readonly row: number; readonly pixel: number } {
  const pixel = 4 * (walk.windowed ? walk.input.channels / walk.groups : walk.input.channels);
  return { pixel, row: pixel * (walk.windowed ? windowWidth(walk) : walk.input.width) };
}

/** Scratch for the window of `rows` output rows, with room for a vector beyond its end. */
function windowBytes(walk: Walk, rows: number): number {
  if (!walk.windowed) return 0;
  return (
    ((rows - 1) * walk.strides[0] + extent(walk.kernel.height, walk.dilations[0])) * steps(walk).row + 128
  );
}

/** The `Walk` record of kernels/window.ts. */
function walkTable(walk: Walk, context: LoweringContext): Buffer {
  const { input, output, groups, strides, before, insert, kernel, dilations } = walk;
  return context.table([
    ...[input.height, input.width, input.channels, output.height, output.width, output.channels],
    ...[groups, input.channels / groups, output.channels / groups, ...strides, ...before, ...insert],
    extent(kernel.height, dilations[0]),
    walk.windowed ? windowWidth(walk) : 0,
  ]);
}

/** Byte offset of each (kernel row, kernel column, channel) from a pixel's first input position. */
function kernelOffsets(walk: Walk): number[] {
  const { row, pixel } = steps(walk);
  const offsets: number[] = [];
  for (let i = 0; i < walk.kernel.height; i++) {
    for (let j = 0; j < walk.kernel.width; j++) {
      const position = i * walk.dilations[0] * row + j * walk.dilations[1] * pixel;
      for (let c = 0; c < walk.input.channels / walk.groups; c++) offsets.push(position + 4 * c);
    }
  }
  return offsets;
}

/** Output rows that are worked on at a time: enough pixels to use a block of the filter well, and a window that fits L2. */
function rowsInBand(walk: Walk, pixelsWanted: number): number {
  const rows = Math.max(1, Math.round(pixelsWanted / walk.output.width));
  const fitting = Math.max(1, Math.floor((192 * 1024) / (walk.strides[0] * steps(walk).row)));
  return Math.min(walk.output.height, rows, fitting);
}

/** Packs a filter, turned around for an input gradient, and walks it over the input. */
function emitWalk(
  walk: Walk,
  buffers: { readonly x: Buffer; readonly filter: Buffer; readonly y: Buffer },
  { turn, riders }: { readonly turn: boolean; readonly riders: Riders },
  context: LoweringContext,
): void {
  const { x, filter, y } = buffers;
  const tileColumns = context.tile.columns;
  const { groups, input, output, kernel } = walk;
  const positions = kernel.height * kernel.width;
  const k = (positions * input.channels) / groups;
  const panels = Math.ceil(output.channels / groups / tileColumns);
  const packed = context.temporary(4 * groups * panels * tileColumns * k, "packed filter");
  const groupInput = (turn ? output.channels : input.channels) / groups;
  const groupOutput = (turn ? input.channels : output.channels) / groups;
  context.emit({
    kernel: "packFilter",
    arguments: { filter, packed, positions, groups, groupInput, groupOutput, turn: Number(turn) },
    chunks: groups * panels,
    reads: [filter],
    writes: [packed],
  });
  // 256 pixels use a block of the filter often enough; images of 28 x 28 are done whole.
  const bandRows = rowsInBand(walk, 784);
  const table = walkTable(walk, context);
  const offsets = context.table(kernelOffsets(walk));
  context.emit({
    kernel: "convolution",
    arguments: {
      x,
      filter: packed,
      y,
      ...riders,
      rectify: Number(riders.rectify),
      walk: table,
      offsets,
      k,
      bandRows,
    },
    chunks: walk.images * Math.ceil(output.height / bandRows),
    reads: [x, packed, table, offsets, ...buffersOf(riders)],
    writes: [y],
    scratchBytes: windowBytes(walk, bandRows),
  });
}

/** 1 x 1, stride 1, no padding, one group: a plain matrix product over the pixels. */
function isPointwise(filter: Shape, { strides, padding, groups }: Convolution2dAttributes): boolean {
  const padded = padding.top + padding.bottom + padding.left + padding.right > 0;
  return (
    filter[0] === 1 && filter[1] === 1 && strides[0] === 1 && strides[1] === 1 && groups === 1 && !padded
  );
}

const pixelsOf = (shape: Shape) => shape[0] * shape[1] * shape[2];

/** A convolution with what is fused to it. */
export function lowerConvolution(node: Node<"conv2d">, epilogue: Epilogue, context: LoweringContext): void {
  const [x, filter] = node.inputs;
  const target = context.buffer(epilogue.target);
  const riders = ridersOf(epilogue, context);
  if (isPointwise(filter.shape, node.attributes)) {
    context.describe("pointwise, matrix product");
    const [m, n, k] = [pixelsOf(x.shape), node.shape[3], x.shape[3]];
    const operands = { a: context.buffer(x), b: context.buffer(filter), c: target };
    emitProduct({ ...operands, m, n, k, transposeA: false, transposeB: false, ...riders }, context);
    return;
  }
  const buffers = { x: context.buffer(x), filter: context.buffer(filter), y: target };
  if (prefersWinograd(filter.shape, node.attributes, node.shape, context)) {
    const [size] = filter.shape;
    context.describe(`Winograd ${minimalFiltering(size)}`);
    const { top: padTop, left: padLeft } = node.attributes.padding;
    const tiled = { input: x.shape, output: node.shape, size, padTop, padLeft };
    emitWinograd(tiled, buffers, { turn: false, riders }, context);
    return;
  }
  context.describe("implicit matrix product");
  const walk = forwardWalk(x.shape, filter.shape, node.shape, node.attributes);
  emitWalk(walk, buffers, { turn: false, riders }, context);
}

export const lowerConv2d: Lowering<"conv2d"> = (node, context) =>
  lowerConvolution(node, { bias: null, rectify: false, target: node }, context);

/** The gradient of a convolution's input with what is fused to it. */
export function lowerInputGradient(
  node: Node<"conv2dInputGradient">,
  epilogue: Epilogue,
  context: LoweringContext,
): void {
  const [dy, filter] = node.inputs;
  const dx = context.buffer(epilogue.target);
  const riders = ridersOf(epilogue, context);
  if (isPointwise(filter.shape, node.attributes)) {
    context.describe("pointwise, matrix product");
    const [m, n, k] = [pixelsOf(node.shape), node.shape[3], dy.shape[3]];
    const operands = { a: context.buffer(dy), b: context.buffer(filter), c: dx };
    const product = { ...operands, m, n, k, transposeA: false, transposeB: true, ...riders };
    emitProduct(product, context);
    return;
  }
  const walk = backwardWalk(dy.shape, filter.shape, node.shape, node.attributes);
  const buffers = { x: context.buffer(dy), filter: context.buffer(filter), y: dx };
  if (prefersWinograd(filter.shape, node.attributes, node.shape, context)) {
    const [size] = filter.shape;
    context.describe(`Winograd ${minimalFiltering(size)}, turned kernel`);
    const [padTop, padLeft] = walk.before;
    const tiled = { input: dy.shape, output: node.shape, size, padTop, padLeft };
    emitWinograd(tiled, buffers, { turn: true, riders }, context);
    return;
  }
  context.describe("implicit matrix product, turned kernel");
  emitWalk(walk, buffers, { turn: true, riders }, context);
}

export const lowerConv2dInputGradient: Lowering<"conv2dInputGradient"> = (node, context) =>
  lowerInputGradient(node, { bias: null, rectify: false, target: node }, context);

/** Byte offset of each pixel of a band from the band's first input position. */
function pixelOffsets(walk: Walk, rows: number): number[] {
  const { row, pixel } = steps(walk);
  const offsets: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < walk.output.width; j++)
      offsets.push(i * walk.strides[0] * row + j * walk.strides[1] * pixel);
  }
  return offsets;
}

/** Stretches of k without gaps: whole kernel rows, or single positions where the kernel is dilated across. */
function runsOf(walk: Walk): { readonly offsets: number[]; readonly length: number } {
  const { row, pixel } = steps(walk);
  const channels = walk.input.channels / walk.groups;
  const rows = Array.from({ length: walk.kernel.height }, (_, i) => i * walk.dilations[0] * row);
  // Read in place, the channels of a pixel are its run only if the pixel holds no others.
  if (walk.dilations[1] === 1) return { offsets: rows, length: walk.kernel.width * channels };
  const columns = Array.from({ length: walk.kernel.width }, (_, j) => j * walk.dilations[1] * pixel);
  return { offsets: rows.flatMap((offset) => columns.map((column) => offset + column)), length: channels };
}

/** Copies of the gradient that images are summed into side by side; all of them together stay below this. */
const partialBytes = 8 * 1024 * 1024;

export const lowerConv2dFilterGradient: Lowering<"conv2dFilterGradient"> = (node, context) => {
  const [x, dy] = node.inputs;
  const { filterShape } = node.attributes;
  if (isPointwise(filterShape, node.attributes)) {
    context.describe("pointwise, matrix product");
    const [m, n, k] = [x.shape[3], dy.shape[3], pixelsOf(x.shape)];
    const operands = { a: context.buffer(x), b: context.buffer(dy), c: context.buffer(node) };
    const product = { ...operands, m, n, k, transposeA: true, transposeB: false, ...noRiders };
    emitProduct(product, context);
    return;
  }
  if (prefersWinograd(filterShape, node.attributes, dy.shape, context)) {
    const [size] = filterShape;
    context.describe(`Winograd ${minimalFilteringOfGradient(size)}`);
    const { top: padTop, left: padLeft } = node.attributes.padding;
    const tiled = { input: x.shape, output: dy.shape, size, padTop, padLeft };
    const buffers = { x: context.buffer(x), dy: context.buffer(dy), gradient: context.buffer(node) };
    emitWinogradFilterGradient(tiled, buffers, context);
    return;
  }
  context.describe("implicit matrix product, transposed patches");
  const walk = forwardWalk(x.shape, filterShape, dy.shape, node.attributes);
  const runs = runsOf(walk);
  const count = filterShape.reduce((product, size) => product * size, 1);
  const parts = Math.max(1, Math.min(walk.images, 32, Math.floor(partialBytes / (4 * count))));
  // Few parts would leave threads idle: then the runs are shared out too.
  const shares = parts >= 8 ? 1 : runs.offsets.length;
  const bandRows = rowsInBand(walk, 256);
  const partial =
    parts === 1 ? context.buffer(node) : context.temporary(4 * count * parts, "filter gradient parts");
  const tables = [
    walkTable(walk, context),
    context.table(pixelOffsets(walk, bandRows)),
    context.table(runs.offsets),
  ];
  context.emit({
    kernel: "filterGradient",
    arguments: {
      x: context.buffer(x),
      dy: context.buffer(dy),
      partial,
      walk: tables[0],
      images: walk.images,
      parts,
      bandRows,
      pixelOffsets: tables[1],
      runs: runs.offsets.length,
      runOffsets: tables[2],
      runLength: runs.length,
      shares,
    },
    chunks: parts * shares,
    reads: [context.buffer(x), context.buffer(dy), ...tables],
    writes: [partial],
    scratchBytes: windowBytes(walk, bandRows),
  });
  if (parts > 1) emitSumOfParts({ partial, total: context.buffer(node), parts, count }, context);
};
