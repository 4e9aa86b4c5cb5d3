import { numberField } from "../options/index.ts";
import {
  type CommonOptimizerOptions,
  commonFields,
  noCorrections,
  type OptimizerDefinition,
} from "./definition.ts";

/** Options of `optimizers.rmsprop`. */
export interface RmspropOptions extends CommonOptimizerOptions {
  /** Decay of the mean of squared gradients, in [0, 1); default 0.9. */
  readonly rho?: number;
  /** Added to the root of the mean square; default 1e-7. */
  readonly epsilon?: number;
}

/**
 * s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon) (Tieleman and Hinton 2012; epsilon outside the root as
 * in PyTorch, where Keras has it inside). Learning rate 0.001.
 */
export const rmspropOptimizer: OptimizerDefinition<RmspropOptions> = {
  fields: {
    ...commonFields(0.001),
    rho: numberField({ minimum: 0, below: 1 }, 0.9),
    epsilon: numberField({ above: 0 }, 1e-7),
  },
  update: ({ rho, epsilon }, weightDecay) => ({
    kind: "rmsprop",
    attributes: { rho, epsilon, weightDecay },
  }),
  corrections: noCorrections,
};
