import { sizeOf } from "../tensor/index.ts";
import { check, checkOperands, checkWholeNumbers } from "./checks.ts";
import { bytesOf } from "./cost.ts";
import { rowOf } from "./load.ts";
import type { OpRule } from "./rule.ts";
import { warpImage, warpRecordLength } from "./warp-record.ts";

/**
 * Images by index, each changed in its own way: y[n] = scale * warp(images[indices[n]], records[n]) + offset
 * ({@link warpImage}): geometry by one affine map, then a linear map of the colours, then a covered box.
 *
 * Shapes: images uint8 [M, H, W, C], indices int32 [N], records [N, 32] -> float32 [N, h, w, C].
 */
export const warpImages: OpRule<"warpImages"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    checkOperands(context, [
      { name: "images", axes: ["M", "H", "W", "C"], dtype: "uint8" },
      { name: "indices", axes: ["N"], dtype: "int32" },
      { name: "records", axes: ["N", warpRecordLength] },
    ]);
    const { outputSize, fill } = attributes;
    checkWholeNumbers(where, "outputSize", outputSize, 1);
    check(fill >= 0 && fill <= 255, where, () => `fill must be from 0 to 255, got ${fill}`);
    const [images, indices] = inputs;
    return { shape: [indices.shape[0], ...outputSize, images.shape[3]], dtype: "float32" };
  },
  // Pixels are data.
  gradient: null,
  reference: ({ node, inputs: [images, indices, records], output }) => {
    const { scale, offset, outputSize: size, fill } = node.attributes;
    const [rows, height, width, channels] = node.inputs[0].shape;
    const [batch, ...outputShape] = node.shape;
    for (let n = 0; n < batch; n++) {
      const first = rowOf(indices, n, rows, node.kind) * height * width * channels;
      const record = records.subarray(n * warpRecordLength, (n + 1) * warpRecordLength);
      const target = { values: output, first: n * sizeOf(outputShape), size };
      warpImage({ pixels: images, first, height, width, channels }, record, target, fill);
    }
    for (let index = 0; index < output.length; index++) output[index] = scale * output[index] + offset;
  },
  // Coordinates; four pixels, weighed; three products of colours; scale.
  cost: (node) => {
    const [batch, height, width, channels] = node.shape;
    const flops = batch * height * width * (8 + channels * (8 + 2 * Math.min(channels, 3) + 2));
    return { flops, bytes: bytesOf(node) + 4 * sizeOf(node.shape) };
  },
};
