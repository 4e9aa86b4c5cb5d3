import { formatShape, type TensorType } from "../tensor/index.ts";
import { check, checkOperand, sameShapeType } from "./checks.ts";
import { elementwiseCost } from "./cost.ts";
import { mapElements, zipElements } from "./indexing.ts";
import type { OpRule, ShapeContext } from "./rule.ts";

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
 * y[..., c] = factors[c] x[..., c] + offsets[c]: what brings images to a mean and a deviation for each channel.
 * Shapes: [..., C], with C factors and C offsets.
 */
export const channelAffine: OpRule<"channelAffine"> = {
  shape: (context) => {
    const { attributes, inputs, where } = context;
    const type = sameShapeType(context, ["x"]);
    checkOperand(context, 0, { name: "x", axes: ["...", "C"] });
    for (const name of ["factors", "offsets"] as const) {
      const channels = inputs[0].shape.at(-1);
      check(
        attributes[name].length === channels,
        where,
        () =>
          `${name} must have one number for each of the ${channels} channels of ${formatShape(inputs[0].shape)}, got ${attributes[name].length}`,
      );
    }
    return type;
  },
  gradient: ({ attributes: { factors } }, dy, build) => [
    build("channelAffine", [dy], { factors, offsets: factors.map(() => 0) }),
  ],
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    const { factors, offsets } = attributes;
    const channels = factors.length;
    for (let i = 0; i < output.length; i++) output[i] = factors[i % channels] * x[i] + offsets[i % channels];
  },
  cost: elementwiseCost(2),
};

function limitedShape(context: ShapeContext<"clip" | "clipGradient">, names: readonly string[]): TensorType {
  const { minimum, maximum } = context.attributes;
  check(
    minimum <= maximum,
    context.where,
    () => `limits must be in order, got ${formatShape([minimum, maximum])}`,
  );
  return sameShapeType(context, names);
}

/** y = min(max(x, minimum), maximum). Shapes: any. With 0 and 6 it is ReLU6 (Krizhevsky 2010). */
export const clip: OpRule<"clip"> = {
  shape: (context) => limitedShape(context, ["x"]),
  gradient: (node, dy, build) => [build("clipGradient", [node, dy], node.attributes)],
  reference: ({ node: { attributes }, inputs: [x], output }) => {
    mapElements(output, x, (value) => Math.min(Math.max(value, attributes.minimum), attributes.maximum));
  },
  cost: elementwiseCost(2),
};

/**
 * dx = dy where minimum < y < maximum, or 0: on the two limits themselves too, as PyTorch's `relu6` has it (its `clamp`
 * lets the gradient pass there). Shapes: y and dy alike.
 */
export const clipGradient: OpRule<"clipGradient"> = {
  shape: (context) => limitedShape(context, ["y", "dy"]),
  // Linear in dy; constant in y almost everywhere.
  gradient: ({ inputs: [y], attributes }, gradient, build, wanted) => [
    null,
    wanted[1] ? build("clipGradient", [y, gradient], attributes) : null,
  ],
  reference: ({ node: { attributes }, inputs: [y, dy], output }) => {
    const { minimum, maximum } = attributes;
    zipElements(output, y, dy, (value, gradient) => (value > minimum && value < maximum ? gradient : 0));
  },
  cost: elementwiseCost(2),
};
