import { booleanField, nameField, nullable, shapeField } from "../options/index.ts";
import { broadcastShapes, formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, oneInput } from "./definition.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** What `layers.arithmetic` does to its input and its parameter. */
export type ArithmeticOperation = "add" | "subtract" | "multiply" | "divide";

const operations: readonly ArithmeticOperation[] = ["add", "subtract", "multiply", "divide"];

/** Options of `layers.arithmetic`. */
export interface ArithmeticOptions {
  readonly operation: ArithmeticOperation;
  /** Shape of the parameter, without a batch: sizes of 1, and axes missing in front, are repeated. */
  readonly shape: Shape;
  /** Whether the parameter comes first, as in weight - x; default false. */
  readonly reversed?: boolean;
  /** Default `null`: ones for products and quotients, zeros for sums and differences, so that nothing changes at first. */
  readonly initializer?: InitializerOption | null;
}

/**
 * The input combined with a parameter of any shape that broadcasts to it: x + weight, weight / x and the like. For one
 * number a channel, `layers.scale` is the faster. Shapes: [...] -> [...]; weight as `shape` says.
 */
export const arithmeticLayer: LayerDefinition<ArithmeticOptions> = {
  fields: {
    operation: nameField(operations),
    shape: shapeField,
    reversed: booleanField(false),
    initializer: nullable(initializerField("zeros")),
  },
  arity: oneInput,
  outputShape: ({ shape }, [input = []], where) => {
    if (shape.length <= input.length) return broadcastShapes(input, shape, where);
    throw new ShapeError(
      `a parameter ${formatShape(shape)} has more axes than the input ${formatShape(input)} (without the batch)`,
      { where, hint: "Use layers.reshape() on the input first, or leave axes of size 1 out." },
    );
  },
  parameters: ({ operation, shape, initializer }) => {
    const neutral = operation === "multiply" || operation === "divide" ? "ones" : "zeros";
    return [{ name: "weight", shape, initializer: initializer ?? neutral, trainable: true, decays: false }];
  },
  call: ({ operation, reversed }, { build }, [x], { weight }) =>
    build(operation, reversed ? [weight, x] : [x, weight], {}),
};
