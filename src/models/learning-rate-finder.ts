import { type Optimizer, readOptimizer, schedules } from "../optimizers/index.ts";
import {
  checkOptionNames,
  type Fields,
  numberField,
  resolveOptions,
  wholeNumberField,
} from "../options/index.ts";
import { OptionError, TrainingError } from "../tensor/index.ts";
import type { Callback } from "../train/index.ts";
import { notCompiled } from "./compile.ts";
import type { FitOptions } from "./fit.ts";
import { Model } from "./model.ts";
import { lowestOf, smoothedLosses, steepestFall, stepsBeforeDivergence } from "./rate-sweep.ts";

/** What a model is trained on. */
type TrainingData = Parameters<Model["fit"]>[0];

/** Between which rates, and in how many steps. */
export interface SweepOptions {
  /** The first rate; default 1e-6. */
  readonly minimum?: number;
  /** The last rate, unless training diverges before; default 10. */
  readonly maximum?: number;
  /** Steps from the one to the other, each with a rate that is by the same factor higher; default 100. */
  readonly steps?: number;
}

/** How {@link findLearningRate} trains: as `fit` does, from lower to higher rates. */
export interface FindLearningRateOptions
  extends SweepOptions,
    Pick<
      FitOptions,
      | "batchSize"
      | "seed"
      | "shuffle"
      | "augment"
      | "classWeights"
      | "gradientAccumulation"
      | "callbacks"
      | "signal"
    > {}

/** What a sweep of the learning rate came to. Lists have an entry for each step before training diverged. */
export interface LearningRateSweep {
  /** Where the loss falls most steeply: a good first rate, and a maximum for `schedules.oneCycle`. `null` if it never falls. */
  readonly suggestion: number | null;
  /** Where the loss is lowest: the greatest rate that may do. */
  readonly lowest: number;
  readonly rates: readonly number[];
  /** Mean loss of each step's batch. */
  readonly losses: readonly number[];
  /** The mean of each loss and its neighbours. */
  readonly smoothed: readonly number[];
  /** Whether the loss rose beyond all bounds, which ended the sweep. */
  readonly diverged: boolean;
}

const where = "findLearningRate";

const sweepFields: Fields<SweepOptions> = {
  minimum: numberField({ above: 0 }, 1e-6),
  maximum: numberField({ above: 0 }, 10),
  steps: wholeNumberField(10, 100),
};

const fitNames = ["batchSize", "seed", "shuffle", "augment", "classWeights", "gradientAccumulation"] as const;

/**
 * Trains a copy of a model while its learning rate rises from step to step by the same factor, until the loss rises beyond
 * all bounds, and tells at which rate it fell most steeply (Smith 2017: "Cyclical learning rates for training neural
 * networks", section 3.3). The model itself, its weights and its optimizer's state stay as they are; weights that are yet
 * to be drawn are drawn.
 *
 * @throws OptionError for a model that is not compiled or a wrong option, TrainingError when the loss is not a number from the
 *   first step on, and what `fit` throws
 */
export async function findLearningRate(
  model: Model,
  dataset: TrainingData,
  options: FindLearningRateOptions = {},
): Promise<LearningRateSweep> {
  checkOptionNames(where, options, [...Object.keys(sweepFields), ...fitNames, "callbacks", "signal"]);
  const { minimum, maximum, steps } = resolveOptions(where, options, sweepFields);
  if (minimum >= maximum) {
    throw new OptionError(`the rate cannot rise from ${minimum} to ${maximum}`, {
      where,
      hint: "Give a maximum above the minimum.",
    });
  }
  const { minimum: _first, maximum: _last, steps: _steps, callbacks = [], ...fit } = options;
  const { compiled } = model;
  if (compiled === null) throw notCompiled(model.name);
  const copy = new Model(model.parts());
  copy.compile({ ...compiled, optimizer: rising(compiled.optimizer, minimum, maximum, steps), metrics: [] });
  const losses: number[] = [];
  const listener: Callback = {
    onProgress: (event, control) => {
      losses.push(...event.losses);
      if (losses.length >= steps || stepsBeforeDivergence(losses) < losses.length) control.stop();
    },
  };
  // Every epoch has a step at least.
  const run = { ...fit, epochs: steps, callbacks: [...callbacks, listener] };
  try {
    await copy.fit(dataset, run);
  } catch (error) {
    // A loss that is not a number any more is where the sweep ends, unless it was none from the first.
    if (!(error instanceof TrainingError) || losses.length === 0) throw error;
    losses.push(Number.POSITIVE_INFINITY);
  }
  return sweepOf(losses.slice(0, steps), { minimum, maximum, steps });
}

function rising({ kind, options }: Optimizer, minimum: number, maximum: number, steps: number): Optimizer {
  const learningRate = schedules.exponential({
    initialLearningRate: minimum,
    decaySteps: steps - 1,
    decayRate: maximum / minimum,
  });
  return readOptimizer({ kind, options: { ...options, learningRate } });
}

function sweepOf(
  all: readonly number[],
  { minimum, maximum, steps }: Required<SweepOptions>,
): LearningRateSweep {
  const before = stepsBeforeDivergence(all);
  const losses = all.slice(0, before);
  const rates = losses.map((_, step) => minimum * (maximum / minimum) ** (step / (steps - 1)));
  const smoothed = smoothedLosses(losses, steps);
  const steepest = steepestFall(smoothed);
  return {
    suggestion: steepest === null ? null : rates[steepest],
    lowest: rates[lowestOf(smoothed)],
    ...{ rates, losses, smoothed },
    diverged: before < all.length,
  };
}
