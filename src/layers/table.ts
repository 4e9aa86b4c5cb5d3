import { type ActivationOptions, activationLayer } from "./activation.ts";
import { type AdaptiveAveragePool2dOptions, adaptiveAveragePool2dLayer } from "./adaptive-average-pool2d.ts";
import { type AveragePool2dOptions, averagePool2dLayer } from "./average-pool2d.ts";
import { type BatchNormalizationOptions, batchNormalizationLayer } from "./batch-normalization.ts";
import { type Conv2dOptions, conv2dLayer } from "./conv2d.ts";
import type { LayerDefinition } from "./definition.ts";
import { type DenseOptions, denseLayer } from "./dense.ts";
import { type DropoutOptions, dropoutLayer } from "./dropout.ts";
import { type FlattenOptions, flattenLayer } from "./flatten.ts";
import { type GlobalPool2dOptions, globalAveragePool2dLayer, globalMaxPool2dLayer } from "./global-pool2d.ts";
import { type InputOptions, inputLayer } from "./input.ts";
import { type MaxPool2dOptions, maxPool2dLayer } from "./max-pool2d.ts";
import {
  addLayer,
  type ConcatenateOptions,
  concatenateLayer,
  type MergeOptions,
  multiplyLayer,
} from "./merge.ts";
import { type ReshapeOptions, reshapeLayer } from "./reshape.ts";
import { type ZeroPadding2dOptions, zeroPadding2dLayer } from "./zero-padding2d.ts";

/** All kinds of layers and the type of their options: a closed union. */
export interface LayerOptions {
  input: InputOptions;
  dense: DenseOptions;
  conv2d: Conv2dOptions;
  maxPool2d: MaxPool2dOptions;
  averagePool2d: AveragePool2dOptions;
  adaptiveAveragePool2d: AdaptiveAveragePool2dOptions;
  globalAveragePool2d: GlobalPool2dOptions;
  globalMaxPool2d: GlobalPool2dOptions;
  flatten: FlattenOptions;
  reshape: ReshapeOptions;
  zeroPadding2d: ZeroPadding2dOptions;
  add: MergeOptions;
  multiply: MergeOptions;
  concatenate: ConcatenateOptions;
  activation: ActivationOptions;
  dropout: DropoutOptions;
  batchNormalization: BatchNormalizationOptions;
}

/** The name of a kind of layer. */
export type LayerKind = keyof LayerOptions;

/** All kinds: a missing one is a compile error. Files of models name layers by these keys. */
export const layerTable: { readonly [K in LayerKind]: LayerDefinition<LayerOptions[K]> } = {
  input: inputLayer,
  dense: denseLayer,
  conv2d: conv2dLayer,
  maxPool2d: maxPool2dLayer,
  averagePool2d: averagePool2dLayer,
  adaptiveAveragePool2d: adaptiveAveragePool2dLayer,
  globalAveragePool2d: globalAveragePool2dLayer,
  globalMaxPool2d: globalMaxPool2dLayer,
  flatten: flattenLayer,
  reshape: reshapeLayer,
  zeroPadding2d: zeroPadding2dLayer,
  add: addLayer,
  multiply: multiplyLayer,
  concatenate: concatenateLayer,
  activation: activationLayer,
  dropout: dropoutLayer,
  batchNormalization: batchNormalizationLayer,
};

/** All kinds as a list. */
export const layerKinds = Object.keys(layerTable) as readonly LayerKind[];

/** Whether a name from a file is a kind of layer. */
export function isLayerKind(name: unknown): name is LayerKind {
  return typeof name === "string" && Object.hasOwn(layerTable, name);
}
