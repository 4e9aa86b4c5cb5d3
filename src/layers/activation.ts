import { nameField } from "../options/index.ts";
import { type ActivationName, activationNames, applyActivation } from "./activations.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.activation`. */
export interface ActivationOptions {
  /** Its name, as `relu` or `hardSwish`. */
  readonly activation: ActivationName;
}

/** A non-linear map as a layer of its own. Shapes: [...] -> [...]. */
export const activationLayer: LayerDefinition<ActivationOptions> = {
  fields: { activation: nameField(activationNames) },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: noParameters,
  call: ({ activation }, { build }, [x]) => applyActivation(build, activation, x),
};
