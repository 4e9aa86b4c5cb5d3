import { DataError, type RandomKey, sizeOf, threefry2x32 } from "../tensor/index.ts";
import { anyShape, check, checkCount, checkOperand, checkOperands, checkWholeNumbers } from "./checks.ts";
import { bytesOf } from "./cost.ts";
import type { OpRule } from "./rule.ts";

/** A whole number in [-shift, shift] from 32 random bits: the high word of the product bits * (2 shift + 1), less shift. */
function drawShift(bits: number, shift: number): number {
  return Math.floor((bits * (2 * shift + 1)) / 2 ** 32) - shift;
}

/** How far `loadImages` moves the example `index` of the dataset in the step of `key`, in pixels: right and down. */
export function shiftOf(
  key: RandomKey,
  index: number,
  shift: number,
): { readonly dx: number; readonly dy: number } {
  const [word0, word1] = threefry2x32(key, index, 0);
  return { dx: drawShift(word0, shift), dy: drawShift(word1, shift) };
}

/** An index that is one of `rows`: the engines' kernels read no memory for others. */
export function rowOf(indices: Float64Array, position: number, rows: number, where: string): number {
  const index = indices[position];
  if (index >= 0 && index < rows) return index;
  throw new DataError(`index ${index} at position ${position} is not one of 0 to ${rows - 1}`, { where });
}

/**
 * y[n, i, j] = scale * images[indices[n], i - dy, j - dx] + offset, where the pixel is 0 outside the image, and (dx, dy)
 * is drawn from the step's key and the example's index in the dataset ({@link shiftOf}): whichever batch an example
 * falls in, its move in a step is the same.
 *
 * Shapes: images uint8 [M, H, W, C], indices int32 [N], key uint32 [2] -> float32 [N, H, W, C].
 */
export const loadImages: OpRule<"loadImages"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    checkOperands(context, [
      { name: "images", axes: ["M", "H", "W", "C"], dtype: "uint8" },
      { name: "indices", axes: ["N"], dtype: "int32" },
      { name: "key", axes: [2], dtype: "uint32" },
    ]);
    checkWholeNumbers(where, "shift", [attributes.shift], 0);
    check(attributes.shift < 2 ** 20, where, () => `shift must be below ${2 ** 20}, got ${attributes.shift}`);
    return { shape: [inputs[1].shape[0], ...inputs[0].shape.slice(1)], dtype: "float32" };
  },
  // Pixels are data.
  gradient: null,
  reference: ({ node, inputs: [images, indices, key], output }) => {
    const { scale, offset, shift } = node.attributes;
    const [batch, height, width, channels] = node.shape;
    for (let n = 0; n < batch; n++) {
      const row = rowOf(indices, n, node.inputs[0].shape[0], node.kind);
      const { dx, dy } = shiftOf([key[0], key[1]], row, shift);
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          const inside = i - dy >= 0 && i - dy < height && j - dx >= 0 && j - dx < width;
          for (let c = 0; c < channels; c++) {
            const from = ((row * height + i - dy) * width + j - dx) * channels + c;
            const to = ((n * height + i) * width + j) * channels + c;
            output[to] = scale * (inside ? images[from] : 0) + offset;
          }
        }
    }
  },
  cost: (node) => ({ flops: 2 * sizeOf(node.shape), bytes: bytesOf(node) + sizeOf(node.shape) }),
};

/** y[n] = rows[indices[n]]. Shapes: rows float32 [M, ...], indices int32 [N] -> float32 [N, ...]. */
export const loadRows: OpRule<"loadRows"> = {
  shape: (context) => {
    const { inputs, where } = context;
    checkCount(context, ["rows", "indices"]);
    checkOperand(context, 0, { name: "rows", axes: anyShape });
    checkOperand(context, 1, { name: "indices", axes: ["N"], dtype: "int32" });
    check(inputs[0].shape.length > 0, where, () => "rows must have an axis that counts them, got float32[]");
    return { shape: [inputs[1].shape[0], ...inputs[0].shape.slice(1)], dtype: "float32" };
  },
  // Rows are data.
  gradient: null,
  reference: ({ node, inputs: [rows, indices], output }) => {
    const [stored, ...rowShape] = node.inputs[0].shape;
    const size = sizeOf(rowShape);
    for (let n = 0; n < indices.length; n++) {
      const row = rowOf(indices, n, stored, node.kind);
      output.set(rows.subarray(row * size, (row + 1) * size), n * size);
    }
  },
  cost: (node) => ({ flops: 0, bytes: 2 * bytesOf(node) }),
};

/** y[n] = labels[indices[n]]. Shapes: labels int32 [M], indices int32 [N] -> int32 [N]. */
export const loadLabels: OpRule<"loadLabels"> = {
  shape: (context) => {
    checkOperands(context, [
      { name: "labels", axes: ["M"], dtype: "int32" },
      { name: "indices", axes: ["N"], dtype: "int32" },
    ]);
    return { shape: context.inputs[1].shape, dtype: "int32" };
  },
  // Labels are whole numbers.
  gradient: null,
  reference: ({ node, inputs: [labels, indices], output }) => {
    for (let n = 0; n < output.length; n++) {
      output[n] = labels[rowOf(indices, n, node.inputs[0].shape[0], node.kind)];
    }
  },
  cost: (node) => ({ flops: 0, bytes: 3 * bytesOf(node) }),
};
