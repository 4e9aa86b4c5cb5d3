import { booleanField } from "../options/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { axesField, exampleAxis } from "./axes.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.reduceMean`. */
export interface ReduceMeanOptions {
  /** One or several axes, counted with the batch as 0, or from the end as -1. */
  readonly axes: number | readonly number[];
  /** Whether the axes stay as sizes of 1; default false. */
  readonly keepDimensions?: boolean;
}

/** The mean over some axes; `layers.globalAveragePool2d` is the usual case. Shapes: [..., D, ...] -> [..., ...]. */
export const reduceMeanLayer: LayerDefinition<ReduceMeanOptions> = {
  fields: { axes: axesField(), keepDimensions: booleanField(false) },
  arity: oneInput,
  outputShape: ({ axes, keepDimensions }, [input = []], where) => {
    const reduced = new Set([axes].flat().map((axis) => exampleAxis(axis, input, where)));
    return keepDimensions
      ? input.map((size, axis) => (reduced.has(axis) ? 1 : size))
      : input.filter((_, axis) => !reduced.has(axis));
  },
  parameters: noParameters,
  call: ({ axes, keepDimensions }, { build }, [x]) => {
    const example = x.shape.slice(1);
    const reduced = [...new Set([axes].flat().map((axis) => exampleAxis(axis, example, "reduceMean") + 1))];
    const sum = build("reduceSum", [x], { axes: reduced.sort((a, b) => a - b), keepDimensions });
    const count = sizeOf(reduced.map((axis) => x.shape[axis] ?? 1));
    return build("affine", [sum], { factor: 1 / count, offset: 0 });
  },
};
