import { broadcastShapes, type TensorType } from "../tensor/index.ts";
import { anyShape, type CheckContext, checkOperands } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { broadcastIndices } from "./indexing.ts";
import type { OpRule, ReferenceContext } from "./rule.ts";

type Binary = "add" | "subtract" | "multiply" | "divide";

function binaryShape(context: CheckContext): TensorType {
  checkOperands(context, [
    { name: "a", axes: anyShape },
    { name: "b", axes: anyShape },
  ]);
  const [a, b] = context.inputs;
  return { shape: broadcastShapes(a.shape, b.shape, context.where), dtype: "float32" };
}

function binaryReference(f: (a: number, b: number) => number) {
  return ({ node, inputs: [a, b], output }: ReferenceContext<Binary>): void => {
    const fromA = broadcastIndices(node.inputs[0].shape, node.shape);
    const fromB = broadcastIndices(node.inputs[1].shape, node.shape);
    for (let index = 0; index < output.length; index++) output[index] = f(a[fromA[index]], b[fromB[index]]);
  };
}

/** y = a + b. Shapes: any two that broadcast. */
export const add: OpRule<"add"> = {
  shape: binaryShape,
  gradient: (_, dy) => [dy, dy],
  reference: binaryReference((a, b) => a + b),
  cost: elementwiseCost(1),
};

/** y = a - b. Shapes: any two that broadcast. */
export const subtract: OpRule<"subtract"> = {
  shape: binaryShape,
  gradient: (_, dy, build, wanted) => [
    dy,
    wanted[1] ? build("affine", [dy], { factor: -1, offset: 0 }) : null,
  ],
  reference: binaryReference((a, b) => a - b),
  cost: elementwiseCost(1),
};

/** y = a b, element by element. Shapes: any two that broadcast. */
export const multiply: OpRule<"multiply"> = {
  shape: binaryShape,
  gradient: ({ inputs: [a, b] }, dy, build, wanted) => [
    wanted[0] ? build("multiply", [dy, b], {}) : null,
    wanted[1] ? build("multiply", [dy, a], {}) : null,
  ],
  reference: binaryReference((a, b) => a * b),
  cost: elementwiseCost(1),
};

/** y = a / b, element by element. Shapes: any two that broadcast. */
export const divide: OpRule<"divide"> = {
  shape: binaryShape,
  // d(a / b) / db = -a / b^2, which is -y / b.
  gradient: (node, dy, build, wanted) => {
    const [, b] = node.inputs;
    const share = build("divide", [dy, b], {});
    const negative = () => build("affine", [node], { factor: -1, offset: 0 });
    return [wanted[0] ? share : null, wanted[1] ? build("multiply", [share, negative()], {}) : null];
  },
  reference: binaryReference((a, b) => a / b),
  cost: elementwiseCost(1),
};
