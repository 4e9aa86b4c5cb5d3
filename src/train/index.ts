export type { Callback, CallbackState, TrainingControl } from "./callback.ts";
export { isCallback } from "./callback.ts";
export * as callbacks from "./callbacks.ts";
export {
  averageMomentumOf,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  modelKey,
  parseMetadata,
} from "./checkpoint.ts";
export type { EarlyStoppingOptions } from "./early-stopping.ts";
export type {
  CheckpointEvent,
  EndReason,
  EpochBeginEvent,
  EpochEndEvent,
  EpochRecord,
  History,
  MetricValues,
  ProgressEvent,
  RateChange,
  Scores,
  TrainBeginEvent,
  TrainEndEvent,
  TrainingEvent,
  ValidationScores,
} from "./events.ts";
export { type TrainingOptions, train } from "./loop.ts";
export {
  RunControl,
  type RunPosition,
  type RunState,
  runControl,
  Steering,
  steeringOf,
} from "./run-control.ts";
export { EventFile } from "./tensorboard/event-file.ts";
export type { StepInput, StepResult, Trainee } from "./trainee.ts";
export { countField, type RunConfiguration, type TrainingState } from "./training-state.ts";
