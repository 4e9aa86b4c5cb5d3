import { noPadding } from "../ops/index.ts";
import { type Size2dOption, size2dField } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, size2d } from "./geometry.ts";

/** Options of `layers.adaptiveAveragePool2d`. */
export interface AdaptiveAveragePool2dOptions {
  /** Height and width of the output, in pixels: smaller than the input, or larger. */
  readonly outputSize: Size2dOption;
}

/**
 * The mean over windows that share the image out as evenly as whole pixels allow, so that a dense layer may follow
 * whatever the image's size: output row i covers the input rows from floor(i H / OH) to ceil((i + 1) H / OH), columns
 * alike (PyTorch's `AdaptiveAvgPool2d`). Shapes: [H, W, C] -> [outputSize, C].
 */
export const adaptiveAveragePool2dLayer: LayerDefinition<AdaptiveAveragePool2dOptions> = {
  fields: { outputSize: size2dField(1) },
  arity: oneInput,
  outputShape: ({ outputSize }, inputs, where) => [...size2d(outputSize), imageShape(inputs, where)[2]],
  parameters: noParameters,
  call: (options, { build }, [x]) => {
    const outputSize = size2d(options.outputSize);
    const poolSize = [x.shape[1] / outputSize[0], x.shape[2] / outputSize[1]] as const;
    if (poolSize.every((size) => size === 1)) return x;
    if (poolSize.every(Number.isInteger)) {
      const walk = { poolSize, strides: poolSize, padding: noPadding, outputSize };
      return build("averagePool2d", [x], { ...walk, countPadding: false });
    }
    return build("adaptiveAveragePool2d", [x], { outputSize });
  },
};
