import { checkOperand, checkOperands, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { rowsAndColumns } from "./indexing.ts";
import type { OpRule } from "./rule.ts";
import { logSumExp } from "./softmax.ts";

/** y = x - log(sum of exp(x) over the last axis), in nats. Shapes: [..., C]. */
export const logSoftmax: OpRule<"logSoftmax"> = {
  shape: (context) => {
    checkOperands(context, [{ name: "x", axes: ["...", "C"] }]);
    return { shape: context.inputs[0].shape, dtype: "float32" };
  },
  gradient: (node, dy, build) => [build("logSoftmaxGradient", [node, dy], {})],
  reference: ({ node, inputs: [x], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      const logarithm = logSumExp(x, start, columns);
      for (let c = 0; c < columns; c++) output[start + c] = x[start + c] - logarithm;
    }
  },
  cost: elementwiseCost(4),
};

/** dx = dy - exp(y) sum of dy over the last axis. Shapes: y and dy [..., C]. */
export const logSoftmaxGradient: OpRule<"logSoftmaxGradient"> = {
  shape: (context) => {
    const type = sameShapeType(context, ["y", "dy"]);
    checkOperand(context, 0, { name: "y", axes: ["...", "C"] });
    return type;
  },
  // The second derivative needs an exponential, which is no op of its own.
  gradient: null,
  reference: ({ node, inputs: [y, dy], output }) => {
    const { rows, columns } = rowsAndColumns(node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += dy[start + c];
      for (let c = 0; c < columns; c++) output[start + c] = dy[start + c] - Math.exp(y[start + c]) * sum;
    }
  },
  cost: elementwiseCost(4),
};
