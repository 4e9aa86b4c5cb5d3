import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** y = max(x, 0). Shapes: any. */
export const relu: OpRule<"relu"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: (node, dy, build) => [build("reluGradient", [node, dy], {})],
  reference: ({ inputs: [x], output }) => {
    mapElements(output, x, (value) => Math.max(value, 0));
  },
  cost: elementwiseCost(1),
};

/** dx = dy where y > 0, or 0: the derivative at 0 is taken as 0. Shapes: y and dy alike. */
export const reluGradient: OpRule<"reluGradient"> = {
  shape: (context) => sameShapeType(context, ["y", "dy"]),
  // Linear in dy; constant in y almost everywhere.
  gradient: ({ inputs: [y] }, gradient, build, wanted) => [
    null,
    wanted[1] ? build("reluGradient", [y, gradient], {}) : null,
  ],
  reference: ({ inputs: [y, dy], output }) => {
    zipElements(output, y, dy, (value, gradient) => (value > 0 ? gradient : 0));
  },
  cost: elementwiseCost(1),
};
