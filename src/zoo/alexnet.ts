/**
 * AlexNet (Krizhevsky, Sutskever and Hinton: "ImageNet classification with deep convolutional neural networks", 2012),
 * in the form of one column (Krizhevsky: "One weird trick for parallelizing convolutional neural networks", 2014).
 *
 * Deviations from the papers, all as torchvision 0.28 has them: no local response normalization; 64, 192, 384, 256 and
 * 256 filters without groups; dropout before the first two dense layers instead of behind them; PyTorch's default initial
 * weights; images of other sizes than 224 x 224, whose last feature maps are pooled or stretched to 6 x 6. Beside that,
 * the first dense layer sees its image channels fastest, torchvision's columns fastest. Layers have the names of
 * torchvision's modules.
 *
 * `:paper` is the net of 2012: two columns, which see each other in the third convolution and in dense layers only, become
 * groups. It deviates in nothing but the size of images: the paper says 224 x 224, but its first maps of 55 x 55 need 227.
 * Layers are `conv1` to `conv5` and `fc6` to `fc8`, as in Caffe.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, imageNet, type ZooDropoutOptions, zooDropoutOptions } from "./options.ts";
import { contrastNormalization, smallNormal } from "./paper.ts";
import { kernelDefaults } from "./pytorch.ts";

/** What strides and poolings leave one pixel of. */
const smallestImage = { alexnet: 63, "alexnet:paper": 67 };

/** Units of the two hidden dense layers. */
const hiddenUnits = 4096;

/** A convolution with bias, then ReLU under the next number. */
function convolution(
  x: SymbolicTensor,
  index: number,
  options: {
    readonly filters: number;
    readonly kernelSize: number;
    readonly strides?: number;
    readonly padding: number;
  },
): SymbolicTensor {
  const fanIn = options.kernelSize ** 2 * x.shape[2];
  const layer = layers.conv2d({ name: `features.${index}`, ...options, ...kernelDefaults(fanIn) });
  return relu(layer.apply(x), `features.${index + 1}`);
}

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.activation({ name, activation: "relu" }).apply(x);
}

/** Max pooling with windows that overlap. */
function pool(x: SymbolicTensor, index: number): SymbolicTensor {
  return layers.maxPool2d({ name: `features.${index}`, poolSize: 3, strides: 2 }).apply(x);
}

/** The convolutions by the papers' names. */
function features(image: SymbolicTensor): Readonly<Record<`conv${1 | 2 | 3 | 4 | 5}`, SymbolicTensor>> {
  const conv1 = convolution(image, 0, { filters: 64, kernelSize: 11, strides: 4, padding: 2 });
  const conv2 = convolution(pool(conv1, 2), 3, { filters: 192, kernelSize: 5, padding: 2 });
  const conv3 = convolution(pool(conv2, 5), 6, { filters: 384, kernelSize: 3, padding: 1 });
  const conv4 = convolution(conv3, 8, { filters: 256, kernelSize: 3, padding: 1 });
  return {
    conv1,
    conv2,
    conv3,
    conv4,
    conv5: convolution(conv4, 10, { filters: 256, kernelSize: 3, padding: 1 }),
  };
}

/** Dropout, a dense layer and ReLU under three numbers in a row. */
function hidden(x: SymbolicTensor, index: number, rate: number): SymbolicTensor {
  const dropped = layers.dropout({ name: `classifier.${index}`, rate }).apply(x);
  return relu(linear(dropped, index + 1, hiddenUnits), `classifier.${index + 2}`);
}

function linear(x: SymbolicTensor, index: number, units: number): SymbolicTensor {
  return layers.dense({ name: `classifier.${index}`, units, ...kernelDefaults(x.shape[0]) }).apply(x);
}

