import type { Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";

/** The last axis as columns, all others as rows, and rows in chunks of about `perChunk` elements. */
function rowSplit({ shape }: Node, perChunk: number) {
  const columns = shape.at(-1) ?? 1;
  const rows = sizeOf(shape) / columns;
  const rowsPerChunk = Math.max(1, Math.floor(perChunk / columns));
  return { sizes: { rows, columns, rowsPerChunk }, chunks: chunksFor(rows, rowsPerChunk) };
}

/** Elements in a chunk of the kernels that compute an exponential. */
const TRANSCENDENTAL_PER_CHUNK = ELEMENTS_PER_CHUNK / 4;

/** A softmax or its logarithm. */
function lowerRows(kernel: "softmax" | "logSoftmax"): (node: Node, context: LoweringContext) => void {
  return (node, context) => {
    const x = context.buffer(node.inputs[0]);
    const y = context.buffer(node);
    const { sizes, chunks } = rowSplit(node, TRANSCENDENTAL_PER_CHUNK);
    context.emit({
      kernel,
      arguments: { x, y, ...sizes },
      ...{ chunks, reads: [x], writes: [y], inPlace: x },
    });
  };
}

function lowerRowGradients(
  kernel: "softmaxGradient" | "logSoftmaxGradient",
  perChunk: number,
): (node: Node, context: LoweringContext) => void {
  return (node, context) => {
    const [y, dy] = node.inputs.map(context.buffer);
    const dx = context.buffer(node);
    const { sizes, chunks } = rowSplit(node, perChunk);
    context.emit({
      kernel,
      arguments: { y, dy, dx, ...sizes },
      ...{ chunks, reads: [y, dy], writes: [dx], inPlace: dy },
    });
  };
}

export const lowerSoftmax: Lowering<"softmax"> = lowerRows("softmax");
export const lowerLogSoftmax: Lowering<"logSoftmax"> = lowerRows("logSoftmax");
export const lowerSoftmaxGradient: Lowering<"softmaxGradient"> = lowerRowGradients(
  "softmaxGradient",
  ELEMENTS_PER_CHUNK,
);
export const lowerLogSoftmaxGradient: Lowering<"logSoftmaxGradient"> = lowerRowGradients(
  "logSoftmaxGradient",
  TRANSCENDENTAL_PER_CHUNK,
);

/** Labels are int32, targets float32; the kernels take either under its own name. */
function labelArguments(
  node: Node,
  context: LoweringContext,
): { labels: Buffer | null; targets: Buffer | null } {
  const buffer = context.buffer(node);
  return node.dtype === "int32" ? { labels: buffer, targets: null } : { labels: null, targets: buffer };
}

export const lowerSoftmaxCrossEntropy: Lowering<"softmaxCrossEntropy"> = (node, context) => {
  const [logits, labels] = node.inputs;
  const x = context.buffer(logits);
  const y = context.buffer(node);
  const { sizes, chunks } = rowSplit(logits, TRANSCENDENTAL_PER_CHUNK);
  context.emit({
    kernel: "softmaxCrossEntropy",
    arguments: {
      ...{ logits: x, y, smoothing: node.attributes.labelSmoothing },
      ...labelArguments(labels, context),
      ...sizes,
    },
    chunks,
    reads: [x, context.buffer(labels)],
    writes: [y],
  });
};

export const lowerSoftmaxCrossEntropyGradient: Lowering<"softmaxCrossEntropyGradient"> = (node, context) => {
  const [logits, labels, dLoss] = node.inputs.map(context.buffer);
  const dLogits = context.buffer(node);
  const { sizes, chunks } = rowSplit(node, TRANSCENDENTAL_PER_CHUNK);
  // Exponentials overwrite the logits before targets and losses are read: in place only if those lie elsewhere.
  const apart = logits !== labels && logits !== dLoss;
  context.emit({
    kernel: "softmaxCrossEntropyGradient",
    arguments: {
      ...{ logits, dLoss, dLogits, smoothing: node.attributes.labelSmoothing },
      ...labelArguments(node.inputs[1], context),
      ...sizes,
    },
    chunks,
    reads: [logits, labels, dLoss],
    writes: [dLogits],
    ...(apart ? { inPlace: logits } : {}),
  });
};

export const lowerOneHot: Lowering<"oneHot"> = (node, context) => {
  const labels = context.buffer(node.inputs[0]);
  const y = context.buffer(node);
  const { sizes, chunks } = rowSplit(node, ELEMENTS_PER_CHUNK);
  context.emit({
    kernel: "oneHot",
    arguments: { labels, y, ...sizes },
    ...{ chunks, reads: [labels], writes: [y] },
  });
};

export const lowerTopKHits: Lowering<"topKHits"> = (node, context) => {
  const [scores, labels] = node.inputs.map(context.buffer);
  const y = context.buffer(node);
  const { sizes, chunks } = rowSplit(node.inputs[0], ELEMENTS_PER_CHUNK);
  context.emit({
    kernel: "topKHits",
    arguments: { scores, labels, y, k: node.attributes.k, ...sizes },
    ...{ chunks, reads: [scores, labels], writes: [y] },
  });
};
