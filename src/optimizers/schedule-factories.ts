import {
  type ConstantScheduleOptions,
  type CosineScheduleOptions,
  createSchedule,
  type ExponentialScheduleOptions,
  type OneCycleScheduleOptions,
  type Schedule,
  type StepScheduleOptions,
  type WarmUpScheduleOptions,
} from "./schedule.ts";

/** The same rate at every step. */
export function constant(options: ConstantScheduleOptions): Schedule<"constant"> {
  return createSchedule("constant", options);
}

/** A staircase: initialLearningRate * decayRate ^ floor(step / decaySteps). */
export function step(options: StepScheduleOptions): Schedule<"step"> {
  return createSchedule("step", options);
}

/** The same factor at every step: initialLearningRate * decayRate ^ (step / decaySteps), as Keras's ExponentialDecay. */
export function exponential(options: ExponentialScheduleOptions): Schedule<"exponential"> {
  return createSchedule("exponential", options);
}

/**
 * Half a cosine wave: r0 (alpha + (1 - alpha) (1 + cos(pi min(1, step / decaySteps))) / 2)
 * (Loshchilov and Hutter 2017, without restarts).
 */
export function cosine(options: CosineScheduleOptions): Schedule<"cosine"> {
  return createSchedule("cosine", options);
}

/** Up to a high maximum and down to next to nothing (Smith and Topin 2018; the numbers of PyTorch's OneCycleLR). */
export function oneCycle(options: OneCycleScheduleOptions): Schedule<"oneCycle"> {
  return createSchedule("oneCycle", options);
}

/**
 * A straight rise to the first rate of another schedule, then that schedule: r(0) (step + 1) / steps
 * (Goyal et al. 2017).
 */
export function warmUp(options: WarmUpScheduleOptions): Schedule<"warmUp"> {
  return createSchedule("warmUp", options);
}
