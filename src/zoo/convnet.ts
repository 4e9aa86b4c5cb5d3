/**
 * A small convolutional net as Keras's first examples have it (F. Chollet: "Simple MNIST convnet", 2015): two stages of
 * 3 x 3 convolution and max pooling, then a linear layer. Two heads are offered:
 *
 * - `convnet` flattens: where a feature lies in the image matters to the head, so a moved image is a different one.
 * - `convnet-gmp` pads, and takes the greatest value of each feature over the whole image: where it lies is forgotten,
 *   so the net keeps its accuracy when an image is moved.
 *
 * Deviations from the example: logits out in place of a softmax.
 */
import { type Layer, layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
import { type ZooOptions, zooOptions } from "./options.ts";

/** A 3 x 3 convolution with ReLU, then max pooling that halves height and width. */
function stage(name: string, filters: number, padding: "same" | "valid"): Layer[] {
  return [
    layers.conv2d({ name, filters, kernelSize: 3, padding, activation: "relu" }),
    layers.maxPool2d({ poolSize: 2 }),
  ];
}

interface Variant {
  readonly padding: "same" | "valid";
  /** What stands between the convolutions and the linear layer. */
  readonly head: () => Layer[];
}

const variants = {
  convnet: {
    padding: "valid",
    head: () => [layers.flatten(), layers.dropout({ rate: 0.5 })],
  },
  "convnet-gmp": {
    padding: "same",
    head: () => [layers.globalMaxPool2d()],
  },
} satisfies Record<string, Variant>;

function build(name: keyof typeof variants, options: ZooOptions): Model {
  const { classes, inputShape } = zooOptions(name, options);
  const { padding, head }: Variant = variants[name];
  return sequential(
    [
      layers.input({ shape: inputShape }),
      ...stage("conv1", 32, padding),
      ...stage("conv2", 64, padding),
      ...head(),
      layers.dense({ name: "fc", units: classes }),
    ],
    { name },
  );
}

/** `convnet`: flatten and dropout before the linear layer. 34,826 parameters with the default options. */
export function convnet(options: ZooOptions = {}): Model {
  return build("convnet", options);
}

/** `convnet-gmp`: global max pooling before the linear layer. 19,466 parameters with the default options. */
export function convnetGmp(options: ZooOptions = {}): Model {
  return build("convnet-gmp", options);
}
