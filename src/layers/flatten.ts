import { sizeOf } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** `layers.flatten()` takes no options of its own. */
export type FlattenOptions = Record<never, never>;

/** All values of an example in one row, channels fastest. Shapes: [...] -> [product of all]. */
export const flattenLayer: LayerDefinition<FlattenOptions> = {
  fields: {},
  arity: oneInput,
  outputShape: (_options, [input = []]) => [sizeOf(input)],
  parameters: noParameters,
  call: (_options, { build }, [x]) => {
    const [batch = 1, ...rest] = x.shape;
    return rest.length === 1 ? x : build("reshape", [x], { shape: [batch, sizeOf(rest)] });
  },
};
