import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { axisField, exampleAxis } from "./axes.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.softmax` and `layers.logSoftmax`. */
export interface SoftmaxOptions {
  /** The axis of the classes, counted with the batch as 0, or from the end as -1; default -1. */
  readonly axis?: number;
}

/** exp(x_i) / sum_j exp(x_j) along an axis. Shapes: [...] -> [...]. */
export const softmaxLayer: LayerDefinition<SoftmaxOptions> = alongAxis((build, x) =>
  build("softmax", [x], {}),
);

/** x_i - log sum_j exp(x_j) along an axis, in nats. Shapes: [...] -> [...]. */
export const logSoftmaxLayer: LayerDefinition<SoftmaxOptions> = alongAxis((build, x) =>
  build("logSoftmax", [x], {}),
);

/** A map of the last axis along any: the two change places before and after. */
function alongAxis(map: (build: Build, x: Node) => Node): LayerDefinition<SoftmaxOptions> {
  return {
    fields: { axis: axisField(-1) },
    arity: oneInput,
    outputShape: ({ axis }, [input = []], where) => {
      exampleAxis(axis, input, where);
      return input;
    },
    parameters: noParameters,
    call: ({ axis }, { build }, [x]) => {
      const last = x.shape.length - 1;
      const position = exampleAxis(axis, x.shape.slice(1), "softmax") + 1;
      if (position === last) return map(build, x);
      const permutation = x.shape.map((_, i) => (i === position ? last : i === last ? position : i));
      const mapped = map(build, build("transpose", [x], { permutation }));
      return build("transpose", [mapped], { permutation });
    },
  };
}
