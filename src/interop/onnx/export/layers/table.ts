import type { LayerKind } from "../../../../layers/index.ts";
import { activation, clip, leakyRelu, logSoftmax, prelu, softmax } from "./activations.ts";
import { add, arithmetic, average, divide, multiply, rescaling, scale, subtract } from "./arithmetic.ts";
import { conv2d, conv2dTranspose, depthwiseConv2d, separableConv2d } from "./convolution.ts";
import { dense } from "./dense.ts";
import type { Exporter } from "./exporter.ts";
import { blurPool2d, cropping2d, padding2d, resize2d, upSampling2d, zeroPadding2d } from "./images.ts";
import { batchNormalization, localResponseNormalization } from "./normalization.ts";
import {
  adaptiveAveragePool2d,
  averagePool2d,
  globalAveragePool2d,
  globalMaxPool2d,
  maxPool2d,
  reduceMean,
} from "./pooling.ts";
import { concatenate, dropout, flatten, permute, reshape, slice } from "./shapes.ts";

/** How layers are written, by kind: a missing one is a compile error. */
export const exporters: { readonly [K in LayerKind]: Exporter<K> } = {
  // Examples enter by the graph's input; reaching this is a defect.
  input: () => {
    throw new Error("an input layer is not written");
  },
  dense,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  separableConv2d,
  maxPool2d,
  averagePool2d,
  adaptiveAveragePool2d,
  blurPool2d,
  globalAveragePool2d,
  globalMaxPool2d,
  flatten,
  reshape,
  permute,
  slice,
  zeroPadding2d,
  padding2d,
  cropping2d,
  upSampling2d,
  resize2d,
  add,
  subtract,
  multiply,
  divide,
  average,
  concatenate,
  reduceMean,
  rescaling,
  scale,
  arithmetic,
  activation,
  clip,
  leakyRelu,
  prelu,
  softmax,
  logSoftmax,
  dropout,
  batchNormalization,
  localResponseNormalization,
};
