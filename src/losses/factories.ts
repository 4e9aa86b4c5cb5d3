import type { CrossentropyOptions } from "./crossentropy.ts";
import { createLoss, type Loss } from "./loss.ts";
import type { MaximumAPosterioriOptions } from "./maximum-a-posteriori.ts";
import type { MeanSquaredErrorOptions } from "./mean-squared-error.ts";

/** (a - y)^2 over one-hot targets, averaged over the outputs. */
export function meanSquaredError(options: MeanSquaredErrorOptions = {}): Loss<"meanSquaredError"> {
  return createLoss("meanSquaredError", options);
}

/** -sum_c t_c log p_c over one-hot targets, in nats. */
export function categoricalCrossentropy(options: CrossentropyOptions = {}): Loss<"categoricalCrossentropy"> {
  return createLoss("categoricalCrossentropy", options);
}

/** -log p(label), in nats. */
export function sparseCategoricalCrossentropy(
  options: CrossentropyOptions = {},
): Loss<"sparseCategoricalCrossentropy"> {
  return createLoss("sparseCategoricalCrossentropy", options);
}

/** -log of the label's share among all classes and one of rubbish, from penalties: the loss of `lenet5:1998`, in nats. */
export function maximumAPosteriori(options: MaximumAPosterioriOptions = {}): Loss<"maximumAPosteriori"> {
  return createLoss("maximumAPosteriori", options);
}
