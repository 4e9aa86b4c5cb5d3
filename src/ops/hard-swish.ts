import { sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

function hardSigmoid(x: number): number {
  return Math.min(Math.max(x / 6 + 0.5, 0), 1);
}

/** y = x min(max(x / 6 + 1 / 2, 0), 1) (Howard et al. 2019, MobileNetV3). Shapes: any. */
export const hardSwish: OpRule<"hardSwish"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: ({ inputs: [x] }, dy, build) => [build("hardSwishGradient", [x, dy], {})],
  reference: ({ inputs: [x], output }) => {
    mapElements(output, x, (value) => value * hardSigmoid(value));
  },
  cost: elementwiseCost(5),
};

/** dx = dy times 0 up to -3, 1 from 3 on, and x / 3 + 1 / 2 between. Shapes: x and dy alike. */
export const hardSwishGradient: OpRule<"hardSwishGradient"> = {
  shape: (context) => sameShapeType(context, ["x", "dy"]),
  // dy / 3 between -3 and 3, which no loss is made of.
  gradient: null,
  reference: ({ inputs: [x, dy], output }) => {
    zipElements(output, x, dy, (value, gradient) => {
      if (value <= -3) return 0;
      return value < 3 ? gradient * (value / 3 + 0.5) : gradient;
    });
  },
  cost: elementwiseCost(5),
};
