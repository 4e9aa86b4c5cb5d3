import { field, isWholeNumber } from "../options/index.ts";
import { formatShape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.permute`. */
export interface PermuteOptions {
  /** The axes in their new order, the batch not among them: counted from 1, as Keras does. `[3, 1, 2]` puts channels first. */
  readonly dims: readonly number[];
}

/** The axes of an example in another order: axis i of the output is axis dims[i] of the input. */
export const permuteLayer: LayerDefinition<PermuteOptions> = {
  fields: {
    dims: field(
      "a list of the whole numbers from 1 on, each once",
      (value): value is readonly number[] =>
        Array.isArray(value) &&
        value.length >= 1 &&
        value.every((axis) => isWholeNumber(axis, 1, value.length)) &&
        new Set(value).size === value.length,
    ),
  },
  arity: oneInput,
  outputShape: ({ dims }, [input = []], where) => {
    if (dims.length !== input.length) {
      throw new ShapeError(`dims has ${dims.length} axes, but the input is ${formatShape(input)}`, {
        where,
        hint: "Name each axis but the batch once, counted from 1.",
      });
    }
    return dims.map((axis) => input[axis - 1] ?? 1);
  },
  parameters: noParameters,
  call: ({ dims }, { build }, [x]) => build("transpose", [x], { permutation: [0, ...dims] }),
};
