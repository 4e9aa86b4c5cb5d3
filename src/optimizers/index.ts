export type { AdamOptions } from "./adam.ts";
export type { CommonOptimizerOptions } from "./definition.ts";
export * as optimizers from "./factories.ts";
export {
  buildUpdates,
  hyperLengthOf,
  hyperOf,
  type Optimizer,
  type OptimizerKind,
  type OptimizerOptions,
  optimizerKinds,
  readOptimizer,
  scheduledLearningRate,
  slotName,
  slotsOf,
  type Trained,
} from "./optimizer.ts";
export type { RmspropOptions } from "./rmsprop.ts";
export {
  type ConstantScheduleOptions,
  type CosineScheduleOptions,
  type ExponentialScheduleOptions,
  type LearningRate,
  learningRateAt,
  type OneCycleScheduleOptions,
  readSchedule,
  type Schedule,
  type ScheduleKind,
  type ScheduleOptions,
  type StepScheduleOptions,
  type WarmUpScheduleOptions,
} from "./schedule.ts";
export * as schedules from "./schedule-factories.ts";
export type { SgdOptions } from "./sgd.ts";
