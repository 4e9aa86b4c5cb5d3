import type { Convolution2dAttributes, Node } from "../../../graph/index.ts";
import { type Shape, sizeOf, stridesOf } from "../../../tensor/index.ts";
import { mergeAxes } from "./axes.ts";
import { prefersWinograd, prefersWinogradGradient } from "./convolution-cost.ts";
import { depthwiseName, emitDepthwise, emitDepthwiseGradient, emitTurn, isDepthwise } from "./depthwise.ts";
import type { Buffer, Lowering, LoweringContext } from "./lowering.ts";
import { emitProduct, emitSumOfParts } from "./matrix.ts";
import {
  emitAbreast,
  emitAbreastGradient,
  emitPlaneGradient,
  emitPlanes,
  prefersAbreast,
  prefersPlanes,
} from "./planes.ts";
import { buffersOf, type Epilogue, noRiders, type Riders, ridersOf } from "./riders.ts";
import { emitCopy } from "./shape.ts";
import {
  columnsInChunk,
  columnsInStrip,
  forwardWalk,
  type GradientWalk,
  gradientWalk,
  isPadded,
  pixelOffsets,
  rowsInBand,
  tapOffsets,
  type Walk,
  walkTable,
  windowBytes,
} from "./walk.ts";
import { emitWinograd } from "./winograd.ts";
import { emitWinogradFilterGradient } from "./winograd-gradient.ts";
import { minimalFiltering, minimalFilteringOfGradient } from "./winograd-tiling.ts";

interface Operands {
  readonly x: Buffer;
  readonly filter: Buffer;
  readonly y: Buffer;
}

/** Packs a filter for a walk; for an input gradient with inputs and outputs exchanged, and the taps in the order given. */
function emitPacking(
  walk: Walk,
  { filter, order }: { readonly filter: Buffer; readonly order: readonly number[] | null },
  context: LoweringContext,
): Buffer {
  const tileColumns = context.tile.columns;
  const { groups, taps } = walk;
  const [seen, made] = [walk.input.channels / groups, walk.output.channels / groups];
  const panels = Math.ceil(made / tileColumns);
  const bytes = 4 * groups * panels * tileColumns * taps.length * seen;
  const packed = context.temporary(bytes, "packed filter");
  const table = order === null ? null : context.table(order);
  const [groupInput, groupOutput] = order === null ? [seen, made] : [made, seen];
  context.emit({
    kernel: "packFilter",
    arguments: { filter, packed, positions: taps.length, groups, groupInput, groupOutput, order: table },
    chunks: groups * panels,
    reads: table === null ? [filter] : [filter, table],
    writes: [packed],
  });
  return packed;
}

/** What all walks over patches hand to their kernel. */
function patchesOf(walk: Walk, bandRows: number, context: LoweringContext) {
  const tables = {
    walk: walkTable(walk, context),
    pixelOffsets: context.table(pixelOffsets(walk, bandRows)),
    offsets: context.table(tapOffsets(walk)),
  };
  const k = (walk.taps.length * walk.input.channels) / walk.groups;
  return { tables, arguments: { ...tables, k, bandRows } };
}

/** Walks a packed filter over the input. */
function emitWalk(walk: Walk, { x, filter, y }: Operands, riders: Riders, context: LoweringContext): void {
  // 256 pixels use a block of the filter often enough; images of 28 x 28 are done whole.
  const bandRows = rowsInBand(walk, 784);
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const columns = columnsInStrip(walk, bands);
  const patches = patchesOf(walk, bandRows, context);
  context.emit({
    kernel: "convolution",
    arguments: {
      x,
      filter,
      y,
      ...riders,
      ...patches.arguments,
      bandCount: bands,
      columns,
    },
    chunks: bands * Math.ceil(walk.output.channels / walk.groups / columns),
    reads: [x, filter, ...Object.values(patches.tables), ...buffersOf(riders)],
    writes: [y],
    scratchBytes: windowBytes(walk, bandRows),
  });
}

