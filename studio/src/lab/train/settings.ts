import {
  type Augmentation,
  augmentations,
  type FitOptions,
  type LearningRate,
  type Optimizer,
  optimizers,
  schedules,
} from "fovea";
import type { OptimizerName, RunSettings, ScheduleName } from "./types.ts";

const rates: { readonly [S in ScheduleName]: (rate: number, steps: number) => LearningRate } = {
  constant: (rate) => rate,
  cosine: (rate, steps) => schedules.cosine({ initialLearningRate: rate, decaySteps: steps }),
  oneCycle: (rate, steps) => schedules.oneCycle({ maximumLearningRate: rate, totalSteps: steps }),
  // Three stairs over the run.
  step: (rate, steps) =>
    schedules.step({
      initialLearningRate: rate,
      decaySteps: Math.max(1, Math.ceil(steps / 3)),
      decayRate: 0.3,
    }),
};

type Common = { readonly learningRate: LearningRate; readonly weightDecay: number };

const makers: { readonly [O in OptimizerName]: (options: Common) => Optimizer } = {
  sgd: (options) => optimizers.sgd(options),
  momentum: (options) => optimizers.sgd({ ...options, momentum: 0.9, nesterov: true }),
  adam: (options) => optimizers.adam(options),
  adamW: (options) => optimizers.adamW(options),
  rmsprop: (options) => optimizers.rmsprop(options),
};

/** The optimizer of a run. @param steps - of the whole run: schedules end with it */
export function optimizerOf(
  { optimizer, learningRate, schedule, weightDecay }: RunSettings,
  steps: number,
): Optimizer {
  return makers[optimizer]({ learningRate: rates[schedule](learningRate, steps), weightDecay });
}

/** The options of `fit` of a run, without its data. */
export function fitOptionsOf(settings: RunSettings): FitOptions {
  const { epochs, batchSize, seed, shift, rotation, flip, cutout } = settings;
  const others: Augmentation[] = [
    ...(rotation > 0 ? [augmentations.rotation({ degrees: rotation })] : []),
    ...(flip ? [augmentations.flip()] : []),
    ...(cutout > 0 ? [augmentations.cutout({ size: cutout })] : []),
  ];
  // Moves alone have a kernel of their own; among others they are one of the list.
  const augment =
    others.length === 0
      ? { shift }
      : [...(shift > 0 ? [augmentations.shift({ pixels: shift })] : []), ...others];
  return { epochs, batchSize, seed, augment };
}
