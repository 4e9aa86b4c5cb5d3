import {
  createInitializer,
  type Initializer,
  type RandomNormalOptions,
  type RandomUniformOptions,
  type ValuesOptions,
  type VarianceScalingOptions,
} from "./initializers.ts";

/**
 * Variance scale / fan in (or fan out, or their mean), normal or uniform: `{ scale: 2, mode: "fanOut", distribution:
 * "untruncatedNormal" }` is how torchvision draws the convolutions of a ResNet, `{ scale: 1 / 3, distribution: "uniform" }`
 * PyTorch's default for kernels.
 *
 * @throws OptionError for an unknown or wrong option
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer<"varianceScaling"> {
  return createInitializer("varianceScaling", options);
}

/**
 * A normal distribution.
 *
 * @throws OptionError for an unknown or wrong option
 */
export function randomNormal(options: RandomNormalOptions = {}): Initializer<"randomNormal"> {
  return createInitializer("randomNormal", options);
}

/**
 * Uniform on [minimum, maximum).
 *
 * @throws OptionError for an unknown or wrong option
 */
export function randomUniform(options: RandomUniformOptions = {}): Initializer<"randomUniform"> {
  return createInitializer("randomUniform", options);
}

/**
 * Values that are known: codes, or filters by hand.
 *
 * @throws OptionError for an unknown or wrong option; a ShapeError when the weights are drawn, if their number is not the
 *   parameter's
 */
export function values(options: ValuesOptions): Initializer<"values"> {
  return createInitializer("values", options);
}
