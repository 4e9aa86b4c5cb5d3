export type { Architecture, Call, ModelParameter, NamedLayer } from "./architecture.ts";
export { inputShapeOf, modelParameters } from "./architecture.ts";
export type { BatchOptions } from "./batch-size.ts";
export type { CompileConfiguration, CompileOptions } from "./compile.ts";
export type { AugmentOptions, FitOptions } from "./fit.ts";
export { buildForward, type Forward, type ForwardMode } from "./forward.ts";
export {
  type ActivationsOptions,
  type EvaluationResult,
  type LoadOptions,
  Model,
  type ModelParts,
} from "./model.ts";
export type { Preprocessing } from "./preprocessing.ts";
export { type FunctionalGraph, functional, input, type ModelOptions, sequential } from "./sequential.ts";
export { evaluationGraph, predictionGraph, type ResidentData, trainingGraph } from "./step-graphs.ts";
export type { LayerSummary, ModelSummary } from "./summary.ts";
