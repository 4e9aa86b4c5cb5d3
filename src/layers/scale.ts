import type { Build } from "../ops/index.ts";
import { booleanField } from "../options/index.ts";
import { type LayerDefinition, oneInput, type ParameterSpec } from "./definition.ts";
import { type InitializerOption, initializerField } from "./initializers.ts";

/** Options of `layers.scale`. */
export interface ScaleOptions {
  /** Whether there is a factor (`weight`); default true. */
  readonly scale?: boolean;
  /** Whether there is an offset (`bias`); default true. */
  readonly center?: boolean;
  /** Default `ones`. */
  readonly weightInitializer?: InitializerOption;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerOption;
}

/**
 * weight[c] x + bias[c] for each channel c, both trained: after an average pool, the subsampling of LeNet-5 (LeCun et
 * al. 1998); Caffe's `Scale`. Shapes: [..., C] -> [..., C]; weight and bias [C].
 */
export const scaleLayer: LayerDefinition<ScaleOptions> = {
  fields: {
    scale: booleanField(true),
    center: booleanField(true),
    weightInitializer: initializerField("ones"),
    biasInitializer: initializerField("zeros"),
  },
  arity: oneInput,
  outputShape: (_options, [input = []]) => input,
  parameters: ({ scale, center, weightInitializer, biasInitializer }, [input = []]) => {
    const shape = [input[input.length - 1] ?? 1];
    const trained = { shape, trainable: true, decays: false } as const;
    const specs: (ParameterSpec | null)[] = [
      scale ? { name: "weight", initializer: weightInitializer, ...trained } : null,
      center ? { name: "bias", initializer: biasInitializer, ...trained } : null,
    ];
    return specs.filter((spec) => spec !== null);
  },
  call: (_options, { build }, [x], { weight, bias }) => {
    if (weight === undefined) return bias === undefined ? x : build("add", [x, bias], {});
    if (bias === undefined) return build("multiply", [x, weight], {});
    // A normalization of what has mean 0 and variance 1 already: one pass forwards, one for both gradients, and in
    // inference a convolution before it takes it in.
    return build("batchNormalize", [x, standardMoments(build, weight.shape[0] ?? 1), weight, bias], {
      epsilon: 0,
    });
  },
};

/** Means of 0 and variances of 1. Shapes: [2, channels]. */
function standardMoments(build: Build, channels: number) {
  const row = (value: number) => build("constant", [], { value, shape: [1, channels] });
  return build("concatenate", [row(0), row(1)], { axis: 0 });
}
