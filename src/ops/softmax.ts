import { checkOperand, checkOperands, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { rowsAndColumns } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** log(sum of exp(x)) of `columns` numbers from `start`, without overflow: the greatest is taken out first. */
export function logSumExp(x: Float64Array, start: number, columns: number): number {
  let greatest = -Infinity;
  for (let c = 0; c < columns; c++) greatest = Math.max(greatest, x[start + c]);
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += Math.exp(x[start + c] - greatest);
  return greatest + Math.log(sum);
}

/** y = exp(x) / sum of exp(x) over the last axis. Shapes: [..., C]. */
export const softmax: OpRule<"softmax"> = {
  shape: (context) => {
    checkOperands(context, [{ name: "x", axes: ["...", "C"] }]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  gradient: (node, dy, build) => [build("softmaxGradient", [node, dy], {})],
  reference: ({ node, inputs: [x], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      const logarithm = logSumExp(x, start, columns);
      for (let c = 0; c < columns; c++) output[start + c] = Math.exp(x[start + c] - logarithm);
    }
  },
  cost: elementwiseCost(5),
};

/** dx = y (dy - sum of y dy over the last axis). Shapes: y and dy [..., C]. */
export const softmaxGradient: OpRule<"softmaxGradient"> = {
  shape: (context) => {
    const type = sameShapeType(context, ["y", "dy"]);
    checkOperand(context, 0, { name: "y", axes: ["...", "C"] });
    return type;
  },
  // With g the gradient: for dy the same map, which is symmetric; for y, g (dy - sum y dy) - dy sum y g.
  gradient: ({ inputs: [y, dy], shape }, gradient, build, wanted) => {
    const product = (a: typeof y, b: typeof y) => build("multiply", [a, b], {});
    const sum = (x: typeof y) => build("reduceSum", [x], { axes: [shape.length - 1], keepDimensions: true });
    const forY = () => {
      const centred = build("subtract", [dy, sum(product(y, dy))], {});
      return build("subtract", [product(gradient, centred), product(dy, sum(product(y, gradient)))], {});
    };
    return [wanted[0] ? forY() : null, wanted[1] ? build("softmaxGradient", [y, gradient], {}) : null];
  },
  reference: ({ node, inputs: [y, dy], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += y[start + c] * dy[start + c];
      for (let c = 0; c < columns; c++) output[start + c] = y[start + c] * (dy[start + c] - sum);
    }
  },
  cost: elementwiseCost(4),
};
