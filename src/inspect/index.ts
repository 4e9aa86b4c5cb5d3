export { type Attribution, attribute } from "./attribute.ts";
export {
  type AttributeOptions,
  type AttributionMethod,
  type AttributionMethods,
  attributionMethods,
  type CommonAttributionOptions,
  type FillColour,
} from "./attribution-options.ts";
export {
  type BackpropOptions,
  type BackpropWalk,
  costAlong,
  type WalkStep,
  walkBackprop,
} from "./backprop.ts";
export type { Nudge } from "./central-difference.ts";
export { type ChainFactor, type ChainPath, chainPaths } from "./chain.ts";
export {
  type ConvolutionWindow,
  convolutionWindow,
  type LayerWindows,
  layerWindows,
  type WindowPlace,
} from "./convolution-window.ts";
export type { LayerFamily } from "./diagram/describe.ts";
export { drawNetwork } from "./draw-network.ts";
export { engineField } from "./engine-field.ts";
export type { Completeness } from "./explained.ts";
export { type FormulaPart, formatNumber } from "./expression.ts";
export {
  type FeatureMaps,
  type FeatureMapsOptions,
  featureMaps,
  type LayerMaps,
  type MapDistance,
} from "./feature-maps.ts";
export type { AxisFigures } from "./fields/figures.ts";
export { type GradCam, type GradCamOptions, gradCam } from "./grad-cam.ts";
export {
  type DiagramEdge,
  type DiagramFrame,
  type DiagramNode,
  type NetworkDiagram,
  type NetworkDiagramOptions,
  networkDiagram,
} from "./network-diagram.ts";
export { type ProfiledOperation, type ProfileOptions, profileStep, type StepProfile } from "./profile.ts";
export {
  type ProjectionMethod,
  type ProjectUnitOptions,
  projectUnit,
  type UnitProjection,
} from "./project-unit.ts";
export { type ReceptiveField, receptiveField, type UnitPlace } from "./receptive-field.ts";
export {
  type NonLinearity,
  nonLinearities,
  type SmallNetOptions,
  type WalkCost,
  walkCosts,
} from "./small-net.ts";
export {
  curves,
  type DistanceFigures,
  type FigureName,
  type FlippedImage,
  figureNames,
  flipCards,
  type ImageTranslations,
  type ImageTranslationsOptions,
  imageTranslations,
  type MoveBackground,
  type MovedModel,
  type MoveFigures,
  mapsOf,
  moveInWords,
  type PixelMove,
  shareText,
  summaryTable,
  type TranslationFigures,
  type TranslationMap,
  type TranslationMapOptions,
  type TranslationReport,
  translationDrawing,
  translationMap,
  translationReport,
  translationSheet,
  translationStyles,
} from "./translation/index.ts";
export type { BackwardLayer, ForwardLayer, WalkEquation, WalkPartial } from "./walk.ts";
export type { WindowOperation } from "./window-places.ts";
