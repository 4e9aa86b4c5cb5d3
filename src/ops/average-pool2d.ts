import type { AveragePool2dAttributes } from "../graph/index.ts";
import { formatShape } from "../tensor/index.ts";
import { check, checkCount, checkOperand, checkOperands } from "./checks.ts";
import { forEachWindow, poolCost, poolGradientCost, poolShape, poolWalkOf, type Window } from "./pooling.ts";
import type { OpRule } from "./rule.ts";

function averageWalkOf(attributes: AveragePool2dAttributes): AveragePool2dAttributes {
  return { ...poolWalkOf(attributes), countPadding: attributes.countPadding };
}

/** What a window's sum is divided by. Positions beyond the padding, which ceil mode reaches, never count. */
function divisorOf({ elements, padded }: Window, { countPadding }: AveragePool2dAttributes): number {
  return countPadding ? padded : elements.length;
}

/**
 * y = the sum of each window divided by the number of its positions in the input, or in input and padding with
 * `countPadding` (PyTorch 2.13's `count_include_pad`).
 *
 * Shapes: x [N, H, W, C] -> [N, outputSize, C].
 */
export const averagePool2d: OpRule<"averagePool2d"> = {
  shape: (context) => {
    const hint = "Images are [batch, height, width, channels].";
    checkOperands(context, [{ name: "x", axes: ["N", "H", "W", "C"], hint }]);
    return { shape: poolShape(context.where, context.attributes, context.inputs[0].shape), dtype: "float32" };
  },
  gradient: ({ inputs: [x], attributes }, dy, build) => [
    build("averagePool2dGradient", [dy], { ...averageWalkOf(attributes), inputShape: x.shape }),
  ],
  reference: ({ node, inputs: [x], output }) => {
    forEachWindow(node.attributes, [node.inputs[0].shape, node.shape], (window) => {
      const sum = window.elements.reduce((total, element) => total + x[element], 0);
      output[window.result] = sum / divisorOf(window, node.attributes);
    });
  },
  cost: poolCost,
};

/**
 * dx of {@link averagePool2d}, linear in dy: each element of a window gets dy / divisor.
 *
 * Shapes: dy [N, outputSize, C] -> attributes.inputShape.
 */
export const averagePool2dGradient: OpRule<"averagePool2dGradient"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const { inputShape } = attributes;
    checkCount(context, ["dy"]);
    check(
      inputShape.length === 4,
      where,
      () => `inputShape must be [N, H, W, C], got ${formatShape(inputShape)}`,
    );
    checkOperand(context, 0, { name: "dy", axes: poolShape(where, attributes, inputShape) });
    return { shape: inputShape, dtype: "float32" };
  },
  gradient: ({ attributes }, gradient, build) => [
    build("averagePool2d", [gradient], averageWalkOf(attributes)),
  ],
  reference: ({ node, inputs: [dy], output }) => {
    forEachWindow(node.attributes, [node.shape, node.inputs[0].shape], (window) => {
      const share = dy[window.result] / divisorOf(window, node.attributes);
      for (const element of window.elements) output[element] += share;
    });
  },
  cost: poolGradientCost,
};
