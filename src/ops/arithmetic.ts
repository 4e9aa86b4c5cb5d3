import { broadcastShapes, formatShape, type TensorType } from "../tensor/index.ts";
import { anyShape, type CheckContext, check, checkOperands, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { broadcastIndices, mapElements } from "./indexing.ts";
import type { OpRule, ReferenceContext } from "./rule.ts";

type Binary = "add" | "subtract" | "multiply";

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

/** y = factor x + offset. Shapes: any. */
export const affine: OpRule<"affine"> = {
  shape: (context) => sameShapeType(context, ["x"]),
  gradient: ({ attributes: { factor } }, dy, build) => [build("affine", [dy], { factor, offset: 0 })],
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    mapElements(output, x, (value) => attributes.factor * value + attributes.offset);
  },
  cost: elementwiseCost(2),
};

/**
 * y = min(max(x, minimum), maximum). Shapes: any. The gradient passes where minimum < x < maximum, and is zero on the
 * two limits themselves (where PyTorch passes it).
 */
export const clip: OpRule<"clip"> = {
  shape: (context) => {
    const { minimum, maximum } = context.attributes;
    check(
      minimum <= maximum,
      context.where,
      () => `limits must be in order, got ${formatShape([minimum, maximum])}`,
    );
    return sameShapeType(context, ["x"]);
  },
  gradient: ({ inputs: [x], attributes: { minimum, maximum } }, dy, build) => {
    // The gradient of relu is the mask "greater than zero"; two of them make the mask of an interval.
    const above = build("affine", [x], { factor: 1, offset: -minimum });
    const below = build("affine", [x], { factor: -1, offset: maximum });
    return [build("reluGradient", [below, build("reluGradient", [above, dy], {})], {})];
  },
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    mapElements(output, x, (value) => Math.min(Math.max(value, attributes.minimum), attributes.maximum));
  },
  cost: elementwiseCost(2),
};
