import type { DType, Shape } from "../tensor/index.ts";

/** Zero rows and columns around an image: before and after the height, before and after the width. */
export interface Padding2d {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Height and width of a stride, a dilation or a window. */
export type Size2d = readonly [height: number, width: number];

/** How a convolution walks its input. "same" and "valid" are resolved to explicit padding before an op is built. */
export interface Convolution2dAttributes {
  readonly strides: Size2d;
  readonly padding: Padding2d;
  readonly dilations: Size2d;
  readonly groups: number;
}

/** How a pooling window walks its input. Output sizes are explicit in `outputSize`, so that ceil mode needs no flag. */
export interface Pool2dAttributes {
  readonly poolSize: Size2d;
  readonly strides: Size2d;
  readonly padding: Padding2d;
  /** Height and width of the output; windows may reach beyond the padded input (ceil mode). */
  readonly outputSize: Size2d;
}

export interface AveragePool2dAttributes extends Pool2dAttributes {
  /** Whether padding counts in the divisor; positions beyond the padding never do (PyTorch's rule in ceil mode). */
  readonly countPadding: boolean;
}

/** Across how many channels, and by how much, local response normalization damps. */
export interface LocalResponseAttributes {
  /** Channels in a window: floor((size - 1) / 2) before the one in question, ceil((size - 1) / 2) behind it. */
  readonly size: number;
  /** Divided by `size`, as in PyTorch and ONNX; TensorFlow's and Keras's alpha is alpha / size. */
  readonly alpha: number;
  readonly beta: number;
  /** What the weighed sum of squares is added to (k of Krizhevsky et al. 2012). */
  readonly bias: number;
}

/** What a row or column of a result is made of: positions along the same axis of the operand, and what each counts. */
export type Taps = readonly (readonly [position: number, weight: number])[];

/** How bytes become the pixels of a batch when every image is changed in its own way. */
export interface WarpImagesAttributes {
  readonly outputSize: Size2d;
  readonly scale: number;
  readonly offset: number;
  /** What lies outside an image, from 0 to 255. */
  readonly fill: number;
}

export interface Empty {
  readonly [none: string]: never;
}

/**
 * All kinds of ops and the type of their attributes: a closed union. A rule table over it (`src/ops/table.ts`) must
 * have every kind, so a missing rule is a compile error. N is the batch, H and W height and width, C channels.
 */
export interface OpAttributes {
  // Leaves.
  /** A value fed at every step. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** State that lives in the engine from step to step: a weight, a moment of an optimizer, a resident dataset. */
  variable: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** A tensor filled with one number. */
  constant: { readonly value: number; readonly shape: Shape };

  // Arithmetic with broadcasting.
  add: Empty;
  subtract: Empty;
  multiply: Empty;
  divide: Empty;
  /** factor * x + offset with fixed numbers. */
  affine: { readonly factor: number; readonly offset: number };
  /** factors[c] * x + offsets[c] with fixed numbers for each channel, the last axis. */
  channelAffine: { readonly factors: readonly number[]; readonly offsets: readonly number[] };
  /** Limits each element to [minimum, maximum]. */
  clip: { readonly minimum: number; readonly maximum: number };
  /** Inputs y, dy. */
  clipGradient: { readonly minimum: number; readonly maximum: number };

  // Shape.
  reshape: { readonly shape: Shape };
  /** Surrounds with `value`: `before[axis]` and `after[axis]` elements. */
  pad: { readonly before: Shape; readonly after: Shape; readonly value: number };
  slice: { readonly begin: Shape; readonly size: Shape };
  concatenate: { readonly axis: number };
  /** The axes in another order: axis i of the result is axis permutation[i] of x. */
  transpose: { readonly permutation: readonly number[] };
  /** Repeats size-1 axes up to `shape` (the gradient of `reduceSum`). */
  broadcast: { readonly shape: Shape };
  /** Sum over `axes`; they stay as size 1 with `keepDimensions`. */
  reduceSum: { readonly axes: readonly number[]; readonly keepDimensions: boolean };