/** Walks over dy once for each phase of dx. */
function emitPhases(
  walk: GradientWalk,
  { x: dy, filter, y: dx }: Operands,
  {
    shape,
    strides,
    riders,
  }: { readonly shape: Shape; readonly strides: readonly [number, number]; readonly riders: Riders },
  context: LoweringContext,
): void {
  // The block of a phase takes scratch beside the window.
  const bandRows = rowsInBand(walk, 256);
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const columns = columnsInStrip(walk, bands);
  const patches = patchesOf(walk, bandRows, context);
  const perTap = walk.input.channels / walk.groups;
  const phaseEnds = context.table(walk.phaseEnds.map((end) => end * perTap));
  const [height, width] = [shape[1], shape[2]];
  const window = windowBytes(walk, bandRows);
  context.emit({
    kernel: "stridedGradient",
    arguments: {
      dy,
      filter,
      dx,
      ...riders,
      ...patches.arguments,
      bandCount: bands,
      columns,
      height,
      width,
      strideHeight: strides[0],
      strideWidth: strides[1],
      phaseEnds,
      windowBytes: window,
    },
    chunks: bands * Math.ceil(walk.output.channels / walk.groups / columns),
    reads: [dy, filter, phaseEnds, ...Object.values(patches.tables), ...buffersOf(riders)],
    writes: [dx],
    scratchBytes: window + 4 * bandRows * walk.output.width * columns + 64,
  });
}

/** 1 x 1, no padding, one group: a matrix product over the pixels that are seen. */
function isPointwise(filter: Shape, { padding, groups }: Convolution2dAttributes): boolean {
  return filter[0] === 1 && filter[1] === 1 && groups === 1 && !isPadded(padding);
}

const isDense = ({ strides }: Convolution2dAttributes) => strides[0] === 1 && strides[1] === 1;

/** Output channels that are worth a copy of the pixels seen. */
const fewestForCopy = 32;

/** Whether a convolution and its filter's gradient are matrix products, of a copy of x where there is a stride. */
function isProduct(filter: Shape, attributes: Convolution2dAttributes): boolean {
  return isPointwise(filter, attributes) && (isDense(attributes) || filter[3] >= fewestForCopy);
}

/** x with the pixels side by side that a pointwise convolution sees: a copy where it has a stride. */
function pixelsSeen(
  x: Node,
  [, height, width]: Shape,
  attributes: Convolution2dAttributes,
  context: LoweringContext,
): Buffer {
  const source = context.buffer(x);
  context.describe(`pointwise, matrix product${isDense(attributes) ? "" : " of the pixels seen"}`);
  if (isDense(attributes)) return source;
  const [down, across] = attributes.strides;
  const [perImage, perRow, perPixel, perChannel] = stridesOf(x.shape);
  const seen = [x.shape[0], height, width, x.shape[3]];
  const target = context.temporary(4 * sizeOf(seen), "pixels seen");
  const strides = [perImage, down * perRow, across * perPixel, perChannel];
  emitCopy(context, { source, target }, mergeAxes(seen, [strides, stridesOf(seen)]));
  return target;
}

/** A walk with few output channels, which do not fill vectors: pixels do, or, of small images, several images. */
function emitFewOutputs(
  walk: Walk,
  name: string,
  operands: Parameters<typeof emitPlanes>[1],
  riders: Riders,
  context: LoweringContext,
): void {
  const isAbreast = prefersAbreast(walk);
  context.describe(`${name}, ${isAbreast ? "across images" : "along the image"}`);
  (isAbreast ? emitAbreast : emitPlanes)(walk, operands, riders, context);
}

const sizeName = (filter: Shape) => `${filter[0]}x${filter[1]}`;

/** Positions of the taps of a forward walk. */
const inOrder = ({ taps }: Walk) => taps.map((_, tap) => tap);

const pixelsOf = (shape: Shape) => shape[0] * shape[1] * shape[2];

/** Has a result computed that can only be written in one stretch; a part of something wider is copied to its place. */
function inOneStretch(
  node: Node,
  y: Buffer,
  riders: Riders,
  context: LoweringContext,
  emit: (y: Buffer, riders: Riders) => void,
): void {
  const { yStride } = riders;
  if (yStride === null) {
    emit(y, riders);
    return;
  }
  const source = context.temporary(4 * sizeOf(node.shape), "result before it is placed");
  emit(source, { ...riders, yStride: null });
  const channels = node.shape[3];
  const strides = [
    [channels, 1],
    [yStride, 1],
  ];
  emitCopy(context, { source, target: y }, mergeAxes([pixelsOf(node.shape), channels], strides));
}

