/**
 * A fully connected net, the starting point of every course: 784-512-256-10 on 28 x 28 images.
 *
 * Deviations from the paper: there is none to deviate from. ReLU takes the place of the sigmoids with which
 * backpropagation was first shown (Rumelhart, Hinton and Williams 1986); weights are drawn as Glorot and Bengio have it.
 */
import { type Layer, layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { type ZooOptions, zooOptions } from "./options.ts";

/** One fully connected layer with ReLU. */
function hidden(name: string, units: number): Layer {
  return layers.dense({ name, units, activation: "relu" });
}

function build(options: ZooOptions = {}): Model {
  const { classes, inputShape } = zooOptions("dense", options);
  return sequential(
    [
      layers.flatten({ inputShape }),
      hidden("fc1", 512),
      hidden("fc2", 256),
      layers.dense({ name: "fc3", units: classes }),
    ],
    { name: "dense" },
  );
}

/** The net. */
export const dense: ZooEntry = {
  create: build,
  parameters: 535_818,
  description: "fully connected, 784-512-256-10",
  sources: ["https://doi.org/10.1038/323533a0"],
};
