import { threefry2x32 } from "../tensor/index.ts";
import { anyShape, check, checkOperands, checkWholeNumbers } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import type { OpRule } from "./rule.ts";

/**
 * A random word below this drops its element: rate * 2^32, rounded. It stays within 32 bits, so that an integer
 * comparison decides on every engine alike.
 */
export function dropoutThreshold(rate: number): number {
  return Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
}

/**
 * Inverted dropout (Srivastava et al. 2014): y_i = 0 with probability `rate`, else x_i / (1 - rate).
 *
 * Element i is decided by word i & 1 of threefry2x32(key, i >>> 1, stream), so that a step's mask is a pure function
 * of the step's key, and the gradient is the same op on dy.
 *
 * Shapes: x any, key uint32 [2] -> as x.
 */
export const dropout: OpRule<"dropout"> = {
  shape: (context) => {
    const { attributes, where } = context;
    checkOperands(context, [
      { name: "x", axes: anyShape },
      { name: "key", axes: [2], dtype: "uint32" },
    ]);
    const { rate, stream } = attributes;
    check(rate >= 0 && rate < 1, where, () => `rate must be at least 0 and below 1, got ${rate}`);
    checkWholeNumbers(where, "stream", [stream], 0);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  gradient: ({ inputs: [, key], attributes }, dy, build) => [build("dropout", [dy, key], attributes), null],
  reference: ({ node, inputs: [x, key], output }) => {
    const { rate, stream } = node.attributes;
    const threshold = dropoutThreshold(rate);
    for (let index = 0; index < output.length; index++) {
      const words = threefry2x32([key[0], key[1]], index >>> 1, stream);
      output[index] = words[index & 1] < threshold ? 0 : x[index] / (1 - rate);
    }
  },
  cost: elementwiseCost(1),
};