/** A convolution with what is fused to it. */
export function lowerConvolution(node: Node<"conv2d">, epilogue: Epilogue, context: LoweringContext): void {
  const [x, filter] = node.inputs;
  const target = context.buffer(epilogue.target);
  const riders = ridersOf(epilogue, context);
  if (isProduct(filter.shape, node.attributes)) {
    const [m, n, k] = [pixelsOf(node.shape), node.shape[3], x.shape[3]];
    const a = pixelsSeen(x, node.shape, node.attributes, context);
    const operands = { a, b: context.buffer(filter), c: target };
    emitProduct({ ...operands, m, n, k, transposeA: false, transposeB: false, ...riders }, context);
    return;
  }
  const buffers = { x: context.buffer(x), filter: context.buffer(filter), y: target };
  const walk = forwardWalk(x.shape, filter.shape, node.shape, node.attributes);
  if (prefersPlanes(walk)) {
    inOneStretch(node, buffers.y, riders, context, (y, own) => {
      const operands = { ...buffers, y, order: inOrder(walk), turned: false };
      emitFewOutputs(walk, `direct, ${sizeName(filter.shape)}`, operands, own, context);
    });
    return;
  }
  const [size] = filter.shape;
  const { top: padTop, left: padLeft } = node.attributes.padding;
  const tiled = { input: x.shape, output: node.shape, size, padTop, padLeft };
  if (prefersWinograd(tiled, filter.shape, node.attributes, context)) {
    context.describe(`Winograd ${minimalFiltering(size)}`);
    emitWinograd(tiled, buffers, { turn: false, riders }, context);
    return;
  }
  if (isDepthwise(walk)) {
    context.describe(`${depthwiseName(walk)}, ${sizeName(filter.shape)}`);
    const single = { order: inOrder(walk), phaseEnds: [walk.taps.length], strides: [1, 1] } as const;
    inOneStretch(node, buffers.y, riders, context, (y, own) => {
      emitDepthwise(walk, { ...buffers, y }, { ...single, shape: node.shape, riders: own }, context);
    });
    return;
  }
  context.describe("implicit matrix product");
  const packed = emitPacking(walk, { filter: buffers.filter, order: null }, context);
  emitWalk(walk, { ...buffers, filter: packed }, riders, context);
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
  if (isPointwise(filter.shape, node.attributes) && isDense(node.attributes)) {
    context.describe("pointwise, matrix product");
    const [m, n, k] = [pixelsOf(node.shape), node.shape[3], dy.shape[3]];
    const operands = { a: context.buffer(dy), b: context.buffer(filter), c: dx };
    const product = { ...operands, m, n, k, transposeA: false, transposeB: true, ...riders };
    emitProduct(product, context);
    return;
  }
  const walk = gradientWalk(dy.shape, filter.shape, node.shape, node.attributes);
  const buffers = { x: context.buffer(dy), filter: context.buffer(filter), y: dx };
  const { strides } = node.attributes;
  if (walk.phaseEnds.length === 1 && prefersPlanes(walk)) {
    const operands = { ...buffers, order: walk.order, turned: true };
    emitFewOutputs(walk, `direct, ${sizeName(filter.shape)}, turned kernel`, operands, riders, context);
    return;
  }
  const [size] = filter.shape;
  const [padTop, padLeft] = walk.before;
  const tiled = { input: dy.shape, output: node.shape, size, padTop, padLeft };
  if (prefersWinograd(tiled, filter.shape, node.attributes, context)) {
    context.describe(`Winograd ${minimalFiltering(size)}, turned kernel`);
    emitWinograd(tiled, buffers, { turn: true, riders }, context);
    return;
  }
  if (isDepthwise(walk)) {
    const phases = walk.phaseEnds.length === 1 ? "turned kernel" : `phases of stride ${strides.join("x")}`;
    context.describe(`${depthwiseName(walk)}, ${sizeName(filter.shape)}, ${phases}`);
    const turned = emitTurn(walk, { filter: buffers.filter, taps: walk.taps.length }, context);
    emitDepthwise(
      walk,
      { ...buffers, filter: turned },
      { ...walk, shape: node.shape, strides, riders },
      context,
    );
    return;
  }
  const packed = emitPacking(walk, { filter: buffers.filter, order: walk.order }, context);
  if (walk.phaseEnds.length === 1) {
    context.describe("implicit matrix product, turned kernel");
    emitWalk(walk, { ...buffers, filter: packed }, riders, context);
  } else {
    context.describe(`implicit matrix product, phases of stride ${strides.join("x")}`);
    emitPhases(walk, { ...buffers, filter: packed }, { shape: node.shape, strides, riders }, context);
  }
}

