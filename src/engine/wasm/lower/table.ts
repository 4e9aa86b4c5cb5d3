import type { Node, OpKind, Update, UpdateKind } from "../../../graph/index.ts";
import * as activation from "./activation.ts";
import { lowerAdaptiveAveragePool2d, lowerAdaptiveAveragePool2dGradient } from "./adaptive-pool.ts";
import * as affine from "./affine.ts";
import * as batchNorm from "./batch-norm.ts";
import * as batchNormGradient from "./batch-norm-gradient.ts";
import { lowerConv2d, lowerConv2dFilterGradient, lowerConv2dInputGradient } from "./convolution.ts";
import * as data from "./data.ts";
import { lowerDropout } from "./dropout.ts";
import * as elementwise from "./elementwise.ts";
import { lowerLocalResponse, lowerLocalResponseGradient } from "./local-response.ts";
import * as loss from "./loss.ts";
import type { Lowering, LoweringContext, UpdateLowering, UpdatePart } from "./lowering.ts";
import { lowerMatmul } from "./matrix.ts";
import * as pool from "./pool.ts";
import { lowerReduceSum } from "./reduce.ts";
import { lowerResample2d } from "./resample.ts";
import * as shape from "./shape.ts";
import { lowerTranspose } from "./transpose.ts";
import * as updates from "./updates.ts";
import * as warp from "./warp.ts";

/** Kinds that need no kernel: leaves, which have their memory already, and another view of the same memory. */
const nothing: Lowering<OpKind> = () => {};

/** How each kind of op becomes kernel calls. A missing kind is a compile error. */
const lowerings: { readonly [K in OpKind]: Lowering<K> } = {
  input: nothing,
  variable: nothing,
  constant: nothing,
  reshape: nothing,
  add: elementwise.lowerAdd,
  subtract: elementwise.lowerSubtract,
  multiply: elementwise.lowerMultiply,
  divide: elementwise.lowerDivide,
  affine: affine.lowerAffine,
  channelAffine: affine.lowerChannelAffine,
  clip: affine.lowerClip,
  clipGradient: affine.lowerClipGradient,
  pad: shape.lowerPad,
  slice: shape.lowerSlice,
  concatenate: shape.lowerConcatenate,
  transpose: lowerTranspose,
  broadcast: shape.lowerBroadcast,
  reduceSum: lowerReduceSum,
  matmul: lowerMatmul,
  conv2d: lowerConv2d,
  conv2dInputGradient: lowerConv2dInputGradient,
  conv2dFilterGradient: lowerConv2dFilterGradient,
  maxPool2d: pool.lowerMaxPool2d,
  maxPool2dGradient: pool.lowerMaxPool2dGradient,
  averagePool2d: pool.lowerAveragePool2d,
  averagePool2dGradient: pool.lowerAveragePool2dGradient,
  adaptiveAveragePool2d: lowerAdaptiveAveragePool2d,
  adaptiveAveragePool2dGradient: lowerAdaptiveAveragePool2dGradient,
  resample2d: lowerResample2d,
  localResponseNormalization: lowerLocalResponse,
  localResponseNormalizationGradient: lowerLocalResponseGradient,
  relu: activation.lowerRelu,
  reluGradient: activation.lowerReluGradient,
  leakyRelu: activation.lowerLeakyRelu,
  leakyReluGradient: activation.lowerLeakyReluGradient,
  hardSwish: activation.lowerHardSwish,
  hardSwishGradient: activation.lowerHardSwishGradient,
  sigmoid: activation.lowerSigmoid,
  sigmoidGradient: activation.lowerSigmoidGradient,
  tanh: activation.lowerTanh,
  tanhGradient: activation.lowerTanhGradient,
  gelu: activation.lowerGelu,
  geluGradient: activation.lowerGeluGradient,
  softmax: loss.lowerSoftmax,
  softmaxGradient: loss.lowerSoftmaxGradient,
  logSoftmax: loss.lowerLogSoftmax,
  logSoftmaxGradient: loss.lowerLogSoftmaxGradient,
  dropout: lowerDropout,
  batchMoments: batchNorm.lowerBatchMoments,
  batchMomentsGradient: batchNormGradient.lowerBatchMomentsGradient,
  batchNormalize: batchNorm.lowerBatchNormalize,
  batchNormalizeReduce: batchNormGradient.lowerBatchNormalizeReduce,
  batchNormalizeInputGradient: batchNormGradient.lowerBatchNormalizeInputGradient,
  batchNormalizeMomentsGradient: batchNormGradient.lowerBatchNormalizeMomentsGradient,
  softmaxCrossEntropy: loss.lowerSoftmaxCrossEntropy,
  softmaxCrossEntropyGradient: loss.lowerSoftmaxCrossEntropyGradient,
  oneHot: loss.lowerOneHot,
  topKHits: loss.lowerTopKHits,
  loadImages: data.lowerLoadImages,
  loadRows: data.lowerLoadRows,
  loadLabels: data.lowerLoadLabels,
  warpImages: warp.lowerWarpImages,
  mixExamples: warp.lowerMixExamples,
};

const updateLowerings: { readonly [K in UpdateKind]: UpdateLowering<K> } = {
  sgd: updates.lowerSgd,
  momentum: updates.lowerMomentum,
  adam: updates.lowerAdam,
  rmsprop: updates.lowerRmsprop,
  movingAverage: updates.lowerMovingAverage,
  accumulate: updates.lowerAccumulate,
};

/** Emits the kernel calls of a node. */
export function lower<K extends OpKind>(node: Node<K>, context: LoweringContext): void {
  lowerings[node.kind](node, context);
}

/** Emits the kernel calls of an update, or of a part of it. */
export function lowerUpdate<K extends UpdateKind>(
  update: Update<K>,
  context: LoweringContext,
  part?: UpdatePart,
): void {
  updateLowerings[update.kind](update, context, part);
}
