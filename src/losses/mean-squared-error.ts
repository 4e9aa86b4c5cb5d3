import { nameField } from "../options/index.ts";
import type { LossDefinition } from "./definition.ts";

/** Options of `losses.meanSquaredError`. */
export interface MeanSquaredErrorOptions {
  /** Over the outputs of an example: `"mean"` (Keras, the default) or `"sum"`, as backpropagation is taught. */
  readonly reduction?: "mean" | "sum";
}

/**
 * (a - y)^2, averaged (or summed) over the outputs, where y is 1 for the label's class and 0 for the others.
 * With a single output both reductions are the cost (a - y)^2 itself. Shapes: [N, C], labels [N] -> [N].
 */
export const meanSquaredErrorLoss: LossDefinition<MeanSquaredErrorOptions> = {
  fields: { reduction: nameField(["mean", "sum"], "mean") },
  perExample: ({ reduction }, build, output, labels) => {
    const classes = output.shape[1] ?? 1;
    const target = build("oneHot", [labels], { classes });
    const difference = build("subtract", [output, target], {});
    const squares = build("multiply", [difference, difference], {});
    const sum = build("reduceSum", [squares], { axes: [1], keepDimensions: false });
    return reduction === "sum" ? sum : build("affine", [sum], { factor: 1 / classes, offset: 0 });
  },
};
