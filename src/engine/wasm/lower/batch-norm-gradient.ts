import type { Node } from "../../../graph/index.ts";
import { combineScratch, describeSplit, mapOf, splitOf, tableBytes } from "./batch-norm.ts";
import { type Buffer, chunksFor, type Lowering, type LoweringContext } from "./lowering.ts";

/**
 * The gate of a rectifier behind a normalization, which its gradient passes where the rectifier's result is positive. The
 * result is either worked out again from what was normalized, or read: then the gated gradient is written.
 */
export type Gate =
  | {
      readonly kind: "recomputed";
      readonly normalize: Node<"batchNormalize">;
      readonly dy: Node;
      /** The rectifier's greatest value, or infinity. */
      readonly ceiling: number;
    }
  | {
      readonly kind: "written";
      /** As above; infinity where there are two terms. */
      readonly ceiling: number;
      /** The rectifier's result. */
      readonly y: Node;
      /** The gradient, or two to be added. */
      readonly terms: readonly [Node, Node?];
      /** Where the gated gradient goes. */
      readonly target: Node;
    };

/** What a gate comes to in normalSumsOfBlocks: its arguments, and what it writes. */
interface GateOperands {
  readonly arguments: {
    readonly dy: Buffer;
    /** The codes of kernels/normal-sums.ts. */
    readonly gate: 0 | 1 | 2 | 3;
    readonly gamma: Buffer | null;
    readonly beta: Buffer | null;
    readonly y: Buffer | null;
    readonly gated: Buffer | null;
    readonly other: Buffer | null;
  };
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** Tables for the columns that a thread needs. */
  readonly tables: number;
}

function operandsOf(dy: Node, gate: Gate | null, { buffer }: LoweringContext): GateOperands {
  const none = { gamma: null, beta: null, y: null, gated: null, other: null };
  if (gate === null) {
    const own = buffer(dy);
    return { arguments: { ...none, dy: own, gate: 0 }, reads: [own], writes: [], tables: 1 };
  }
  if (gate.kind === "recomputed") {
    const [own, gamma, beta] = [gate.dy, gate.normalize.inputs[2], gate.normalize.inputs[3]].map(buffer);
    const operands = { ...none, dy: own, gate: 1, gamma, beta } as const;
    return { arguments: operands, reads: [own, gamma, beta], writes: [], tables: 3 };
  }
  const [first, second] = gate.terms;
  const [own, y, gated] = [first, gate.y, gate.target].map(buffer);
  const other = second === undefined ? null : buffer(second);
  const code = other === null ? 2 : 3;
  const reads = [own, y, ...(other === null ? [] : [other])];
  return { arguments: { ...none, dy: own, gate: code, y, gated, other }, reads, writes: [gated], tables: 1 };
}

/** Sum of dy, and of dy times the normalized x, of each channel; dy may pass a gate first. */
export function lowerNormalizeReduce(
  node: Node<"batchNormalizeReduce">,
  gate: Gate | null,
  context: LoweringContext,
): void {
  const [x, moments] = node.inputs.map(context.buffer);
  const y = context.buffer(node);
  const { epsilon } = node.attributes;
  const split = splitOf(node.inputs[0].shape);
  const { channels, columns, rows, blockRows, blocks, columnsPerChunk } = split;
  const partial = context.temporary(8 * blocks * columns, "partial sums");
  const operands = operandsOf(node.inputs[2], gate, context);
  context.describe(`sums of ${describeSplit(split)}, added up`);
  context.emit({
    kernel: "normalSumsOfBlocks",
    arguments: {
      ...{ x, moments, partial, rows, columns, channels, blockRows, epsilon },
      ...operands.arguments,
      ceiling: gate?.ceiling ?? Infinity,
    },
    chunks: blocks,
    reads: [x, moments, ...operands.reads],
    writes: [...operands.writes, partial],
    // The gated gradient may take the place of the gradient.
    ...(operands.writes.length > 0 ? { inPlace: operands.arguments.dy } : {}),
    scratchBytes: tableBytes(operands.tables, columns),
  });
  context.emit({
    kernel: "combineNormalSums",
    arguments: { partial, moments, y, blocks, columns, channels, epsilon, columnsPerChunk },
    chunks: Math.ceil(columns / columnsPerChunk),
    reads: [partial, moments],
    writes: [y],
    scratchBytes: combineScratch(columnsPerChunk),
  });
}

