import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** y = tanh(x). Shapes: any. */
export const tanh: OpRule<"tanh"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: (node, dy, build) => [build("tanhGradient", [node, dy], {})],
  reference: ({ inputs: [x], output }) => {
    mapElements(output, x, Math.tanh);
  },
  cost: elementwiseCost(5),
};

/** dx = dy (1 - y^2). Shapes: y and dy alike. */
export const tanhGradient: OpRule<"tanhGradient"> = {
  shape: (context) => sameShapeType(context, ["y", "dy"]),
  gradient: ({ inputs: [y, dy] }, gradient, build, wanted) => {
    const slope = () => build("affine", [y], { factor: -2, offset: 0 });
    return [
      wanted[0] ? build("multiply", [build("multiply", [gradient, dy], {}), slope()], {}) : null,
      wanted[1] ? build("tanhGradient", [y, gradient], {}) : null,
    ];
  },
  reference: ({ inputs: [y, dy], output }) => {
    zipElements(output, y, dy, (value, gradient) => gradient * (1 - value * value));
  },
  cost: elementwiseCost(3),
};
