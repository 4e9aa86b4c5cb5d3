import { type Initializer, initializers } from "../layers/index.ts";

/** PyTorch's defaults of batch normalization; its momentum is the new value's share, 0.1. */
export const batchNormDefaults = { momentum: 0.9, epsilon: 1e-5, runningVariance: "unbiased" } as const;

/** He et al.'s normal distribution over fan out, not cut off: how torchvision draws the convolutions of VGG and ResNet. */
export const heNormalFanOut: Initializer = initializers.varianceScaling({
  scale: 2,
  mode: "fanOut",
  distribution: "untruncatedNormal",
});

/**
 * How PyTorch draws where a net says nothing: kernels and biases are uniform on [-1 / sqrt(fanIn), 1 / sqrt(fanIn)),
 * with the kernel's fan in for both (`torch.nn.Linear.reset_parameters`).
 */
export function kernelDefaults(fanIn: number): {
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
} {
  const limit = 1 / Math.sqrt(fanIn);
  return {
    kernelInitializer: initializers.varianceScaling({ scale: 1 / 3, mode: "fanIn", distribution: "uniform" }),
    biasInitializer: initializers.randomUniform({ minimum: -limit, maximum: limit }),
  };
}

/** {@link kernelDefaults} of a filter: He et al.'s uniform distribution over fan in, which some nets ask for, and no bias. */
export const heUniform: Initializer = initializers.varianceScaling({
  scale: 2,
  mode: "fanIn",
  distribution: "uniform",
});
