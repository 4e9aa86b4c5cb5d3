import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** y = x where x > 0, or slope x (Maas, Hannun and Ng 2013). Shapes: any. */
export const leakyRelu: OpRule<"leakyRelu"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  // From x: with a slope that is not positive, y would not tell the two sides apart.
  gradient: ({ inputs: [x], attributes }, dy, build) => [build("leakyReluGradient", [x, dy], attributes)],
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    mapElements(output, x, (value) => (value > 0 ? value : attributes.slope * value));
  },
  cost: elementwiseCost(2),
};

/** dx = dy where x > 0, or slope dy: the derivative at 0 is the slope. Shapes: x and dy alike. */
export const leakyReluGradient: OpRule<"leakyReluGradient"> = {
  shape: (context) => sameShapeType(context, ["x", "dy"]),
  // Linear in dy; constant in x almost everywhere.
  gradient: ({ inputs: [x], attributes }, gradient, build, wanted) => [
    null,
    wanted[1] ? build("leakyReluGradient", [x, gradient], attributes) : null,
  ],
  reference: ({ node: { attributes }, inputs: [x, dy], output }) => {
    zipElements(output, x, dy, (value, gradient) => (value > 0 ? gradient : attributes.slope * gradient));
  },
  cost: elementwiseCost(2),
};
