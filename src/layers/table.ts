import { type ActivationOptions, activationLayer } from "./activation.ts";
import { type AdaptiveAveragePool2dOptions, adaptiveAveragePool2dLayer } from "./adaptive-average-pool2d.ts";
import { type ArithmeticOptions, arithmeticLayer } from "./arithmetic.ts";
import { type AveragePool2dOptions, averagePool2dLayer } from "./average-pool2d.ts";
import { type BatchNormalizationOptions, batchNormalizationLayer } from "./batch-normalization.ts";
import { type BlurPool2dOptions, blurPool2dLayer } from "./blur-pool2d.ts";
import { type ClipOptions, clipLayer } from "./clip.ts";
import { type Conv2dOptions, conv2dLayer } from "./conv2d.ts";
import { type Conv2dTransposeOptions, conv2dTransposeLayer } from "./conv2d-transpose.ts";
import { type Cropping2dOptions, cropping2dLayer } from "./cropping2d.ts";
import type { LayerDefinition } from "./definition.ts";
import { type DenseOptions, denseLayer } from "./dense.ts";
import {
  type DepthwiseConv2dOptions,
  depthwiseConv2dLayer,
  type SeparableConv2dOptions,
  separableConv2dLayer,
} from "./depthwise-conv2d.ts";
import { type DropoutOptions, dropoutLayer } from "./dropout.ts";
import { type FlattenOptions, flattenLayer } from "./flatten.ts";
import { type GlobalPool2dOptions, globalAveragePool2dLayer, globalMaxPool2dLayer } from "./global-pool2d.ts";
import { type InputOptions, inputLayer } from "./input.ts";
import { type LeakyReluOptions, leakyReluLayer } from "./leaky-relu.ts";
import {
  type LocalResponseNormalizationOptions,
  localResponseNormalizationLayer,
} from "./local-response-normalization.ts";
import { type MaxPool2dOptions, maxPool2dLayer } from "./max-pool2d.ts";
import {
  addLayer,
  averageLayer,
  type ConcatenateOptions,
  concatenateLayer,
  divideLayer,
  type MergeOptions,
  multiplyLayer,
  subtractLayer,
} from "./merge.ts";
import { type Padding2dOptions, padding2dLayer } from "./padding2d.ts";
import { type PermuteOptions, permuteLayer } from "./permute.ts";
import { type PreluOptions, preluLayer } from "./prelu.ts";
import { type ReduceMeanOptions, reduceMeanLayer } from "./reduce-mean.ts";
import { type RescalingOptions, rescalingLayer } from "./rescaling.ts";
import { type ReshapeOptions, reshapeLayer } from "./reshape.ts";
import { type Resize2dOptions, resize2dLayer } from "./resize2d.ts";
import { type ScaleOptions, scaleLayer } from "./scale.ts";
import { type SliceOptions, sliceLayer } from "./slice.ts";
import { logSoftmaxLayer, type SoftmaxOptions, softmaxLayer } from "./softmax.ts";
import { type UpSampling2dOptions, upSampling2dLayer } from "./up-sampling2d.ts";
import { type ZeroPadding2dOptions, zeroPadding2dLayer } from "./zero-padding2d.ts";

/** All kinds of layers and the type of their options: a closed union. */
export interface LayerOptions {
  input: InputOptions;
  dense: DenseOptions;
  conv2d: Conv2dOptions;
  conv2dTranspose: Conv2dTransposeOptions;
  depthwiseConv2d: DepthwiseConv2dOptions;
  separableConv2d: SeparableConv2dOptions;
  maxPool2d: MaxPool2dOptions;
  averagePool2d: AveragePool2dOptions;
  adaptiveAveragePool2d: AdaptiveAveragePool2dOptions;
  blurPool2d: BlurPool2dOptions;
  globalAveragePool2d: GlobalPool2dOptions;
  globalMaxPool2d: GlobalPool2dOptions;
  flatten: FlattenOptions;
  reshape: ReshapeOptions;
  permute: PermuteOptions;
  slice: SliceOptions;
  zeroPadding2d: ZeroPadding2dOptions;
  padding2d: Padding2dOptions;
  cropping2d: Cropping2dOptions;
  upSampling2d: UpSampling2dOptions;
  resize2d: Resize2dOptions;
  add: MergeOptions;
  subtract: MergeOptions;
  multiply: MergeOptions;
  divide: MergeOptions;
  average: MergeOptions;
  concatenate: ConcatenateOptions;
  reduceMean: ReduceMeanOptions;
  rescaling: RescalingOptions;
  scale: ScaleOptions;
  arithmetic: ArithmeticOptions;
  activation: ActivationOptions;
  clip: ClipOptions;
  leakyRelu: LeakyReluOptions;
  prelu: PreluOptions;
  softmax: SoftmaxOptions;
  logSoftmax: SoftmaxOptions;
  dropout: DropoutOptions;
  batchNormalization: BatchNormalizationOptions;
  localResponseNormalization: LocalResponseNormalizationOptions;
}

/** The name of a kind of layer. */
export type LayerKind = keyof LayerOptions;

/** All kinds: a missing one is a compile error. Files of models name layers by these keys. */
export const layerTable: { readonly [K in LayerKind]: LayerDefinition<LayerOptions[K]> } = {
  input: inputLayer,
  dense: denseLayer,
  conv2d: conv2dLayer,
  conv2dTranspose: conv2dTransposeLayer,
  depthwiseConv2d: depthwiseConv2dLayer,
  separableConv2d: separableConv2dLayer,
  maxPool2d: maxPool2dLayer,
  averagePool2d: averagePool2dLayer,
  adaptiveAveragePool2d: adaptiveAveragePool2dLayer,
  blurPool2d: blurPool2dLayer,
  globalAveragePool2d: globalAveragePool2dLayer,
  globalMaxPool2d: globalMaxPool2dLayer,
  flatten: flattenLayer,
  reshape: reshapeLayer,
  permute: permuteLayer,
  slice: sliceLayer,
  zeroPadding2d: zeroPadding2dLayer,
  padding2d: padding2dLayer,
  cropping2d: cropping2dLayer,
  upSampling2d: upSampling2dLayer,
  resize2d: resize2dLayer,
  add: addLayer,
  subtract: subtractLayer,
  multiply: multiplyLayer,
  divide: divideLayer,
  average: averageLayer,
  concatenate: concatenateLayer,
  reduceMean: reduceMeanLayer,
  rescaling: rescalingLayer,
  scale: scaleLayer,
  arithmetic: arithmeticLayer,
  activation: activationLayer,
  clip: clipLayer,
  leakyRelu: leakyReluLayer,
  prelu: preluLayer,
  softmax: softmaxLayer,
  logSoftmax: logSoftmaxLayer,
  dropout: dropoutLayer,
  batchNormalization: batchNormalizationLayer,
  localResponseNormalization: localResponseNormalizationLayer,
};

/** All kinds as a list. */
export const layerKinds = Object.keys(layerTable) as readonly LayerKind[];

/** Whether a name from a file is a kind of layer. */
export function isLayerKind(name: unknown): name is LayerKind {
  return typeof name === "string" && Object.hasOwn(layerTable, name);
}
