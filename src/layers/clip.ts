import { numberField } from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.clip`. */
export interface ClipOptions {
  /** The least value that is left. */
  readonly minimum: number;
  /** The greatest value that is left, in the same unit. */
  readonly maximum: number;
}

/** min(max(x, minimum), maximum). Shapes: [...] -> [...]. */
export const clipLayer: LayerDefinition<ClipOptions> = {
  fields: { minimum: numberField({}), maximum: numberField({}) },
  arity: oneInput,
  outputShape: ({ minimum, maximum }, [input = []], where) => {
    if (minimum <= maximum) return input;
    throw new OptionError(`minimum ${minimum} is above maximum ${maximum}`, {
      where,
      hint: "Exchange them.",
    });
  },
  parameters: noParameters,
  call: ({ minimum, maximum }, { build }, [x]) => build("clip", [x], { minimum, maximum }),
};
