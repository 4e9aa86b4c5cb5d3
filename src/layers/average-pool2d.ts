import { booleanField } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { type Pool2dOptions, pool2dFields, pool2dShape, resolvePool2d } from "./pooling2d.ts";

/** Options of `layers.averagePool2d`. */
export interface AveragePool2dOptions extends Pool2dOptions {
  /** Whether the zeros of the padding count in the divisor (PyTorch does so, Keras does not); default false. */
  readonly countPadding?: boolean;
}

/** The mean of each window and channel. Shapes: [H, W, C] -> [H', W', C]. */
export const averagePool2dLayer: LayerDefinition<AveragePool2dOptions> = {
  fields: { ...pool2dFields, countPadding: booleanField(false) },
  arity: oneInput,
  outputShape: pool2dShape,
  parameters: noParameters,
  call: (options, { build }, [x]) =>
    build("averagePool2d", [x], {
      ...resolvePool2d(options, x.shape.slice(1), "averagePool2d"),
      countPadding: options.countPadding,
    }),
};
