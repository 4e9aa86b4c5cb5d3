import type { Model } from "../models/index.ts";
import { nameHint, OptionError } from "../tensor/index.ts";
import { alexnet } from "./alexnet.ts";
import { convnet, convnetBn, convnetGmp } from "./convnet.ts";
import { dense } from "./dense.ts";
import { lenet5 } from "./lenet.ts";
import type { ZooDropoutOptions, ZooOptions } from "./options.ts";
import { type ResNetName, resnet18, resnet34, resnet50, resnet101, resnet152 } from "./resnet.ts";
import { type VggName, vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from "./vgg.ts";

/** A model of the zoo. */
export interface ZooEntry {
  /** @throws OptionError for an option that is wrong, or that this model does not have */
  readonly create: (options?: ZooDropoutOptions) => Model;
  /** Trained parameters with the default options, as published: running statistics are not among them. */
  readonly parameters: number;
  /** What it is, in a line. */
  readonly description: string;
}

/** The name of a model of the zoo. */
export type ZooName =
  | "dense"
  | "lenet5"
  | "convnet"
  | "convnet-gmp"
  | "convnet-bn"
  | "alexnet"
  | VggName
  | ResNetName;

/** The options of a model by its name. */
export type ZooOptionsOf<N extends ZooName> = N extends VggName | "alexnet" ? ZooDropoutOptions : ZooOptions;

/** All models by name. */
export const zoo: { readonly [N in ZooName]: ZooEntry } = {
  dense: {
    create: dense,
    parameters: 535_818,
    description: "fully connected, 784-512-256-10",
  },
  lenet5: {
    create: lenet5,
    parameters: 61_706,
    description: "LeNet-5: two 5 x 5 convolutions, three fully connected layers",
  },
  convnet: {
    create: convnet,
    parameters: 34_826,
    description: "two 3 x 3 convolutions, flatten, dropout",
  },
  "convnet-gmp": {
    create: convnetGmp,
    parameters: 19_466,
    description: "two 3 x 3 convolutions with padding, global max pooling",
  },
  "convnet-bn": {
    create: convnetBn,
    parameters: 16_634,
    description: "a 5 x 5 and a 3 x 3 convolution with batch normalization: digits in few seconds",
  },
  alexnet: {
    create: alexnet,
    parameters: 61_100_840,
    description: "AlexNet in torchvision's form: five convolutions, three fully connected layers",
  },
  vgg11: {
    create: vgg11,
    parameters: 132_863_336,
    description: "VGG-11: 8 convolutions, three fully connected layers",
  },
  "vgg11-bn": {
    create: vgg11Bn,
    parameters: 132_868_840,
    description: "VGG-11 with batch normalization: 8 convolutions, three fully connected layers",
  },
  vgg13: {
    create: vgg13,
    parameters: 133_047_848,
    description: "VGG-13: 10 convolutions, three fully connected layers",
  },
  "vgg13-bn": {
    create: vgg13Bn,
    parameters: 133_053_736,
    description: "VGG-13 with batch normalization: 10 convolutions, three fully connected layers",
  },
  vgg16: {
    create: vgg16,
    parameters: 138_357_544,
    description: "VGG-16: 13 convolutions, three fully connected layers",
  },
  "vgg16-bn": {
    create: vgg16Bn,
    parameters: 138_365_992,
    description: "VGG-16 with batch normalization: 13 convolutions, three fully connected layers",
  },
  vgg19: {
    create: vgg19,
    parameters: 143_667_240,
    description: "VGG-19: 16 convolutions, three fully connected layers",
  },
  "vgg19-bn": {
    create: vgg19Bn,
    parameters: 143_678_248,
    description: "VGG-19 with batch normalization: 16 convolutions, three fully connected layers",
  },
  resnet18: {
    create: resnet18,
    parameters: 11_689_512,
    description: "ResNet-18: 8 basic blocks",
  },
  resnet34: {
    create: resnet34,
    parameters: 21_797_672,
    description: "ResNet-34: 16 basic blocks",
  },
  resnet50: {
    create: resnet50,
    parameters: 25_557_032,
    description: "ResNet-50: 16 bottlenecks",
  },
  resnet101: {
    create: resnet101,
    parameters: 44_549_160,
    description: "ResNet-101: 33 bottlenecks",
  },
  resnet152: {
    create: resnet152,
    parameters: 60_192_808,
    description: "ResNet-152: 50 bottlenecks",
  },
};

/** Names of all models. */
export const names: readonly ZooName[] = Object.keys(zoo).filter(isZooName);

/** Whether a name is a model's. */
export function isZooName(name: string): name is ZooName {
  return Object.hasOwn(zoo, name);
}

/**
 * A model by name, with fresh weights.
 *
 * @throws OptionError for an unknown name, with the nearest known one, or a wrong option
 */
export function create<N extends string>(
  name: N,
  options?: N extends ZooName ? ZooOptionsOf<N> : ZooDropoutOptions,
): Model {
  if (isZooName(name)) return zoo[name].create(options);
  throw new OptionError(`there is no model "${name}"`, {
    where: "models.create",
    hint: nameHint(name, names),
  });
}
