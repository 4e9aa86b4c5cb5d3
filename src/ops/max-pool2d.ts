import { checkCount, checkOperand, checkOperands } from "./checks.ts";
import { forEachWindow, poolCost, poolGradientCost, poolShape, poolWalkOf, type Window } from "./pooling.ts";
import type { OpRule } from "./rule.ts";

/** Position of a window's first greatest element in row-major order; a NaN counts as the greatest. */
function firstGreatest({ elements }: Window, x: Float64Array): number {
  let best = elements[0];
  for (const element of elements) {
    if (x[element] > x[best] || (Number.isNaN(x[element]) && !Number.isNaN(x[best]))) best = element;
  }
  return best;
}

/**
 * y = the greatest element of each window; padding counts as minus infinity, that is, not at all.
 *
 * Shapes: x [N, H, W, C] -> [N, outputSize, C].
 */
export const maxPool2d: OpRule<"maxPool2d"> = {
  shape: (context) => {
    const hint = "Images are [batch, height, width, channels].";
    checkOperands(context, [{ name: "x", axes: ["N", "H", "W", "C"], hint }]);
    return { shape: poolShape(context.where, context.attributes, context.inputs[0].shape), dtype: "float32" };
  },
  gradient: (node, dy, build) => [
    build("maxPool2dGradient", [node.inputs[0], node, dy], poolWalkOf(node.attributes)),
  ],
  reference: ({ node, inputs: [x], output }) => {
    forEachWindow(node.attributes, [node.inputs[0].shape, node.shape], (window) => {
      output[window.result] = x[firstGreatest(window, x)];
    });
  },
  cost: poolCost,
};

/**
 * dx of {@link maxPool2d}: each window's dy goes to its first greatest element in row-major order; where windows
 * overlap the gradients add up.
 *
 * Shapes: x [N, H, W, C], y and dy [N, outputSize, C] -> [N, H, W, C].
 */
export const maxPool2dGradient: OpRule<"maxPool2dGradient"> = {
  shape: (context) => {
    checkCount(context, ["x", "y", "dy"]);
    checkOperand(context, 0, { name: "x", axes: ["N", "H", "W", "C"] });
    const x = context.inputs[0].shape;
    const axes = poolShape(context.where, context.attributes, x);
    checkOperand(context, 1, { name: "y", axes });
    checkOperand(context, 2, { name: "dy", axes });
    return { shape: x, dtype: "float32" };
  },
  // Its gradient with respect to dy gathers by the positions of the maxima; no kind of op does that.
  gradient: null,
  reference: ({ node, inputs: [x, , dy], output }) => {
    forEachWindow(node.attributes, [node.shape, node.inputs[2].shape], (window) => {
      output[firstGreatest(window, x)] += dy[window.result];
    });
  },
  cost: poolGradientCost,
};
