import { type CommonLayerOptions, Layer } from "./layer.ts";
import type { LayerKind, LayerOptions } from "./table.ts";

/** Makes a layer of one kind. Options must be given where one of them has no default. */
type Factory<K extends LayerKind> =
  Record<never, never> extends LayerOptions[K]
    ? (options?: LayerOptions[K] & CommonLayerOptions) => Layer<K>
    : (options: LayerOptions[K] & CommonLayerOptions) => Layer<K>;

/** Where examples enter; `sequential` makes one from `inputShape` by itself. */
export const input: Factory<"input"> = (options) => new Layer("input", options);
/** A fully connected layer: activation(x W + b). */
export const dense: Factory<"dense"> = (options) => new Layer("dense", options);
/** A two-dimensional convolution with bias and activation. */
export const conv2d: Factory<"conv2d"> = (options) => new Layer("conv2d", options);
/** A transposed convolution with bias and activation: upsampling that is trained. */
export const conv2dTranspose: Factory<"conv2dTranspose"> = (options) => new Layer("conv2dTranspose", options);
/** A convolution of each channel by itself, with bias and activation. */
export const depthwiseConv2d: Factory<"depthwiseConv2d"> = (options) => new Layer("depthwiseConv2d", options);
/** A depthwise convolution and a pointwise one, with bias and activation. */
export const separableConv2d: Factory<"separableConv2d"> = (options) => new Layer("separableConv2d", options);
/** The greatest value of each window. */
export const maxPool2d: Factory<"maxPool2d"> = (options = {}) => new Layer("maxPool2d", options);
/** The mean of each window. */
export const averagePool2d: Factory<"averagePool2d"> = (options = {}) => new Layer("averagePool2d", options);
/** The mean of as many windows as asked for, which share the image out evenly. */
export const adaptiveAveragePool2d: Factory<"adaptiveAveragePool2d"> = (options) =>
  new Layer("adaptiveAveragePool2d", options);
/** A fixed blur, then every second row and column: subsampling that bears moves. */
export const blurPool2d: Factory<"blurPool2d"> = (options = {}) => new Layer("blurPool2d", options);
/** The mean of each channel over the whole image. */
export const globalAveragePool2d: Factory<"globalAveragePool2d"> = (options = {}) =>
  new Layer("globalAveragePool2d", options);
/** The greatest value of each channel over the whole image. */
export const globalMaxPool2d: Factory<"globalMaxPool2d"> = (options = {}) =>
  new Layer("globalMaxPool2d", options);
/** All values of an example in one row. */
export const flatten: Factory<"flatten"> = (options = {}) => new Layer("flatten", options);
/** The same values under another shape. */
export const reshape: Factory<"reshape"> = (options) => new Layer("reshape", options);
/** The axes of an example in another order. */
export const permute: Factory<"permute"> = (options) => new Layer("permute", options);
/** A stretch of an axis. */
export const slice: Factory<"slice"> = (options) => new Layer("slice", options);
/** Zeros around images. */
export const zeroPadding2d: Factory<"zeroPadding2d"> = (options = {}) => new Layer("zeroPadding2d", options);
/** A value, the border or the mirrored image around images. */
export const padding2d: Factory<"padding2d"> = (options = {}) => new Layer("padding2d", options);
/** Rows and columns cut off images. */
export const cropping2d: Factory<"cropping2d"> = (options = {}) => new Layer("cropping2d", options);
/** Images a whole number of times as large. */
export const upSampling2d: Factory<"upSampling2d"> = (options = {}) => new Layer("upSampling2d", options);
/** Images of another size. */
export const resize2d: Factory<"resize2d"> = (options = {}) => new Layer("resize2d", options);
/** The sum of its inputs. */
export const add: Factory<"add"> = (options = {}) => new Layer("add", options);
/** The first input less the second. */
export const subtract: Factory<"subtract"> = (options = {}) => new Layer("subtract", options);
/** The product of its inputs. */
export const multiply: Factory<"multiply"> = (options = {}) => new Layer("multiply", options);
/** The first input over the second. */
export const divide: Factory<"divide"> = (options = {}) => new Layer("divide", options);
/** The mean of its inputs. */
export const average: Factory<"average"> = (options = {}) => new Layer("average", options);
/** Its inputs one behind the other. */
export const concatenate: Factory<"concatenate"> = (options = {}) => new Layer("concatenate", options);
/** The mean over some axes. */
export const reduceMean: Factory<"reduceMean"> = (options) => new Layer("reduceMean", options);
/** scale x + offset with fixed numbers, for all channels or each. */
export const rescaling: Factory<"rescaling"> = (options) => new Layer("rescaling", options);
/** weight x + bias with two trained numbers for each channel. */
export const scale: Factory<"scale"> = (options = {}) => new Layer("scale", options);
/** Its input plus, less, times or over a parameter of any shape that broadcasts. */
export const arithmetic: Factory<"arithmetic"> = (options) => new Layer("arithmetic", options);
/** A non-linear map as a layer of its own. */
export const activation: Factory<"activation"> = (options) => new Layer("activation", options);
/** Values limited to an interval. */
export const clip: Factory<"clip"> = (options) => new Layer("clip", options);
/** x where positive, or slope x. */
export const leakyRelu: Factory<"leakyRelu"> = (options = {}) => new Layer("leakyRelu", options);
/** x where positive, or slope x with a trained slope. */
export const prelu: Factory<"prelu"> = (options = {}) => new Layer("prelu", options);
/** exp(x_i) / sum_j exp(x_j) along an axis. */
export const softmax: Factory<"softmax"> = (options = {}) => new Layer("softmax", options);
/** The logarithm of a softmax along an axis. */
export const logSoftmax: Factory<"logSoftmax"> = (options = {}) => new Layer("logSoftmax", options);
/** Drops values at random in training. */
export const dropout: Factory<"dropout"> = (options) => new Layer("dropout", options);
/** Normalizes each channel by the batch's moments, in inference by running statistics. */
export const batchNormalization: Factory<"batchNormalization"> = (options = {}) =>
  new Layer("batchNormalization", options);
/** Divides each value by a power of what its neighbouring channels have (AlexNet). */
export const localResponseNormalization: Factory<"localResponseNormalization"> = (options = {}) =>
  new Layer("localResponseNormalization", options);
