/**
 * SqueezeNet (Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer: "SqueezeNet: AlexNet-level accuracy with 50x fewer
 * parameters", 2016): fire modules squeeze the channels by a 1 x 1 convolution and expand them again by one of 1 x 1 and one of
 * 3 x 3, side by side. 1.1 is the authors' later release: the first filter is smaller and pooling comes earlier, at 2.4
 * times less arithmetic.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: poolings round their sizes up, as Caffe does; He's uniform
 * initial weights. Layers have the names of torchvision's modules.
 */
import { initializers, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, imageNet, type ZooDropoutOptions, zooDropoutOptions } from "./options.ts";
import { heUniform } from "./pytorch.ts";

/** A convolution with bias. */
interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
  readonly padding?: number;
}

function convolution(x: SymbolicTensor, name: string, options: Convolution): SymbolicTensor {
  return layers.conv2d({ name, ...options, kernelInitializer: heUniform }).apply(x);
}

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.activation({ name, activation: "relu" }).apply(x);
}

/** A fire module; both expansions have as many filters. */
function fire(x: SymbolicTensor, name: string, squeezed: number, expanded: number): SymbolicTensor {
  const part = (from: SymbolicTensor, own: string, filters: number, kernelSize: number) =>
    relu(
      convolution(from, `${name}.${own}`, { filters, kernelSize, padding: (kernelSize - 1) / 2 }),
      `${name}.${own}_activation`,
    );
  const squeeze = part(x, "squeeze", squeezed, 1);
  const parts = [part(squeeze, "expand1x1", expanded, 1), part(squeeze, "expand3x3", expanded, 3)];
  return layers.concatenate({ name: `${name}.concatenate` }).apply(parts);
}

/** A fire module's filters, or max pooling by 3 x 3 windows with stride 2. */
type Module = readonly [squeezed: number, expanded: number] | "pool";

interface Variant {
  readonly first: Convolution;
  readonly modules: readonly Module[];
  readonly smallestImage: number;
}

/** The first convolution, and what stands between it and the classifier: table 1 of the paper. */
const variants: { readonly [N in SqueezeNetName]: Variant } = {
  "squeezenet1-0": {
    first: { filters: 96, kernelSize: 7, strides: 2 },
    modules: [
      "pool",
      ...([
        [16, 64],
        [16, 64],
        [32, 128],
      ] as const),
      "pool",
      ...([
        [32, 128],
        [48, 192],
        [48, 192],
        [64, 256],
      ] as const),
      "pool",
      [64, 256],
    ],
    smallestImage: 21,
  },
  "squeezenet1-1": {
    first: { filters: 64, kernelSize: 3, strides: 2 },
    modules: [
      "pool",
      ...([
        [16, 64],
        [16, 64],
      ] as const),
      "pool",
      ...([
        [32, 128],
        [32, 128],
      ] as const),
      "pool",
      ...([
        [48, 192],
        [48, 192],
        [64, 256],
        [64, 256],
      ] as const),
    ],
    smallestImage: 17,
  },
};

/** The names of all nets of the family. */
export type SqueezeNetName = "squeezenet1-0" | "squeezenet1-1";

function build(name: SqueezeNetName, options: ZooDropoutOptions): Model {
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, imageNet);
  const { first, modules, smallestImage } = variants[name];
  checkImageSize(name, inputShape, smallestImage);
  const image = input({ shape: inputShape });
  let x = relu(convolution(image, "features.0", first), "features.1");
  const taps: Record<string, SymbolicTensor> = { conv1: x };
  // The paper counts the first convolution as 1.
  let fires = 1;
  for (const [index, module] of modules.entries()) {
    const own = `features.${index + 2}`;
    if (module === "pool") {
      x = layers.maxPool2d({ name: own, poolSize: 3, strides: 2, ceilMode: true }).apply(x);
    } else {
      x = fire(x, own, ...module);
      taps[`fire${++fires}`] = x;
    }
  }
  const dropped = layers.dropout({ name: "classifier.0", rate: dropout }).apply(x);
  const last = layers.conv2d({
    name: "classifier.1",
    filters: classes,
    kernelSize: 1,
    kernelInitializer: initializers.randomNormal({ standardDeviation: 0.01 }),
  });
  const scores = relu(last.apply(dropped), "classifier.2");
  const outputs = layers.globalAveragePool2d({ name: "classifier.3" }).apply(scores);
  return functional({ inputs: image, outputs, taps }, { name });
}

const sources = ["https://arxiv.org/abs/1602.07360", "torchvision 0.28 models/squeezenet.py"];

/** All nets of the family. */
export const squeezeNets: { readonly [N in SqueezeNetName]: ZooEntry<ZooDropoutOptions> } = {
  "squeezenet1-0": {
    create: (options = {}) => build("squeezenet1-0", options),
    parameters: 1_248_424,
    description: "SqueezeNet 1.0: 8 fire modules, AlexNet's accuracy with 2 % of its parameters",
    sources,
  },
  "squeezenet1-1": {
    create: (options = {}) => build("squeezenet1-1", options),
    parameters: 1_235_496,
    description: "SqueezeNet 1.1: 8 fire modules, 2.4 times less arithmetic than 1.0",
    sources,
  },
};
