/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner: "Gradient-based learning applied to document recognition", 1998).
 *
 * Deviations from the paper: 28 x 28 images with "same" padding in the first convolution in place of images padded to
 * 32 x 32; ReLU in place of scaled tanh; max pooling without weights in place of averaging with them; the second
 * convolution sees all 6 maps, not a hand-made selection; a linear layer of logits in place of radial basis functions.
 * It is the LeNet-5 of today's textbooks; `:1998` (lenet-1998.ts) is that of the paper.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { PaddingOption } from "../ops/index.ts";
import type { ZooEntry } from "./entry.ts";
import { lenet1998 } from "./lenet-1998.ts";
import { type ZooOptions, zooOptions } from "./options.ts";

/** A 5 x 5 convolution with ReLU. */
function convolution(
  x: SymbolicTensor,
  name: string,
  filters: number,
  padding: PaddingOption,
): SymbolicTensor {
  return layers.conv2d({ name, filters, kernelSize: 5, padding, activation: "relu" }).apply(x);
}

/** Max pooling that halves height and width. */
function halve(x: SymbolicTensor): SymbolicTensor {
  return layers.maxPool2d({ poolSize: 2 }).apply(x);
}

function modern(options: ZooOptions = {}): Model {
  const { classes, inputShape } = zooOptions("lenet5", options);
  const image = input({ shape: inputShape });
  const conv1 = convolution(image, "conv1", 6, "same");
  const conv2 = convolution(halve(conv1), "conv2", 16, "valid");
  const flat = layers.flatten().apply(halve(conv2));
  const fc1 = layers.dense({ name: "fc1", units: 120, activation: "relu" }).apply(flat);
  const fc2 = layers.dense({ name: "fc2", units: 84, activation: "relu" }).apply(fc1);
  const outputs = layers.dense({ name: "fc3", units: classes }).apply(fc2);
  return functional({ inputs: image, outputs, taps: { conv1, conv2, fc1, fc2 } }, { name: "lenet5" });
}

/** The names of all nets of the family. */
export type LeNetName = "lenet5" | "lenet5:1998";

const sources = ["http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf"];

/** All nets of the family. */
export const leNets: { readonly [N in LeNetName]: ZooEntry } = {
  lenet5: {
    create: modern,
    parameters: 61_706,
    description: "LeNet-5: two 5 x 5 convolutions, three fully connected layers",
    sources,
  },
  "lenet5:1998": {
    create: lenet1998,
    parameters: 60_000,
    // Section III.B: without distorted digits.
    reported: { on: "MNIST's test digits", top1: 0.9905, top5: null },
    description: "LeNet-5 as published: trained subsampling, a table of connections, radial basis functions",
    sources,
  },
};
