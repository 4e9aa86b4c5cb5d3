import { type Loss, losses } from "../losses/index.ts";
import {
  type LearningRate,
  learningRateAt,
  type Optimizer,
  optimizers,
  type Schedule,
  schedules,
} from "../optimizers/index.ts";
import { OptionError } from "../tensor/errors.ts";
import type { TrainConfig } from "./config.ts";
import type { LossName, OptimizerName } from "./names.ts";
import { parseSchedule } from "./schedule.ts";

const usualMomentum = 0.9;

/** Optimizer, rates and loss as a run's configuration has them, for `model.compile`. */
export interface CompileChoice {
  readonly optimizer: Optimizer;
  readonly learningRates: TrainConfig["learningRates"];
  readonly loss: Loss;
}

/**
 * Optimizer and loss of a run.
 *
 * @param stepsPerEpoch - schedules count in steps, flags in epochs
 * @throws OptionError for choices that do not go together
 */
export function compileChoice(config: TrainConfig, stepsPerEpoch: number): CompileChoice {
  const { optimizer: name, learningRate, weightDecay, clipNorm } = config;
  const bare = createOptimizer[name]({});
  const rate = learningRate ?? learningRateAt(bare.options.learningRate, 0);
  const optimizer = createOptimizer[name]({
    learningRate: scheduled(rate, config, stepsPerEpoch),
    ...(weightDecay === null ? {} : { weightDecay }),
    clipNorm,
  });
  const loss = createLoss(config.loss, config.labelSmoothing);
  return { optimizer, learningRates: config.learningRates, loss };
}

interface RateOptions {
  readonly learningRate?: LearningRate;
  readonly weightDecay?: number;
  readonly clipNorm?: number | null;
}

const createOptimizer: { readonly [N in OptimizerName]: (options: RateOptions) => Optimizer } = {
  sgd: optimizers.sgd,
  momentum: (options) => optimizers.sgd({ ...options, momentum: usualMomentum }),
  nesterov: (options) => optimizers.sgd({ ...options, momentum: usualMomentum, nesterov: true }),
  adam: optimizers.adam,
  adamw: optimizers.adamW,
  rmsprop: optimizers.rmsprop,
};

function createLoss(name: LossName, labelSmoothing: number): Loss {
  switch (name) {
    case "sparse_categorical_crossentropy":
      return losses.sparseCategoricalCrossentropy({ fromLogits: true, labelSmoothing });
    case "categorical_crossentropy":
      return losses.categoricalCrossentropy({ fromLogits: true, labelSmoothing });
    case "mean_squared_error":
      checkUnsmoothed(name, labelSmoothing);
      return losses.meanSquaredError();
    case "maximum_a_posteriori":
      checkUnsmoothed(name, labelSmoothing);
      return losses.maximumAPosteriori();
  }
}

function checkUnsmoothed(name: LossName, labelSmoothing: number): void {
  if (labelSmoothing === 0) return;
  throw new OptionError(`${name} has no label smoothing`, {
    where: "--label-smoothing",
    hint: "Leave it out, or use a cross-entropy as --loss.",
  });
}

function scheduled(rate: number, { schedule, epochs }: TrainConfig, stepsPerEpoch: number): LearningRate {
  const { kind, stepEpochs, warmUpEpochs } = parseSchedule(schedule);
  const warmUpSteps = Math.round(warmUpEpochs * stepsPerEpoch);
  const steps = epochs * stepsPerEpoch - warmUpSteps;
  if (steps < 1) {
    throw new OptionError(`a warm-up of ${warmUpEpochs} epochs leaves nothing of ${epochs}`, {
      where: "--schedule",
      hint: "Use a shorter warm-up or more --epochs.",
    });
  }
  const main = mainSchedule();
  return warmUpSteps === 0 ? main : schedules.warmUp({ steps: warmUpSteps, schedule: main });

  function mainSchedule(): number | Schedule {
    switch (kind) {
      case "constant":
        return rate;
      case "step":
        return schedules.step({ initialLearningRate: rate, decaySteps: (stepEpochs ?? 1) * stepsPerEpoch });
      case "cosine":
        return schedules.cosine({ initialLearningRate: rate, decaySteps: steps });
      case "one-cycle":
        return schedules.oneCycle({ maximumLearningRate: rate, totalSteps: steps });
    }
  }
}
