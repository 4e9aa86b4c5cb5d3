import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";

/** Rows of a resident dataset by index, moved by a drawn number of pixels, as floats. */
export const lowerLoadImages: Lowering<"loadImages"> = (node, context) => {
  const { scale, offset, shift } = node.attributes;
  const [imagesNode, indicesNode, keyNode] = node.inputs;
  const [count, height, width, channels] = node.shape;
  const images = context.buffer(imagesNode);
  const indices = context.buffer(indicesNode);
  const key = context.buffer(keyNode);
  const y = context.buffer(node);
  const perChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / (height * width * channels)));
  context.describe(
    shift === 0 ? "gather, uint8 to float32" : `gather, uint8 to float32, moved by up to ${shift}`,
  );
  context.emit({
    kernel: "loadImages",
    arguments: {
      images,
      indices,
      key,
      y,
      rows: imagesNode.shape[0],
      count,
      height,
      width,
      channels,
      shift,
      scale,
      offset,
      perChunk,
    },
    chunks: chunksFor(count, perChunk),
    reads: [images, indices, key],
    writes: [y],
  });
};

/** Rows of resident numbers by index. */
export const lowerLoadRows: Lowering<"loadRows"> = (node, context) => {
  const [rowsNode, indicesNode] = node.inputs;
  const [count, ...rowShape] = node.shape;
  const [rows, indices, y] = [context.buffer(rowsNode), context.buffer(indicesNode), context.buffer(node)];
  const rowSize = sizeOf(rowShape);
  const perChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / rowSize));
  context.describe("gather");
  context.emit({
    kernel: "loadRows",
    arguments: { values: rows, indices, y, rows: rowsNode.shape[0], count, rowSize, perChunk },
    chunks: chunksFor(count, perChunk),
    reads: [rows, indices],
    writes: [y],
  });
};

/** Labels of a resident dataset by index. */
export const lowerLoadLabels: Lowering<"loadLabels"> = (node, context) => {
  const [labelsNode, indicesNode] = node.inputs;
  const labels = context.buffer(labelsNode);
  const indices = context.buffer(indicesNode);
  const y = context.buffer(node);
  const count = sizeOf(node.shape);
  context.emit({
    kernel: "loadLabels",
    arguments: { labels, indices, y, rows: labelsNode.shape[0], count, perChunk: ELEMENTS_PER_CHUNK },
    chunks: chunksFor(count),
    reads: [labels, indices],
    writes: [y],
  });
};