function build(options: ZooDropoutOptions): Model {
  const name = "alexnet";
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, imageNet);
  checkImageSize(name, inputShape, smallestImage[name]);
  const image = input({ shape: inputShape });
  const taps = features(image);
  const pooled = layers.adaptiveAveragePool2d({ name: "avgpool", outputSize: 6 }).apply(pool(taps.conv5, 12));
  const fc6 = hidden(layers.flatten({ name: "flatten" }).apply(pooled), 0, dropout);
  const fc7 = hidden(fc6, 3, dropout);
  return functional(
    { inputs: image, outputs: linear(fc7, 6, classes), taps: { ...taps, fc6, fc7 } },
    { name },
  );
}

/** The paper's convolutions; biases of 1 give the first ReLUs something to do. */
const paperConvolutions = {
  conv1: { filters: 96, kernelSize: 11, strides: 4, biasInitializer: "zeros" },
  conv2: { filters: 256, kernelSize: 5, padding: 2, groups: 2, biasInitializer: "ones" },
  conv3: { filters: 384, kernelSize: 3, padding: 1, biasInitializer: "zeros" },
  conv4: { filters: 384, kernelSize: 3, padding: 1, groups: 2, biasInitializer: "ones" },
  conv5: { filters: 256, kernelSize: 3, padding: 1, groups: 2, biasInitializer: "ones" },
} as const;

/** The convolutions that normalization and pooling, or pooling alone, follow. */
const [normalized, pooled]: readonly (readonly string[])[] = [
  ["conv1", "conv2"],
  ["conv1", "conv2", "conv5"],
];

/** A dense layer with ReLU, and dropout. */
function paperHidden(x: SymbolicTensor, layer: number, rate: number): SymbolicTensor {
  const dense = layers.dense({
    name: `fc${layer}`,
    units: hiddenUnits,
    activation: "relu",
    kernelInitializer: smallNormal,
    biasInitializer: "ones",
  });
  return layers.dropout({ name: `drop${layer}`, rate }).apply(dense.apply(x));
}

function buildPaper(options: ZooDropoutOptions): Model {
  const name = "alexnet:paper";
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, {
    ...imageNet,
    inputShape: [227, 227, 3],
  });
  checkImageSize(name, inputShape, smallestImage[name]);
  const image = input({ shape: inputShape });
  const taps: Record<string, SymbolicTensor> = {};
  let x = image;
  for (const [own, convolved] of Object.entries(paperConvolutions)) {
    x = layers
      .conv2d({ name: own, ...convolved, activation: "relu", kernelInitializer: smallNormal })
      .apply(x);
    taps[own] = x;
    const number = own.slice(-1);
    if (normalized.includes(own)) x = contrastNormalization(x, `norm${number}`);
    if (pooled.includes(own)) {
      x = layers.maxPool2d({ name: `pool${number}`, poolSize: 3, strides: 2 }).apply(x);
    }
  }
  const fc6 = paperHidden(layers.flatten({ name: "flatten" }).apply(x), 6, dropout);
  const fc7 = paperHidden(fc6, 7, dropout);
  const last = layers.dense({ name: "fc8", units: classes, kernelInitializer: smallNormal });
  return functional({ inputs: image, outputs: last.apply(fc7), taps: { ...taps, fc6, fc7 } }, { name });
}

const paper =
  "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks";

/** The names of all nets of the family. */
export type AlexNetName = "alexnet" | "alexnet:paper";

/** All nets of the family. */
export const alexNets: { readonly [N in AlexNetName]: ZooEntry<ZooDropoutOptions> } = {
  alexnet: {
    create: (options = {}) => build(options),
    parameters: 61_100_840,
    description: "AlexNet in torchvision's form: five convolutions, three fully connected layers",
    sources: [paper, "https://arxiv.org/abs/1404.5997", "torchvision 0.28 models/alexnet.py"],
  },
  "alexnet:paper": {
    create: (options = {}) => buildPaper(options),
    parameters: 60_965_224,
    // Table 2: one net.
    reported: { on: "ImageNet's validation images, ten crops of each", top1: 0.593, top5: 0.818 },
    description: "AlexNet in the paper's form: two groups, local response normalization",
    sources: [paper],
  },
};
