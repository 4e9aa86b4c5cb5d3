/**
 * ZFNet (Zeiler and Fergus: "Visualizing and understanding convolutional networks", 2014): AlexNet in one column, with a first
 * layer that looks closer, 7 x 7 with stride 2. At 224 x 224 its maps have the sizes of the paper's figure 3: 110, 55, 26, 13
 * and 6. Layers are `conv1` to `conv5` and `fc6` to `fc8`, as Caffe's nets of that time have them.
 *
 * Deviations from the paper: the filters of the first layer are not kept below a norm while training; and, as it does not
 * name the constants of its contrast normalization, they are AlexNet's.
 *
 * `:512` is the form that the ONNX model zoo ships as zfnet512, a part of the larger net of the paper's section 5.1: 512 maps
 * in each of the last three convolutions, 1024 units in the second dense layer; a first layer without padding; and
 * normalization before pooling, not behind it.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, imageNet, type ZooDropoutOptions, zooDropoutOptions } from "./options.ts";
import { contrastNormalization, smallNormal } from "./paper.ts";

/** What the two forms of the net set differently. */
interface Form {
  /** Zeros around the image. */
  readonly padding: number;
  readonly normalized: "before pooling" | "behind pooling";
  /** Filters of the last three convolutions. */
  readonly filters: readonly [conv3: number, conv4: number, conv5: number];
  /** Units of the two hidden dense layers. */
  readonly units: readonly [fc6: number, fc7: number];
  /** What strides and poolings leave one pixel of. */
  readonly smallestImage: number;
}

const forms = {
  zfnet: {
    padding: 1,
    normalized: "behind pooling",
    filters: [384, 384, 256],
    units: [4096, 4096],
    smallestImage: 47,
  },
  "zfnet:512": {
    padding: 0,
    normalized: "before pooling",
    filters: [512, 512, 512],
    units: [4096, 1024],
    smallestImage: 49,
  },
} as const satisfies Record<string, Form>;

/** The names of all nets of the family. */
export type ZfNetName = keyof typeof forms;

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
  readonly padding?: number;
}

/** A convolution with bias and ReLU. */
function convolution(x: SymbolicTensor, name: string, options: Convolution): SymbolicTensor {
  return layers.conv2d({ name, ...options, activation: "relu", kernelInitializer: smallNormal }).apply(x);
}

/** Max pooling with windows that overlap; a last one may reach beyond the image, as in figure 3. */
function pool(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.maxPool2d({ name, poolSize: 3, strides: 2, ceilMode: true }).apply(x);
}

/** Pooling and normalization of a stage, in the form's order. */
function reduce({ normalized }: Form, x: SymbolicTensor, stage: number): SymbolicTensor {
  return normalized === "before pooling"
    ? pool(contrastNormalization(x, `norm${stage}`), `pool${stage}`)
    : contrastNormalization(pool(x, `pool${stage}`), `norm${stage}`);
}

/** A dense layer with ReLU, and dropout. */
function hidden(x: SymbolicTensor, layer: number, units: number, rate: number): SymbolicTensor {
  const dense = layers.dense({
    name: `fc${layer}`,
    units,
    activation: "relu",
    kernelInitializer: smallNormal,
  });
  return layers.dropout({ name: `drop${layer}`, rate }).apply(dense.apply(x));
}

function build(name: ZfNetName, options: ZooDropoutOptions): Model {
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, imageNet);
  const form: Form = forms[name];
  checkImageSize(name, inputShape, form.smallestImage);
  const image = input({ shape: inputShape });
  const first = { filters: 96, kernelSize: 7, strides: 2, padding: form.padding };
  const conv1 = convolution(image, "conv1", first);
  const conv2 = convolution(reduce(form, conv1, 1), "conv2", { filters: 256, kernelSize: 5, strides: 2 });
  const taps: Record<string, SymbolicTensor> = { conv1, conv2 };
  let x = reduce(form, conv2, 2);
  for (const [index, filters] of form.filters.entries()) {
    const own = `conv${index + 3}`;
    x = convolution(x, own, { filters, kernelSize: 3, padding: 1 });
    taps[own] = x;
  }
  x = layers.flatten({ name: "flatten" }).apply(pool(x, "pool5"));
  for (const [index, units] of form.units.entries()) {
    x = hidden(x, index + 6, units, dropout);
    taps[`fc${index + 6}`] = x;
  }
  const last = layers.dense({ name: "fc8", units: classes, kernelInitializer: smallNormal });
  return functional({ inputs: image, outputs: last.apply(x), taps }, { name });
}

const paper = "https://arxiv.org/abs/1311.2901";

/** All nets of the family. */
export const zfNets: { readonly [N in ZfNetName]: ZooEntry<ZooDropoutOptions> } = {
  zfnet: {
    create: (options = {}) => build("zfnet", options),
    parameters: 62_357_608,
    // Table 2: one net as in figure 3.
    reported: { on: "ImageNet's validation images", top1: 0.616, top5: 0.835 },
    description: "ZFNet: AlexNet with a first layer of 7 x 7 filters and stride 2",
    sources: [paper],
  },
  "zfnet:512": {
    create: (options = {}) => build("zfnet:512", options),
    parameters: 87_250_536,
    description: "ZFNet with 512 maps in the last three convolutions, as the ONNX model zoo ships it",
    sources: [paper, "https://github.com/onnx/models, vision/classification/zfnet-512"],
  },
};
