import { sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";

/** Rows of a dataset by index, each changed as its record says, as floats. */
export const lowerWarpImages: Lowering<"warpImages"> = (node, context) => {
  const { scale, offset, fill } = node.attributes;
  const [imagesNode, indicesNode, recordsNode] = node.inputs;
  const [rows, height, width, channels] = imagesNode.shape;
  const [count, outputHeight, outputWidth] = node.shape;
  const images = context.buffer(imagesNode);
  const indices = context.buffer(indicesNode);
  const records = context.buffer(recordsNode);
  const y = context.buffer(node);
  const perChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / (outputHeight * outputWidth * channels)));
  context.describe("gather, affine map, colours, cover, uint8 to float32");
  context.emit({
    kernel: "warpImages",
    arguments: {
      images,
      indices,
      records,
      y,
      rows,
      count,
      height,
      width,
      channels,
      outputHeight,
      outputWidth,
      scale,
      offset,
      fill,
      perChunk,
    },
    chunks: chunksFor(count, perChunk),
    reads: [images, indices, records],
    writes: [y],
  });
};

/** Each example blended with another one: never in place, as examples are read after they would be written. */
export const lowerMixExamples: Lowering<"mixExamples"> = (node, context) => {
  const [xNode, partnersNode, sharesNode] = node.inputs;
  const x = context.buffer(xNode);
  const partners = context.buffer(partnersNode);
  const shares = context.buffer(sharesNode);
  const y = context.buffer(node);
  const [count, ...rest] = node.shape;
  context.emit({
    kernel: "mixExamples",
    arguments: { x, partners, shares, y, count, size: sizeOf(rest) },
    chunks: count,
    reads: [x, partners, shares],
    writes: [y],
  });
};
