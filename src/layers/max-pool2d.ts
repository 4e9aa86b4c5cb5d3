import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { type Pool2dOptions, pool2dFields, pool2dShape, resolvePool2d } from "./pooling2d.ts";

/** Options of `layers.maxPool2d`. */
export interface MaxPool2dOptions extends Pool2dOptions {}

/** The greatest value of each window and channel. Shapes: [H, W, C] -> [H', W', C]. */
export const maxPool2dLayer: LayerDefinition<MaxPool2dOptions> = {
  fields: pool2dFields,
  arity: oneInput,
  outputShape: pool2dShape,
  parameters: noParameters,
  call: (options, { build }, [x]) =>
    build("maxPool2d", [x], resolvePool2d(options, x.shape.slice(1), "maxPool2d")),
};
