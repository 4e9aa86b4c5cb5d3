import { type InitializerOption, initialize } from "../layers/index.ts";
import type { RandomStream, Shape, Tensor } from "../tensor/index.ts";

/** What an initializer draws, all of it at once. */
export function drawWeights(
  initializer: InitializerOption,
  shape: Shape,
  stream: RandomStream,
): Tensor<"float32"> {
  const steps = initialize(initializer, shape, stream);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
