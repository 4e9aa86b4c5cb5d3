export { type ActivationName, applyActivation } from "./activations.ts";
export type { CallContext, LayerDefinition, ParameterSpec } from "./definition.ts";
export * as layers from "./factories.ts";
export * as initializers from "./initializer-factories.ts";
export {
  type Initializer,
  type InitializerKind,
  type InitializerName,
  type InitializerOption,
  type InitializerOptions,
  initialize,
  initializerKinds,
  initializerNames,
} from "./initializers.ts";
export {
  type CommonLayerOptions,
  callLayer,
  createLayer,
  Layer,
  layerNameField,
  layerWhere,
  outputShapeOf,
  parametersOf,
  type SymbolicTensor,
  type TrainingTerms,
} from "./layer.ts";
export { isLayerKind, type LayerKind, type LayerOptions, layerKinds, layerTable } from "./table.ts";
