import type { Node } from "../../../graph/index.ts";
import { windowReach } from "../../../ops/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";

/** Elements in a chunk: each takes square roots, a division and sums over a window. */
const PER_CHUNK = ELEMENTS_PER_CHUNK / 4;

/** What both kernels take of the attributes and the shape. */
function walkOf(node: Node<"localResponseNormalization"> | Node<"localResponseNormalizationGradient">) {
  const { size, alpha, beta, bias } = node.attributes;
  const channels = node.shape[node.shape.length - 1];
  const rows = sizeOf(node.shape) / channels;
  const { before, behind } = windowReach(size);
  const pitch = 4 * Math.ceil(channels / 4) + 4 * Math.ceil((size + 4) / 4);
  const rowsPerChunk = Math.max(1, Math.floor(PER_CHUNK / channels));
  return {
    sizes: { rows, channels, before, behind, pitch, rowsPerChunk, slope: alpha / size, beta, bias },
    chunks: chunksFor(rows, rowsPerChunk),
  };
}

export const lowerLocalResponse: Lowering<"localResponseNormalization"> = (node, context) => {
  const x = context.buffer(node.inputs[0]);
  const y = context.buffer(node);
  const { sizes, chunks } = walkOf(node);
  context.emit({
    kernel: "localResponse",
    arguments: { x, y, ...sizes },
    ...{ chunks, reads: [x], writes: [y], inPlace: x, scratchBytes: 4 * sizes.pitch },
  });
};

export const lowerLocalResponseGradient: Lowering<"localResponseNormalizationGradient"> = (node, context) => {
  const [x, dy] = node.inputs.map(context.buffer);
  const dx = context.buffer(node);
  const { sizes, chunks } = walkOf(node);
  context.emit({
    kernel: "localResponseGradient",
    arguments: { x, dy, dx, ...sizes },
    // Rows of squares, of terms and of what passes directly.
    ...{ chunks, reads: [x, dy], writes: [dx], inPlace: dy, scratchBytes: 12 * sizes.pitch },
  });
};
