import { numberField, type Resolved } from "../options/index.ts";
import { type CommonOptimizerOptions, commonFields, type OptimizerDefinition } from "./definition.ts";

/** Options of `optimizers.adam` and `optimizers.adamW`. */
export interface AdamOptions extends CommonOptimizerOptions {
  /** Decay of the mean of gradients, in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-7, as in Keras. */
  readonly epsilon?: number;
}

/** w -= rate mHat / (sqrt(vHat) + epsilon) (Kingma and Ba 2015). Learning rate 0.001. */
export const adamOptimizer: OptimizerDefinition<AdamOptions> = adamWithDecay(0);

/** Adam with decoupled weight decay, 0.004 by default as in Keras (Loshchilov and Hutter 2019). */
export const adamWOptimizer: OptimizerDefinition<AdamOptions> = adamWithDecay(0.004);

function adamWithDecay(weightDecay: number): OptimizerDefinition<AdamOptions> {
  return {
    fields: {
      ...commonFields(0.001, weightDecay),
      beta1: numberField({ minimum: 0, below: 1 }, 0.9),
      beta2: numberField({ minimum: 0, below: 1 }, 0.999),
      epsilon: numberField({ above: 0 }, 1e-7),
    },
    update: ({ beta1, beta2, epsilon }, decay) => ({
      kind: "adam",
      attributes: { beta1, beta2, epsilon, weightDecay: decay },
    }),
    corrections,
  };
}

/** Both moments start at zero: 1 / (1 - beta^t) makes up for it. */
function corrections({ beta1, beta2 }: Resolved<AdamOptions>, t: number): readonly number[] {
  return [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
}
