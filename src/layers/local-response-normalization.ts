import { numberField, wholeNumberField } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.localResponseNormalization`; the defaults are PyTorch's and ONNX's. */
export interface LocalResponseNormalizationOptions {
  /** Channels in a window; of even sizes the odd one lies behind (ONNX's rule). Default 5. */
  readonly size?: number;
  /** Weight of the sum of squares, divided by `size`: TensorFlow's alpha is this one's `size`th part. Default 0.0001. */
  readonly alpha?: number;
  /** Exponent; default 0.75. */
  readonly beta?: number;
  /** What the weighed sum is added to (k in the paper); default 1. */
  readonly bias?: number;
}

/**
 * Each value over a power of what its neighbouring channels have at the same place:
 * y[c] = x[c] (bias + alpha / size * the sum of x[j]^2 over `size` channels around c)^-beta (Krizhevsky, Sutskever and
 * Hinton 2012). Shapes: [..., C] -> [..., C].
 */
export const localResponseNormalizationLayer: LayerDefinition<LocalResponseNormalizationOptions> = {
  fields: {
    size: wholeNumberField(1, 5),
    alpha: numberField({ minimum: 0 }, 1e-4),
    beta: numberField({}, 0.75),
    bias: numberField({ above: 0 }, 1),
  },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: noParameters,
  call: ({ size, alpha, beta, bias }, { build }, [x]) =>
    build("localResponseNormalization", [x], { size, alpha, beta, bias }),
};
