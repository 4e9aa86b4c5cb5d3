import { checkShape, formatShape, type Shape, sizeOf } from "../tensor/index.ts";
import { check, sameShapeType } from "./checks.ts";
import { elementwiseCost, perInputElementCost } from "./cost.ts";
import { broadcastIndices } from "./indexing.ts";
import type { OpRule } from "./rule.ts";

/** Repeats axes of size 1. Shapes: x of the same number of axes, each equal or 1 -> attributes.shape. */
export const broadcast: OpRule<"broadcast"> = {
  shape: (context) => {
    const { attributes, where } = context;
    const x = sameShapeType(context, ["x"]).shape;
    checkShape(attributes.shape, where);
    check(
      x.length === attributes.shape.length &&
        x.every((size, axis) => size === 1 || size === attributes.shape[axis]),
      where,
      () => `cannot repeat ${formatShape(x)} up to ${formatShape(attributes.shape)}`,
      "Both need the same number of axes, and only those of size 1 are repeated; reshape first to add axes.",
    );
    return { shape: attributes.shape, dtype: "float32" };
  },
  // The reverse walk sums a gradient down to the shape of its node, which is all there is to do.
  gradient: (_, dy) => [dy],
  reference: ({ node, inputs: [x], output }) => {
    broadcastIndices(node.inputs[0].shape, node.shape).forEach((position, index) => {
      output[index] = x[position];
    });
  },
  cost: elementwiseCost(0),
};

/** The shape with the axes of a sum kept as size 1. */
function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** y = sum of x over `axes`. Shapes: [d...] -> without `axes`, or with size 1 there (`keepDimensions`). */
export const reduceSum: OpRule<"reduceSum"> = {
  shape: (context) => {
    const { axes, keepDimensions } = context.attributes;
    const x = sameShapeType(context, ["x"]).shape;
    check(
      axes.length > 0 && axes.every((axis) => Number.isSafeInteger(axis) && axis >= 0 && axis < x.length),
      context.where,
      () => `axes must be some of 0 to ${x.length - 1} for ${formatShape(x)}, got ${formatShape(axes)}`,
    );
    check(
      axes.every((axis, index) => index === 0 || axis > axes[index - 1]),
      context.where,
      () => `axes must be in ascending order, each once, got ${formatShape(axes)}`,
    );
    const shape = keepDimensions ? keptShape(x, axes) : x.filter((_, axis) => !axes.includes(axis));
    return { shape, dtype: "float32" };
  },
  gradient: ({ inputs: [x], attributes: { axes, keepDimensions } }, dy, build) => {
    const kept = keepDimensions ? dy : build("reshape", [dy], { shape: keptShape(x.shape, axes) });
    return [sizeOf(kept.shape) === sizeOf(x.shape) ? kept : build("broadcast", [kept], { shape: x.shape })];
  },
  reference: ({ node, inputs: [x], output }) => {
    const { shape } = node.inputs[0];
    broadcastIndices(keptShape(shape, node.attributes.axes), shape).forEach((position, index) => {
      output[position] += x[index];
    });
  },
  cost: perInputElementCost(1),
};
