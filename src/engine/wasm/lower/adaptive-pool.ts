import type { Node } from "../../../graph/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering, type LoweringContext } from "./lowering.ts";

/** Both directions gather: each pixel of the result from those of the operand that share in it. */
function emitAdaptivePool(node: Node, context: LoweringContext, gradient: 0 | 1): void {
  const [operand] = node.inputs;
  const [from, to] = [context.buffer(operand), context.buffer(node)];
  const [, fromHeight, fromWidth] = operand.shape;
  const [batch, toHeight, toWidth, channels] = node.shape;
  const rows = batch * toHeight;
  // Of each row: a pixel of the operand lies in one window or a few, and each window has a pixel at least.
  const elements = channels * Math.max(toWidth, fromWidth) * Math.max(1, fromHeight / toHeight);
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / elements));
  const sizes = [`${fromHeight}x${fromWidth}`, `${toHeight}x${toWidth}`];
  context.describe(`even shares of ${sizes.join(" in ")}, by rows`);
  context.emit({
    kernel: "adaptivePool",
    arguments: {
      ...{ from, to, rows, fromHeight, fromWidth, toHeight, toWidth, channels, gradient, rowsPerChunk },
    },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: [from],
    writes: [to],
  });
}

/** The mean of each window. */
export const lowerAdaptiveAveragePool2d: Lowering<"adaptiveAveragePool2d"> = (node, context) => {
  emitAdaptivePool(node, context, 0);
};

/** dy / the window's size to all elements of each window. */
export const lowerAdaptiveAveragePool2dGradient: Lowering<"adaptiveAveragePool2dGradient"> = (
  node,
  context,
) => {
  emitAdaptivePool(node, context, 1);
};
