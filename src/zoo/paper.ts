import { type Initializer, initializers, layers, type SymbolicTensor } from "../layers/index.ts";

/** How AlexNet and ZFNet draw the weights of all layers: a normal distribution of deviation 0.01. */
export const smallNormal: Initializer = initializers.randomNormal({ standardDeviation: 0.01 });

/**
 * AlexNet's local response normalization: x / (2 + 0.0001 * the sum of squares over 5 channels)^0.75 (Krizhevsky, Sutskever
 * and Hinton 2012, section 3.3). The paper does not divide its alpha by the number of channels, the layer does.
 */
export function contrastNormalization(x: SymbolicTensor, name: string): SymbolicTensor {
  const size = 5;
  return layers.localResponseNormalization({ name, size, alpha: 1e-4 * size, beta: 0.75, bias: 2 }).apply(x);
}
