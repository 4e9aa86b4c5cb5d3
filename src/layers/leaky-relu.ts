import { numberField } from "../options/index.ts";
import { leakySlope } from "./activations.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.leakyRelu`. */
export interface LeakyReluOptions {
  /** What negative values are multiplied with; default 0.01, as in PyTorch and ONNX (Keras's is 0.3). */
  readonly slope?: number;
}

/** x where positive, or slope x. Shapes: [...] -> [...]. */
export const leakyReluLayer: LayerDefinition<LeakyReluOptions> = {
  fields: { slope: numberField({}, leakySlope) },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: noParameters,
  call: ({ slope }, { build }, [x]) => build("leakyRelu", [x], { slope }),
};
