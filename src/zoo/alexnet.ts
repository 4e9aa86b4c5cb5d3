/**
 * AlexNet (Krizhevsky, Sutskever and Hinton: "ImageNet classification with deep convolutional neural networks", 2012),
 * in the form of one column (Krizhevsky: "One weird trick for parallelizing convolutional neural networks", 2014).
 *
 * Deviations from the papers, all as torchvision 0.28 has them: no local response normalization; 64, 192, 384, 256 and
 * 256 filters without groups; dropout before the first two dense layers instead of behind them; PyTorch's default initial
 * weights; images of other sizes than 224 x 224, whose last feature maps are pooled or stretched to 6 x 6. Beside that,
 * the first dense layer sees its image channels fastest, torchvision's columns fastest. Layers have the names of
 * torchvision's modules.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, imageNet, type ZooDropoutOptions, zooDropoutOptions } from "./options.ts";
import { kernelDefaults } from "./pytorch.ts";

/** What strides and poolings leave one pixel of. */
const smallestImage = 63;

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

function features(image: SymbolicTensor): SymbolicTensor {
  let x = convolution(image, 0, { filters: 64, kernelSize: 11, strides: 4, padding: 2 });
  x = pool(x, 2);
  x = convolution(x, 3, { filters: 192, kernelSize: 5, padding: 2 });
  x = pool(x, 5);
  x = convolution(x, 6, { filters: 384, kernelSize: 3, padding: 1 });
  x = convolution(x, 8, { filters: 256, kernelSize: 3, padding: 1 });
  x = convolution(x, 10, { filters: 256, kernelSize: 3, padding: 1 });
  return pool(x, 12);
}

/** Dropout, a dense layer and ReLU under three numbers in a row. */
function hidden(x: SymbolicTensor, index: number, rate: number): SymbolicTensor {
  const dropped = layers.dropout({ name: `classifier.${index}`, rate }).apply(x);
  return relu(linear(dropped, index + 1, hiddenUnits), `classifier.${index + 2}`);
}

function linear(x: SymbolicTensor, index: number, units: number): SymbolicTensor {
  return layers.dense({ name: `classifier.${index}`, units, ...kernelDefaults(x.shape[0]) }).apply(x);
}

function build(name: AlexNetName, options: ZooDropoutOptions): Model {
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, imageNet);
  checkImageSize(name, inputShape, smallestImage);
  const image = input({ shape: inputShape });
  const pooled = layers.adaptiveAveragePool2d({ name: "avgpool", outputSize: 6 }).apply(features(image));
  let x = layers.flatten({ name: "flatten" }).apply(pooled);
  x = hidden(x, 0, dropout);
  x = hidden(x, 3, dropout);
  return functional({ inputs: image, outputs: linear(x, 6, classes) }, { name });
}

/** The name of the net. */
export type AlexNetName = "alexnet";

/** All nets of the family. */
export const alexNets: { readonly [N in AlexNetName]: ZooEntry<ZooDropoutOptions> } = {
  alexnet: {
    create: (options = {}) => build("alexnet", options),
    parameters: 61_100_840,
    description: "AlexNet in torchvision's form: five convolutions, three fully connected layers",
    sources: [
      "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
      "https://arxiv.org/abs/1404.5997",
      "torchvision 0.28 models/alexnet.py",
    ],
  },
};
