/**
 * A small convolutional net as Keras's first examples have it (F. Chollet: "Simple MNIST convnet", 2015): two 3 x 3
 * convolutions with max pooling, then a linear layer. Two heads are offered:
 *
 * - `convnet` flattens: where a feature lies in the image matters to the head, so a moved image is a different one.
 * - `convnet-gmp` takes the greatest value of each feature over the whole image: where it lies is forgotten, so the net
 *   keeps its accuracy when an image is moved. The image gets a margin of two pixels, and the convolutions keep its size:
 *   without them, what moves to the edge would be seen through zeros that the net never met there (measured after five
 *   epochs, 4 px up and left: 97.0 % falls to 90.2 % without the margin).
 *
 * Both are offered with anti-aliased pooling (R. Zhang: "Making convolutional networks shift-invariant again", 2019): max pooling
 * moves on by one pixel, and a 1-2-1 blur keeps every second row and column. `convnet-blur` and `convnet-gmp-blur` have the sizes
 * and parameters of the nets without.
 *
 * A fifth net is made to learn digits in few seconds: `convnet-bn` has fewer filters, its first ones 5 x 5, and batch
 * normalization (S. Ioffe, C. Szegedy, 2015), which bears learning rates ten times as high. It normalizes behind the pooling,
 * where a quarter of the values is left.
 *
 * Deviations from the example: logits out in place of a softmax; `convnet-gmp` has no dropout, and no pooling between the
 * last convolution and the pooling of everything, which would not change the result.
 */
import { type Layer, layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { type ZooOptions, zooOptions } from "./options.ts";

/** Sizes of the two convolutions of the first four. */
const [firstFilters, secondFilters] = [32, 64];

/** A 3 x 3 convolution with ReLU. */
function convolution(name: string, filters: number, padding: "same" | "valid"): Layer {
  return layers.conv2d({ name, filters, kernelSize: 3, padding, activation: "relu" });
}

/** A convolution, max pooling that halves height and width, batch normalization and ReLU. */
function normalized(
  index: 1 | 2,
  options: { filters: number; kernelSize: number; padding: "same" | "valid" },
): Layer[] {
  return [
    layers.conv2d({ name: `conv${index}`, ...options, useBias: false }),
    ...halve(),
    // Statistics of a tenth of the usual window: two epochs are few steps.
    layers.batchNormalization({ name: `bn${index}`, momentum: 0.9 }),
    layers.activation({ activation: "relu" }),
  ];
}

/** Max pooling that halves height and width. */
const halve = (): Layer[] => [layers.maxPool2d({ poolSize: 2 })];

/** The same size by max pooling in stride 1 and a blur that keeps every second row and column. */
const blur = (): Layer[] => [layers.maxPool2d({ poolSize: 2, strides: 1 }), layers.blurPool2d()];

/** Flattens what the convolutions make: where it lies matters. */
function flattened(pool: () => Layer[]): Layer[] {
  return [
    convolution("conv1", firstFilters, "valid"),
    ...pool(),
    convolution("conv2", secondFilters, "valid"),
    ...pool(),
    layers.flatten(),
    layers.dropout({ rate: 0.5 }),
  ];
}

/** Takes the greatest of what the convolutions make: where it lies is forgotten. */
function pooled(pool: () => Layer[]): Layer[] {
  return [
    layers.zeroPadding2d({ padding: 2 }),
    convolution("conv1", firstFilters, "same"),
    ...pool(),
    convolution("conv2", secondFilters, "same"),
    layers.globalMaxPool2d(),
  ];
}

/** What stands between the image and the linear layer. */
const variants = {
  convnet: () => flattened(halve),
  "convnet-gmp": () => pooled(halve),
  "convnet-blur": () => flattened(blur),
  "convnet-gmp-blur": () => pooled(blur),
  "convnet-bn": () => [
    ...normalized(1, { filters: 16, kernelSize: 5, padding: "valid" }),
    ...normalized(2, { filters: 32, kernelSize: 3, padding: "same" }),
    layers.flatten(),
  ],
} satisfies Record<string, () => Layer[]>;

/** The names of all nets of the family. */
export type ConvnetName = keyof typeof variants;

function build(name: ConvnetName, options: ZooOptions): Model {
  const { classes, inputShape } = zooOptions(name, options);
  const head = layers.dense({ name: "fc", units: classes });
  return sequential([layers.input({ shape: inputShape }), ...variants[name](), head], { name });
}

function entryOf(name: ConvnetName, parameters: number, description: string, paper?: string): ZooEntry {
  const sources = ["https://keras.io/examples/vision/mnist_convnet", ...(paper === undefined ? [] : [paper])];
  return { create: (options = {}) => build(name, options), parameters, description, sources };
}

const antiAliasing = "https://arxiv.org/abs/1904.11486";

/** All nets of the family. */
export const convnets: { readonly [N in ConvnetName]: ZooEntry } = {
  convnet: entryOf("convnet", 34_826, "two 3 x 3 convolutions, flatten, dropout"),
  "convnet-gmp": entryOf("convnet-gmp", 19_466, "two 3 x 3 convolutions with padding, global max pooling"),
  "convnet-blur": entryOf("convnet-blur", 34_826, "convnet with anti-aliased pooling", antiAliasing),
  "convnet-gmp-blur": entryOf(
    "convnet-gmp-blur",
    19_466,
    "convnet-gmp with anti-aliased pooling",
    antiAliasing,
  ),
  "convnet-bn": entryOf(
    "convnet-bn",
    16_634,
    "a 5 x 5 and a 3 x 3 convolution with batch normalization: digits in few seconds",
  ),
};
