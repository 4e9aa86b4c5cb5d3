/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner: "Gradient-based learning applied to document recognition", 1998).
 *
 * Deviations from the paper: 28 x 28 images with "same" padding in the first convolution in place of images padded to
 * 32 x 32; ReLU in place of scaled tanh; max pooling without weights in place of averaging with them; the second
 * convolution sees all 6 maps, not a hand-made selection; a linear layer of logits in place of radial basis functions.
 * It is the LeNet-5 of today's textbooks.
 */
import { type Layer, layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import type { PaddingOption } from "../ops/index.ts";
import type { ZooEntry } from "./entry.ts";
import { type ZooOptions, zooOptions } from "./options.ts";

/** A 5 x 5 convolution with ReLU, then max pooling that halves height and width. */
function stage(name: string, filters: number, padding: PaddingOption): Layer[] {
  return [
    layers.conv2d({ name, filters, kernelSize: 5, padding, activation: "relu" }),
    layers.maxPool2d({ poolSize: 2 }),
  ];
}

function modern(options: ZooOptions = {}): Model {
  const { classes, inputShape } = zooOptions("lenet5", options);
  return sequential(
    [
      layers.input({ shape: inputShape }),
      ...stage("conv1", 6, "same"),
      ...stage("conv2", 16, "valid"),
      layers.flatten(),
      layers.dense({ name: "fc1", units: 120, activation: "relu" }),
      layers.dense({ name: "fc2", units: 84, activation: "relu" }),
      layers.dense({ name: "fc3", units: classes }),
    ],
    { name: "lenet5" },
  );
}

/** The name of the net. */
export type LeNetName = "lenet5";

/** All nets of the family. */
export const leNets: { readonly [N in LeNetName]: ZooEntry } = {
  lenet5: {
    create: modern,
    parameters: 61_706,
    description: "LeNet-5: two 5 x 5 convolutions, three fully connected layers",
    sources: ["http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf"],
  },
};
