import { formatShape } from "../tensor/index.ts";
import { check, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { permutedIndices } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** The axes of x in another order: axis i of y is axis permutation[i] of x. Shapes: [d_0, ...] -> [d_p0, d_p1, ...]. */
export const transpose: OpRule<"transpose"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const { permutation } = attributes;
    const x = sameShapeType(context, ["x"]).shape;
    check(
      permutation.length === x.length && x.every((_, axis) => permutation.includes(axis)),
      where,
      () =>
        `permutation must have each axis of ${formatShape(x)} once, counted from 0, got ${formatShape(permutation)}`,
    );
    return { shape: permutation.map((axis) => x[axis]), dtype: "float32" };
  },
  gradient: ({ attributes: { permutation } }, dy, build) => [
    build("transpose", [dy], { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) }),
  ],
  reference: ({ node, inputs: [x], output }) => {
    permutedIndices(node.inputs[0].shape, node.attributes.permutation).forEach((position, index) => {
      output[index] = x[position];
    });
  },
  cost: elementwiseCost(0),
};
