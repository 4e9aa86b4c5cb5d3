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
/** The greatest value of each window. */
export const maxPool2d: Factory<"maxPool2d"> = (options = {}) => new Layer("maxPool2d", options);
/** The mean of each window. */
export const averagePool2d: Factory<"averagePool2d"> = (options = {}) => new Layer("averagePool2d", options);
/** The mean of as many windows as asked for, which share the image out evenly. */
export const adaptiveAveragePool2d: Factory<"adaptiveAveragePool2d"> = (options) =>
  new Layer("adaptiveAveragePool2d", options);
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
/** Zeros around images. */
export const zeroPadding2d: Factory<"zeroPadding2d"> = (options = {}) => new Layer("zeroPadding2d", options);
/** The sum of its inputs. */
export const add: Factory<"add"> = (options = {}) => new Layer("add", options);
/** The product of its inputs. */
export const multiply: Factory<"multiply"> = (options = {}) => new Layer("multiply", options);
/** Its inputs one behind the other. */
export const concatenate: Factory<"concatenate"> = (options = {}) => new Layer("concatenate", options);
/** A non-linear map as a layer of its own. */
export const activation: Factory<"activation"> = (options) => new Layer("activation", options);
/** Drops values at random in training. */
export const dropout: Factory<"dropout"> = (options) => new Layer("dropout", options);
/** Normalizes each channel by the batch's moments, in inference by running statistics. */
export const batchNormalization: Factory<"batchNormalization"> = (options = {}) =>
  new Layer("batchNormalization", options);
