import type { UpdateAttributes, UpdateKind } from "../graph/index.ts";
import { booleanField, type Fields, nullable, numberField, type Resolved } from "../options/index.ts";
import { type LearningRate, learningRateField } from "./schedule.ts";

/** Options that every optimizer takes. */
export interface CommonOptimizerOptions {
  /** A number, or a schedule; the default is the optimizer's. */
  readonly learningRate?: LearningRate;
  /**
   * Decoupled weight decay: before the optimizer's own step w is scaled by 1 - learningRate * weightDecay
   * (Loshchilov and Hutter 2019). Biases and normalization are left out unless `decayBiases` is set.
   */
  readonly weightDecay?: number;
  /** Whether weight decay applies to biases and normalization too; default false. */
  readonly decayBiases?: boolean;
  /** Scales all gradients so that the norm of all of them together is at most this; default `null`, never. */
  readonly clipNorm?: number | null;
  /** Limits each element of each gradient to [-clipValue, clipValue]; default `null`, never. */
  readonly clipValue?: number | null;
}

/** The checks of {@link CommonOptimizerOptions} with an optimizer's own defaults. */
export function commonFields(learningRate: number, weightDecay = 0): Fields<CommonOptimizerOptions> {
  return {
    learningRate: { ...learningRateField, fallback: learningRate },
    weightDecay: numberField({ minimum: 0 }, weightDecay),
    decayBiases: booleanField(false),
    clipNorm: nullable(numberField({ above: 0 })),
    clipValue: nullable(numberField({ above: 0 })),
  };
}

/** An update with its attributes, of any kind that an optimizer uses. */
export type UpdateChoice = {
  [K in UpdateKind]: { readonly kind: K; readonly attributes: UpdateAttributes[K] };
}[UpdateKind];

/** All that the system knows of a kind of optimizer. */
export interface OptimizerDefinition<O extends CommonOptimizerOptions> {
  readonly fields: Fields<O>;
  /** The update of one parameter. */
  readonly update: (options: Resolved<O>, weightDecay: number) => UpdateChoice;
  /** Numbers after the learning rate in the `hyper` vector of step t = 1, 2, ..., in float64. */
  readonly corrections: (options: Resolved<O>, t: number) => readonly number[];
}

/** For optimizers whose only changing number is the learning rate. */
export function noCorrections(): readonly number[] {
  return [];
}
