export type { ActivationName } from "./activations.ts";
export type { CallContext, LayerDefinition, ParameterSpec } from "./definition.ts";
export * as layers from "./factories.ts";
export { type InitializerName, initialize, initializerNames } from "./initializers.ts";
export {
  type CommonLayerOptions,
  callLayer,
  Layer,
  layerNameField,
  layerWhere,
  outputShapeOf,
  parametersOf,
  type SymbolicTensor,
} from "./layer.ts";
export { isLayerKind, type LayerKind, type LayerOptions, layerKinds, layerTable } from "./table.ts";
