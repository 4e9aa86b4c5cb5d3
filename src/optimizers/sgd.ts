import { booleanField, numberField } from "../options/index.ts";
import {
  type CommonOptimizerOptions,
  commonFields,
  noCorrections,
  type OptimizerDefinition,
} from "./definition.ts";

/** Options of `optimizers.sgd`. */
export interface SgdOptions extends CommonOptimizerOptions {
  /** Share of the last step that is taken again, in [0, 1); default 0. */
  readonly momentum?: number;
  /** Whether the gradient counts as if the momentum's step had been taken; default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent: w -= rate g. With momentum m: v = m v - rate g, w += v; with Nesterov's look ahead
 * w += m v - rate g (Sutskever et al. 2013, as in Keras). Learning rate 0.01.
 */
export const sgdOptimizer: OptimizerDefinition<SgdOptions> = {
  fields: {
    ...commonFields(0.01),
    momentum: numberField({ minimum: 0, below: 1 }, 0),
    nesterov: booleanField(false),
  },
  update: ({ momentum, nesterov }, weightDecay) =>
    momentum === 0
      ? { kind: "sgd", attributes: { weightDecay } }
      : { kind: "momentum", attributes: { momentum, nesterov, weightDecay } },
  corrections: noCorrections,
};