export const lowerBatchNormalizeReduce: Lowering<"batchNormalizeReduce"> = (node, context) =>
  lowerNormalizeReduce(node, null, context);

/** What the whole gradient of a normalized x is made from. */
export interface NormalizeGradientOperands {
  readonly x: Node;
  readonly moments: Node;
  readonly gamma: Node;
  /** The sums of `batchNormalizeReduce`. */
  readonly reduced: Node;
  readonly dy: Node;
  /** The offset of the normalization if dy is to pass its gate, or null. */
  readonly beta: Node | null;
  /** The greatest value of the rectifier behind the gate, or infinity. */
  readonly ceiling: number;
  readonly target: Node;
}

/** dx with the batch's own moments, in one pass. */
export function lowerNormalizeGradient(
  operands: NormalizeGradientOperands,
  epsilon: number,
  context: LoweringContext,
): void {
  const { beta: offset, ceiling, target, ...others } = operands;
  const [x, moments, gamma, reduced, dy] = [
    others.x,
    others.moments,
    others.gamma,
    others.reduced,
    others.dy,
  ].map(context.buffer);
  const beta = offset === null ? null : context.buffer(offset);
  const dx = context.buffer(target);
  const map = mapOf(target.shape);
  context.emit({
    kernel: "batchNormalizeGradient",
    arguments: { x, dy, moments, gamma, reduced, beta, ceiling, dx, ...map, epsilon },
    chunks: chunksFor(map.count, map.perChunk),
    reads: [x, dy, moments, gamma, reduced, ...(beta === null ? [] : [beta])],
    writes: [dx],
    inPlace: dy,
    scratchBytes: tableBytes(5, map.period),
  });
}

/** dy scaled as x was. */
export const lowerBatchNormalizeInputGradient: Lowering<"batchNormalizeInputGradient"> = (node, context) => {
  const [dy, moments, gamma] = node.inputs.map(context.buffer);
  const dx = context.buffer(node);
  const map = mapOf(node.shape);
  context.emit({
    kernel: "batchNormalizeInputGradient",
    arguments: { dy, moments, gamma, dx, ...map, epsilon: node.attributes.epsilon },
    chunks: chunksFor(map.count, map.perChunk),
    reads: [dy, moments, gamma],
    writes: [dx],
    inPlace: dy,
    scratchBytes: tableBytes(3, map.period),
  });
};

/** The part of dx that goes through the batch's own mean and variance. */
export const lowerBatchMomentsGradient: Lowering<"batchMomentsGradient"> = (node, context) => {
  const [x, moments, dMoments] = node.inputs.map(context.buffer);
  const dx = context.buffer(node);
  const map = mapOf(node.shape);
  context.emit({
    kernel: "batchMomentsGradient",
    arguments: { x, moments, dMoments, dx, ...map },
    chunks: chunksFor(map.count, map.perChunk),
    reads: [x, moments, dMoments],
    writes: [dx],
    inPlace: x,
    scratchBytes: tableBytes(3, map.period),
  });
};

/** Gradients of mean and variance, from the sums over the batch. */
export const lowerBatchNormalizeMomentsGradient: Lowering<"batchNormalizeMomentsGradient"> = (
  node,
  context,
) => {
  const [moments, gamma, reduced] = node.inputs.map(context.buffer);
  const y = context.buffer(node);
  const { epsilon } = node.attributes;
  context.emit({
    kernel: "batchNormalizeMomentsGradient",
    arguments: { moments, gamma, reduced, y, channels: node.shape[1], epsilon },
    chunks: 1,
    reads: [moments, gamma, reduced],
    writes: [y],
  });
};
