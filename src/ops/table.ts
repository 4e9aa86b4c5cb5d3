import type { OpKind } from "../graph/index.ts";
import { adaptiveAveragePool2d, adaptiveAveragePool2dGradient } from "./adaptive-average-pool2d.ts";
import { affine, channelAffine, clip, clipGradient } from "./affine.ts";
import { add, divide, multiply, subtract } from "./arithmetic.ts";
import { averagePool2d, averagePool2dGradient } from "./average-pool2d.ts";
import { batchMoments, batchMomentsGradient } from "./batch-moments.ts";
import {
  batchNormalize,
  batchNormalizeInputGradient,
  batchNormalizeMomentsGradient,
  batchNormalizeReduce,
} from "./batch-normalize.ts";
import { oneHot, topKHits } from "./classes.ts";
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from "./conv2d.ts";
import { softmaxCrossEntropy, softmaxCrossEntropyGradient } from "./cross-entropy.ts";
import { dropout } from "./dropout.ts";
import { gelu, geluGradient } from "./gelu.ts";
import { hardSwish, hardSwishGradient } from "./hard-swish.ts";
import { concatenate, pad, reshape, slice } from "./layout.ts";
import { leakyRelu, leakyReluGradient } from "./leaky-relu.ts";
import { constant, input, variable } from "./leaves.ts";
import { loadImages, loadLabels, loadRows } from "./load.ts";
import { localResponseNormalization, localResponseNormalizationGradient } from "./local-response.ts";
import { logSoftmax, logSoftmaxGradient } from "./log-softmax.ts";
import { matmul } from "./matmul.ts";
import { maxPool2d, maxPool2dGradient } from "./max-pool2d.ts";
import { mixExamples } from "./mix-examples.ts";
import { broadcast, reduceSum } from "./reduce.ts";
import { relu, reluGradient } from "./relu.ts";
import { resample2d } from "./resample2d.ts";
import type { OpRule } from "./rule.ts";
import { sigmoid, sigmoidGradient } from "./sigmoid.ts";
import { softmax, softmaxGradient } from "./softmax.ts";
import { tanh, tanhGradient } from "./tanh.ts";
import { transpose } from "./transpose.ts";
import { warpImages } from "./warp-images.ts";

/** The rule of every kind of op. A kind without a rule is a compile error. */
export const opTable: { readonly [K in OpKind]: OpRule<K> } = {
  input,
  variable,
  constant,
  add,
  subtract,
  multiply,
  divide,
  affine,
  channelAffine,
  clip,
  clipGradient,
  reshape,
  pad,
  slice,
  concatenate,
  transpose,
  broadcast,
  reduceSum,
  matmul,
  conv2d,
  conv2dInputGradient,
  conv2dFilterGradient,
  maxPool2d,
  maxPool2dGradient,
  averagePool2d,
  averagePool2dGradient,
  adaptiveAveragePool2d,
  adaptiveAveragePool2dGradient,
  resample2d,
  localResponseNormalization,
  localResponseNormalizationGradient,
  relu,
  reluGradient,
  leakyRelu,
  leakyReluGradient,
  hardSwish,
  hardSwishGradient,
  sigmoid,
  sigmoidGradient,
  tanh,
  tanhGradient,
  gelu,
  geluGradient,
  softmax,
  softmaxGradient,
  logSoftmax,
  logSoftmaxGradient,
  dropout,
  batchMoments,
  batchMomentsGradient,
  batchNormalize,
  batchNormalizeReduce,
  batchNormalizeInputGradient,
  batchNormalizeMomentsGradient,
  softmaxCrossEntropy,
  softmaxCrossEntropyGradient,
  oneHot,
  topKHits,
  loadImages,
  loadRows,
  loadLabels,
  warpImages,
  mixExamples,
};