  // Linear maps.
  /** A product of two matrices, either of them transposed: [M, K] x [K, N] -> [M, N]. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** Inputs x [N,H,W,C], filter [KH,KW,C/groups,O] -> [N,OH,OW,O]: cross-correlation, as the field calls convolution. */
  conv2d: Convolution2dAttributes;
  /** Inputs dy, filter -> dx. */
  conv2dInputGradient: Convolution2dAttributes & { readonly inputShape: Shape };
  /** Inputs x, dy -> dFilter. */
  conv2dFilterGradient: Convolution2dAttributes & { readonly filterShape: Shape };

  // Pooling over [N,H,W,C].
  maxPool2d: Pool2dAttributes;
  /** Inputs x, y, dy -> dx; a window's gradient goes to its first greatest element in row-major order. */
  maxPool2dGradient: Pool2dAttributes;
  averagePool2d: AveragePool2dAttributes;
  /** Input dy -> dx. */
  averagePool2dGradient: AveragePool2dAttributes & { readonly inputShape: Shape };
  /** The mean over windows that share the image out evenly: output row i covers floor(i H / OH) to ceil((i + 1) H / OH). */
  adaptiveAveragePool2d: { readonly outputSize: Size2d };
  /** Input dy -> dx. */
  adaptiveAveragePool2dGradient: { readonly outputSize: Size2d; readonly inputShape: Shape };

  // Images.
  /**
   * Weighs and adds up pixels along both axes: y[n,i,j,c] = the sum over (h, v) in rows[i] and (w, u) in columns[j] of
   * v u x[n,h,w,c]. Resizing, and padding that repeats or mirrors the image. The gradient is another one.
   */
  resample2d: { readonly rows: readonly Taps[]; readonly columns: readonly Taps[] };
  /** x [..., C] -> x[c] (bias + alpha / size * sum of x^2 over the window of channel c)^-beta. */
  localResponseNormalization: LocalResponseAttributes;
  /** Inputs x, dy -> dx. */
  localResponseNormalizationGradient: LocalResponseAttributes;

  // Non-linear maps; each gradient takes what the forward kept and dy.
  relu: Empty;
  /** Inputs y, dy. */
  reluGradient: Empty;
  /** x where positive, or slope * x. */
  leakyRelu: { readonly slope: number };
  /** Inputs x, dy. */
  leakyReluGradient: { readonly slope: number };
  /** x * min(max(x / 6 + 1 / 2, 0), 1). */
  hardSwish: Empty;
  /** Inputs x, dy. */
  hardSwishGradient: Empty;
  sigmoid: Empty;
  /** Inputs y, dy. */
  sigmoidGradient: Empty;
  tanh: Empty;
  /** Inputs y, dy. */
  tanhGradient: Empty;
  /** x * Phi(x), exact (erf) or by tanh. */
  gelu: { readonly approximate: boolean };
  /** Inputs x, dy. */
  geluGradient: { readonly approximate: boolean };
  /** Over the last axis. */
  softmax: Empty;
  /** Inputs y, dy. */
  softmaxGradient: Empty;
  /** Over the last axis. */
  logSoftmax: Empty;
  /** Inputs y, dy. */
  logSoftmaxGradient: Empty;

  // Randomness. `stream` tells one use of the step's key from another.
  /** Inputs x, key [2] uint32: zeroes with probability `rate`, scales the rest by 1 / (1 - rate). Its own gradient. */
  dropout: { readonly rate: number; readonly stream: number };

  // Batch normalization over all axes but the last.
  /** x [..., C] -> [2, C]: mean and biased variance of each channel. */
  batchMoments: Empty;
  /** Inputs x, moments, dMoments -> dx. */
  batchMomentsGradient: Empty;
  /** Inputs x, moments [2,C], gamma [C], beta [C] -> gamma (x - mean) / sqrt(variance + epsilon) + beta. */
  batchNormalize: { readonly epsilon: number };
  /** Inputs x, moments, dy -> [2, C]: sum of dy, and sum of dy * (x - mean) / sqrt(variance + epsilon). */
  batchNormalizeReduce: { readonly epsilon: number };
  /** Inputs dy, moments, gamma -> gamma dy / sqrt(variance + epsilon). */
  batchNormalizeInputGradient: { readonly epsilon: number };
  /** Inputs moments, gamma, reduced [2,C] -> dMoments [2,C]. */
  batchNormalizeMomentsGradient: { readonly epsilon: number };