export const lowerConv2dInputGradient: Lowering<"conv2dInputGradient"> = (node, context) =>
  lowerInputGradient(node, { bias: null, rectify: false, target: node }, context);

/** Copies of the gradient that bands are summed into side by side; all of them together stay below this. */
const partialBytes = 8 * 1024 * 1024;
const largestParts = 32;

export const lowerConv2dFilterGradient: Lowering<"conv2dFilterGradient"> = (node, context) => {
  const [x, dy] = node.inputs;
  const { filterShape } = node.attributes;
  if (isProduct(filterShape, node.attributes)) {
    const [m, n, k] = [x.shape[3], dy.shape[3], pixelsOf(dy.shape)];
    const a = pixelsSeen(x, dy.shape, node.attributes, context);
    const operands = { a, b: context.buffer(dy), c: context.buffer(node) };
    const product = { ...operands, m, n, k, transposeA: true, transposeB: false, ...noRiders };
    emitProduct(product, context);
    return;
  }
  const walk = forwardWalk(x.shape, filterShape, dy.shape, node.attributes);
  if (prefersPlanes(walk)) {
    const isAbreast = prefersAbreast(walk);
    context.describe(`direct, ${sizeName(filterShape)}, ${isAbreast ? "across images" : "along the image"}`);
    const buffers = { x: context.buffer(x), dy: context.buffer(dy), total: context.buffer(node) };
    (isAbreast ? emitAbreastGradient : emitPlaneGradient)(walk, buffers, largestParts, context);
    return;
  }
  const [size] = filterShape;
  const { top: padTop, left: padLeft } = node.attributes.padding;
  const tiled = { input: x.shape, output: dy.shape, size, padTop, padLeft };
  if (prefersWinogradGradient(tiled, filterShape, node.attributes, context)) {
    context.describe(`Winograd ${minimalFilteringOfGradient(size)}`);
    const buffers = { x: context.buffer(x), dy: context.buffer(dy), gradient: context.buffer(node) };
    emitWinogradFilterGradient(tiled, buffers, context);
    return;
  }
  if (isDepthwise(walk)) {
    context.describe(`${depthwiseName(walk)}, ${sizeName(filterShape)}`);
    const buffers = { x: context.buffer(x), dy: context.buffer(dy), total: context.buffer(node) };
    emitDepthwiseGradient(walk, buffers, largestParts, context);
    return;
  }
  context.describe("implicit matrix product, transposed patches");
  const count = filterShape.reduce((product, size) => product * size, 1);
  const bandRows = rowsInBand(walk, 256);
  const bands = walk.images * Math.ceil(walk.output.height / bandRows);
  const parts = Math.max(1, Math.min(bands, largestParts, Math.floor(partialBytes / (4 * count))));
  const columns = columnsInChunk(walk, parts);
  const partial =
    parts === 1 ? context.buffer(node) : context.temporary(4 * count * parts, "filter gradient parts");
  const patches = patchesOf(walk, bandRows, context);
  const window = windowBytes(walk, bandRows);
  const operands = { x: context.buffer(x), dy: context.buffer(dy) };
  context.emit({
    kernel: "filterGradient",
    arguments: {
      ...operands,
      partial,
      ...patches.arguments,
      images: walk.images,
      parts,
      columns,
      windowBytes: window,
    },
    chunks: parts * Math.ceil(walk.output.channels / walk.groups / columns),
    reads: [...Object.values(operands), ...Object.values(patches.tables)],
    writes: [partial],
    scratchBytes: window + 4 * bandRows * walk.output.width * context.tile.columns,
  });
  if (parts > 1) emitSumOfParts({ partial, total: context.buffer(node), parts, count }, context);
};
