export type {
  Architecture,
  AuxiliaryHead,
  Call,
  Ends,
  ModelParameter,
  NamedLayer,
  Tap,
} from "./architecture.ts";
export { callsUpTo, inferenceCalls, inputShapeOf, modelParameters } from "./architecture.ts";
export { type BatchOptions, UsualBatch } from "./batch-size.ts";
export {
  type BatchSource,
  dataTypeOf,
  imagesInput,
  imagesName,
  loadBatch,
  type ResidentData,
} from "./batch-source.ts";
export type { ClassWeights } from "./class-weights.ts";
export { type CompileConfiguration, type CompileOptions, classesOf } from "./compile.ts";
export {
  type CrossValidation,
  type CrossValidationOptions,
  crossValidate,
  type FoldResult,
} from "./cross-validation.ts";
export { checkExamples } from "./data-checks.ts";
export { greatestOf } from "./evaluation.ts";
export type { AugmentOptions, FitOptions } from "./fit.ts";
export { buildForward, type Forward, type ForwardMode } from "./forward.ts";
export type { UnfreezeOptions } from "./freeze.ts";
export { type AuxiliaryOptions, type FunctionalGraph, functional, input } from "./functional.ts";
export {
  type FindLearningRateOptions,
  findLearningRate,
  type LearningRateSweep,
  type SweepOptions,
} from "./learning-rate-finder.ts";
export type { LayerLearningRate } from "./learning-rates.ts";
export { lendSession, runsOn } from "./lend.ts";
export {
  type ClassProbability,
  endsInSoftmax,
  likeliestClasses,
  probabilitiesFrom,
  softmaxOf,
} from "./likeliest.ts";
export { Model } from "./model.ts";
export type {
  ActivationsOptions,
  EvaluationResult,
  LoadOptions,
  ModelOptions,
  ModelParts,
} from "./model-options.ts";
export type { PredictBatchesOptions, PredictedBatch } from "./predict-stream.ts";
export { preprocessed } from "./preprocess-graph.ts";
export {
  type ChannelOrder,
  normalized,
  type Preprocessing,
  type PreprocessingOptions,
  readPreprocessing,
} from "./preprocessing.ts";
export { readImages } from "./read-batches.ts";
export { type SequentialPart, sequential } from "./sequential.ts";
export {
  evaluationGraph,
  modelOutput,
  predictionGraph,
  tapOutput,
  trainingGraph,
} from "./step-graphs.ts";
export type { LayerSummary, ModelSummary } from "./summary.ts";
export { callNamed } from "./taps.ts";
export type { LazyTensor, Weight } from "./weight.ts";
