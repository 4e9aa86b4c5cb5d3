/**
 * Fovea trains, explains and reuses image classifiers with compiled WebAssembly training steps, in Node and in the
 * browser.
 *
 * @packageDocumentation
 */

export {
  type DecodedImage,
  decodeImage,
  type EncodeImageOptions,
  encodeImage,
  type ImageExtent,
  type ImageFormat,
} from "#host";
export * as data from "./data/index.ts";
export { type Augmentation, augmentations, type ImageDataset } from "./data/index.ts";
export {
  type ColourMap,
  type OverlayOptions,
  overlay,
  type PaintOptions,
  type PictureSheet,
  paintMap,
  paintRange,
  pictureSheet,
  type SheetPicture,
  type SheetSection,
  type SignedColourMap,
} from "./drawing/index.ts";
export {
  type BuildDiagnosis,
  createReferenceEngine,
  createWasmEngine,
  type Diagnosis,
  defaultEngine,
  diagnose,
  type Engine,
  type HostMachine,
  type MachineSpeed,
  type Plan,
  type PlannedOperation,
  type Precision,
  type WasmEngine,
  type WasmEngineOptions,
  type WasmFeature,
} from "./engine/index.ts";
export * as formats from "./formats/index.ts";
export type { FetchOptions, FetchProgress, Patience } from "./hub/index.ts";
export {
  type AttributeOptions,
  type Attribution,
  type AttributionMethod,
  type AttributionMethods,
  attribute,
  attributionMethods,
  type CommonAttributionOptions,
  type Completeness,
  type FillColour,
  type GradCam,
  type GradCamOptions,
  gradCam,
  type ProfiledOperation,
  type ProfileOptions,
  profileStep,
  type StepProfile,
} from "./inspect/index.ts";
export {
  type AppliedWeight,
  type ExportOnnxOptions,
  exportOnnx,
  exportTfjs,
  exportWeights,
  type ImportedModel,
  type ImportKerasOptions,
  type ImportOnnxOptions,
  importKeras,
  importOnnx,
  type KnownConvention,
  type LoadWeightsOptions,
  loadWeights,
  type MismatchedWeight,
  type MissingWeight,
  type UnusedTensor,
  type WeightReport,
} from "./interop/index.ts";
export {
  type ActivationName,
  type CommonLayerOptions,
  type Initializer,
  type InitializerKind,
  type InitializerName,
  type InitializerOption,
  type InitializerOptions,
  initializers,
  Layer,
  type LayerKind,
  type LayerOptions,
  layers,
  type SymbolicTensor,
} from "./layers/index.ts";
export { type Loss, type LossKind, type LossOptions, losses } from "./losses/index.ts";
export {
  type ConfusionMatrix,
  type Metric,
  type MetricKind,
  type MetricOptions,
  metrics,
} from "./metrics/index.ts";
export {
  type ActivationsOptions,
  type AugmentOptions,
  type AuxiliaryOptions,
  type BatchOptions,
  type ChannelOrder,
  type ClassWeights,
  type CompileOptions,
  type CrossValidation,
  type CrossValidationOptions,
  crossValidate,
  type EvaluationResult,
  type FindLearningRateOptions,
  type FitOptions,
  type FoldResult,
  type FunctionalGraph,
  findLearningRate,
  functional,
  input,
  type LayerLearningRate,
  type LayerSummary,
  type LazyTensor,
  type LearningRateSweep,
  Model,
  type ModelOptions,
  type ModelParts,
  type ModelSummary,
  normalized,
  type PredictBatchesOptions,
  type PredictedBatch,
  type Preprocessing,
  type PreprocessingOptions,
  type SequentialPart,
  sequential,
  type UnfreezeOptions,
  type Weight,
} from "./models/index.ts";
export type { PaddingOption } from "./ops/index.ts";
export {
  type LearningRate,
  type Optimizer,
  type OptimizerKind,
  type OptimizerOptions,
  optimizers,
  type Schedule,
  type ScheduleKind,
  type ScheduleOptions,
  schedules,
} from "./optimizers/index.ts";
export { type Pretrained, type PretrainedOptions, pretrained } from "./pretrained/index.ts";
export * from "./reuse/index.ts";
export * from "./tensor/index.ts";
export {
  type Callback,
  type CallbackState,
  type Checkpoint,
  callbacks,
  decodeCheckpoint,
  type EndReason,
  type EpochRecord,
  type History,
  type RateChange,
  RunControl,
  type RunPosition,
  type RunState,
  runControl,
  type TrainingControl,
  type TrainingEvent,
} from "./train/index.ts";
export {
  models,
  type PublishedChecksum,
  type PublishedWeights,
  type WeightsSource,
  type ZooDropoutOptions,
  type ZooName,
  type ZooOptions,
  type ZooWidthOptions,
} from "./zoo/index.ts";
