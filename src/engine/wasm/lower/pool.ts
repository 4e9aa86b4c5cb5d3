import type { Node, Pool2dAttributes } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";

/** What all pooling kernels are told about their walk. */
function walkOf(
  { poolSize, strides, padding, outputSize }: Pool2dAttributes,
  [, height, width, channels]: Shape,
) {
  return {
    height,
    width,
    channels,
    outputHeight: outputSize[0],
    outputWidth: outputSize[1],
    poolHeight: poolSize[0],
    poolWidth: poolSize[1],
    strideHeight: strides[0],
    strideWidth: strides[1],
    ...padding,
  };
}

/** Whether windows touch, do not overlap, and lie in the image. */
function isTiled(
  { poolSize, strides, padding, outputSize }: Pool2dAttributes,
  [, height, width]: Shape,
): boolean {
  return (
    strides[0] === poolSize[0] &&
    strides[1] === poolSize[1] &&
    padding.top + padding.left === 0 &&
    outputSize[0] * poolSize[0] <= height &&
    outputSize[1] * poolSize[1] <= width
  );
}

/** Rows of output whose windows have some `ELEMENTS_PER_CHUNK` elements. */
function rowsPerChunk({ poolSize, outputSize }: Pool2dAttributes, channels: number): number {
  return Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / (poolSize[0] * poolSize[1] * outputSize[1] * channels)));
}

function describeWindows(
  context: LoweringContext,
  { poolSize, strides }: Pool2dAttributes,
  way: string,
): void {
  context.describe(`${poolSize.join("x")} windows, stride ${strides.join("x")}, ${way}`);
}

function emitPool(
  node: Node<"maxPool2d"> | Node<"averagePool2d">,
  context: LoweringContext,
  mean: { readonly average: number; readonly countPadding: number },
): void {
  const { attributes, inputs } = node;
  const x = context.buffer(inputs[0]);
  const y = context.buffer(node);
  const walk = walkOf(attributes, inputs[0].shape);
  const rows = node.shape[0] * walk.outputHeight;
  const perChunk = rowsPerChunk(attributes, walk.channels);
  describeWindows(context, attributes, "by rows");
  context.emit({
    kernel: "pool",
    arguments: { x, y, rows, ...walk, ...mean, rowsPerChunk: perChunk },
    chunks: chunksFor(rows, perChunk),
    reads: [x],
    writes: [y],
  });
}

interface GradientOperands {
  readonly x: Buffer | null;
  readonly y: Buffer | null;
  readonly dy: Buffer;
  readonly dx: Buffer;
}

/** What is done with a window: the maximum's gradient, maybe through a rectifier's, or the mean's. */
interface Reduction {
  readonly average: number;
  readonly countPadding: number;
  readonly rectify: number;
}

/** Rows of dx in a chunk where windows overlap: of some size, and a whole number of strides. */
function rowsOfBand({ strides: [stride] }: Pool2dAttributes, [, height, width, channels]: Shape): number {
  const rows = (2 * ELEMENTS_PER_CHUNK) / (width * channels);
  return Math.min(height, stride * Math.max(2, Math.ceil(rows / stride)));
}

function emitGradient(
  node: Node<"maxPool2dGradient"> | Node<"averagePool2dGradient">,
  context: LoweringContext,
  operands: GradientOperands,
  reduction: Reduction,
): void {
  const { attributes, shape } = node;
  const { x, y, dy, dx } = operands;
  const walk = walkOf(attributes, shape);
  const reads = [x, y, dy].filter((buffer) => buffer !== null);
  if (isTiled(attributes, shape)) {
    const { height, width, channels, outputHeight, outputWidth, poolHeight, poolWidth } = walk;
    const { average, rectify } = reduction;
    const rows = shape[0] * outputHeight;
    const perChunk = rowsPerChunk(attributes, channels);
    describeWindows(context, attributes, "each element written once");
    context.emit({
      kernel: "poolGradientTiled",
      arguments: {
        ...operands,
        ...{ rows, height, width, channels, outputHeight, outputWidth, poolHeight, poolWidth },
        ...{ average, rectify },
        rowsPerChunk: perChunk,
      },
      chunks: chunksFor(rows, perChunk),
      reads,
      writes: [dx],
    });
    return;
  }
  const bandRows = rowsOfBand(attributes, shape);
  describeWindows(context, attributes, "added up in bands of rows");
  context.emit({
    kernel: "poolGradient",
    arguments: { ...operands, ...walk, ...reduction, bandRows },
    chunks: shape[0] * Math.ceil(walk.height / bandRows),
    reads,
    writes: [dx],
  });
}

/** The greatest element of each window. */
export const lowerMaxPool2d: Lowering<"maxPool2d"> = (node, context) => {
  emitPool(node, context, { average: 0, countPadding: 0 });
};

/** The mean of each window. */
export const lowerAveragePool2d: Lowering<"averagePool2d"> = (node, context) => {
  emitPool(node, context, { average: 1, countPadding: Number(node.attributes.countPadding) });
};

/** dy to the first greatest element of each window, which is that of a rectifier's result where `rectify` is 1. */
function emitMaximumGradient(
  node: Node<"maxPool2dGradient">,
  target: Node,
  rectify: number,
  context: LoweringContext,
): void {
  const [x, y, dy] = node.inputs.map(context.buffer);
  const operands = { x, y, dy, dx: context.buffer(target) };
  emitGradient(node, context, operands, { average: 0, countPadding: 0, rectify });
}

export const lowerMaxPool2dGradient: Lowering<"maxPool2dGradient"> = (node, context) =>
  emitMaximumGradient(node, node, 0, context);

/** The gradient of a maximum of what a rectifier gave, through the rectifier. */
export function lowerRectifiedPoolGradient(
  node: Node<"maxPool2dGradient">,
  target: Node,
  context: LoweringContext,
): void {
  emitMaximumGradient(node, target, 1, context);
}

/** dy / divisor to all elements of each window. */
export const lowerAveragePool2dGradient: Lowering<"averagePool2dGradient"> = (node, context) => {
  const operands = { x: null, y: null, dy: context.buffer(node.inputs[0]), dx: context.buffer(node) };
  const countPadding = Number(node.attributes.countPadding);
  emitGradient(node, context, operands, { average: 1, countPadding, rectify: 0 });
};