  // Losses and metrics.
  /** Inputs logits [N,C], labels int32 [N] or targets [N,C] -> loss of each example [N], in nats. */
  softmaxCrossEntropy: { readonly labelSmoothing: number };
  /** Inputs logits, labels or targets, dLoss [N] -> dLogits. */
  softmaxCrossEntropyGradient: { readonly labelSmoothing: number };
  /** Labels int32 [N] -> [N, classes]. */
  oneHot: { readonly classes: number };
  /** Inputs scores [N,C], labels int32 [N] -> 1 where fewer than k classes score above the label's, or 0: [N]. */
  topKHits: { readonly k: number };

  // Data.
  /**
   * Inputs images uint8 [M,H,W,C], indices int32 [N], key [2] uint32 -> float32 [N,H,W,C]: rows by index,
   * moved by a uniform draw of whole pixels in [-shift, shift] on each axis (zero fill), times `scale`, plus `offset`.
   */
  loadImages: { readonly scale: number; readonly offset: number; readonly shift: number };
  /** Inputs rows float32 [M, ...], indices int32 [N] -> float32 [N, ...]: rows by index, as they are. */
  loadRows: Empty;
  /** Inputs labels int32 [M], indices int32 [N] -> int32 [N]. */
  loadLabels: Empty;
  /**
   * Inputs images uint8 [M,H,W,C], indices int32 [N], records float32 [N,R] -> float32 [N,h,w,C]: rows by index, each
   * sampled, coloured and covered as its record says (src/ops/warp-record.ts), times `scale`, plus `offset`.
   */
  warpImages: WarpImagesAttributes;
  /** Inputs x [N,...], partners int32 [N], shares [N] -> shares[n] x[n] + (1 - shares[n]) x[partners[n]]. */
  mixExamples: Empty;
}

/** The name of an op. */
export type OpKind = keyof OpAttributes;

/** What all optimizers share: the fixed part; rates that change from step to step come in the `hyper` input. */
export interface OptimizerAttributes {
  /** Decoupled weight decay (Loshchilov and Hutter 2019): w is scaled by 1 - learningRate * weightDecay first. */
  readonly weightDecay: number;
}

/**
 * All kinds of updates: the only nodes that change state. `hyper` is a float32 vector fed at each step.
 * Every update runs after all reads of its variable in the same step.
 */
export interface UpdateAttributes {
  /** hyper = [learningRate]. Slots: none. */
  sgd: OptimizerAttributes;
  /** hyper = [learningRate]. Slots: velocity. v = momentum v - rate g; w += v, or momentum v - rate g with Nesterov. */
  momentum: OptimizerAttributes & { readonly momentum: number; readonly nesterov: boolean };
  /**
   * hyper = [learningRate, 1 / (1 - beta1^t), 1 / (1 - beta2^t)]. Slots: first and second moment.
   * w -= rate * mHat / (sqrt(vHat) + epsilon).
   */
  adam: OptimizerAttributes & { readonly beta1: number; readonly beta2: number; readonly epsilon: number };
  /** hyper = [learningRate]. Slots: mean square. w -= rate * g / (sqrt(s) + epsilon). */
  rmsprop: OptimizerAttributes & { readonly rho: number; readonly epsilon: number };
  /** variable = momentum * variable + (1 - momentum) * value. No slots, no hyper. */
  movingAverage: { readonly momentum: number };
  /** hyper = [kept]. variable = kept * variable + value, or just the value where kept is 0. Slots: none. */
  accumulate: Empty;
}

export type UpdateKind = keyof UpdateAttributes;
