import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** y = 1 / (1 + exp(-x)). Shapes: any. */
export const sigmoid: OpRule<"sigmoid"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: (node, dy, build) => [build("sigmoidGradient", [node, dy], {})],
  reference: ({ inputs: [x], output }) => {
    mapElements(output, x, (value) => 1 / (1 + Math.exp(-value)));
  },
  cost: elementwiseCost(4),
};

/** dx = dy y (1 - y). Shapes: y and dy alike. */
export const sigmoidGradient: OpRule<"sigmoidGradient"> = {
  shape: (context) => sameShapeType(context, ["y", "dy"]),
  gradient: ({ inputs: [y, dy] }, gradient, build, wanted) => {
    const slope = () => build("affine", [y], { factor: -2, offset: 1 });
    return [
      wanted[0] ? build("multiply", [build("multiply", [gradient, dy], {}), slope()], {}) : null,
      wanted[1] ? build("sigmoidGradient", [y, gradient], {}) : null,
    ];
  },
  reference: ({ inputs: [y, dy], output }) => {
    zipElements(output, y, dy, (value, gradient) => gradient * value * (1 - value));
  },
  cost: elementwiseCost(3),
};
