import { numberField } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.dropout`. */
export interface DropoutOptions {
  /** Probability of a value to be dropped, in [0, 1). */
  readonly rate: number;
}

/**
 * In training each value is zeroed with probability `rate` and else scaled by 1 / (1 - rate); in inference nothing
 * happens (Srivastava et al. 2014, inverted form). Shapes: [...] -> [...].
 */
export const dropoutLayer: LayerDefinition<DropoutOptions> = {
  fields: { rate: numberField({ minimum: 0, below: 1 }) },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: noParameters,
  call: ({ rate }, { build, training, key, nextStream }, [x]) => {
    // The stream is drawn whatever the rate, so that one layer's rate leaves the next one's draws as they are.
    const stream = training ? nextStream() : 0;
    if (!training || key === null || rate === 0) return x;
    return build("dropout", [x, key], { rate, stream });
  },
};
