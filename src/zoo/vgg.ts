/**
 * VGG (Simonyan and Zisserman: "Very deep convolutional networks for large-scale image recognition", 2015): 3 x 3
 * convolutions and nothing else, in five stages that each end in max pooling, then three dense layers. `-bn` has batch
 * normalization (Ioffe and Szegedy 2015) behind each convolution.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: He's initial weights in place of a shallower net's trained
 * ones; the variants with batch normalization, which the paper does not know; images of other sizes than 224 x 224, whose
 * last feature maps are pooled or stretched to 7 x 7. Beside that, the first dense layer sees its image channels fastest,
 * torchvision's columns fastest. Layers have the names of torchvision's modules.
 */
import { initializers, type Layer, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, imageNet, type ZooDropoutOptions, zooDropoutOptions } from "./options.ts";
import { batchNormDefaults, heNormalFanOut } from "./pytorch.ts";

/** Filters of the convolutions of each stage. */
const stageFilters = [64, 128, 256, 512, 512] as const;

/** Each stage halves height and width: below this, nothing is left. */
const smallestImage = 2 ** stageFilters.length;

/** Units of the two hidden dense layers. */
const hiddenUnits = 4096;

/** Hands out torchvision's names of a sequence of modules: `features.0`, `features.1`, ... */
function numbered(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}.${count++}`;
}

/** A 3 x 3 convolution that keeps the size, batch normalization where asked, ReLU. */
function convolution(name: () => string, filters: number, batchNorm: boolean): Layer[] {
  const convolved = layers.conv2d({
    name: name(),
    filters,
    kernelSize: 3,
    padding: 1,
    kernelInitializer: heNormalFanOut,
  });
  const normalized = batchNorm ? [layers.batchNormalization({ name: name(), ...batchNormDefaults })] : [];
  return [convolved, ...normalized, layers.activation({ name: name(), activation: "relu" })];
}

/** The five stages, each a list of layers. */
function stages(convolutions: readonly number[], batchNorm: boolean): Layer[][] {
  const name = numbered("features");
  return stageFilters.map((filters, stage) => [
    ...Array.from({ length: convolutions[stage] }, () => convolution(name, filters, batchNorm)).flat(),
    layers.maxPool2d({ name: name(), poolSize: 2 }),
  ]);
}

/** The two hidden dense layers, each with what follows it, and the last one. */
function classifier(classes: number, dropout: number): [Layer[], Layer[], Layer] {
  const name = numbered("classifier");
  const kernelInitializer = initializers.randomNormal({ standardDeviation: 0.01 });
  const hidden = () => [
    layers.dense({ name: name(), units: hiddenUnits, kernelInitializer }),
    layers.activation({ name: name(), activation: "relu" }),
    layers.dropout({ name: name(), rate: dropout }),
  ];
  return [hidden(), hidden(), layers.dense({ name: name(), units: classes, kernelInitializer })];
}

/** Layers one behind the other. */
function chain(x: SymbolicTensor, sequence: readonly Layer[]): SymbolicTensor {
  return sequence.reduce((value, layer) => layer.apply(value), x);
}

/** Convolutions of each stage: columns A, B, D and E of the paper's table 1. */
const variants = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
} as const;

type Depth = keyof typeof variants;

/** The names of all nets of the family. */
export type VggName = Depth | `${Depth}-bn`;

function build(depth: Depth, batchNorm: boolean, options: ZooDropoutOptions): Model {
  const name: VggName = batchNorm ? `${depth}-bn` : depth;
  const { classes, inputShape, dropout } = zooDropoutOptions(name, options, imageNet);
  checkImageSize(name, inputShape, smallestImage);
  const image = input({ shape: inputShape });
  const taps: Record<string, SymbolicTensor> = {};
  let x = image;
  for (const [index, stage] of stages(variants[depth], batchNorm).entries()) {
    x = chain(x, stage);
    taps[`stage${index + 1}`] = x;
  }
  x = layers.adaptiveAveragePool2d({ name: "avgpool", outputSize: 7 }).apply(x);
  x = layers.flatten({ name: "flatten" }).apply(x);
  taps["features"] = x;
  const [fc6, fc7, fc8] = classifier(classes, dropout);
  x = chain(x, fc6);
  taps["fc6"] = x;
  x = chain(x, fc7);
  taps["fc7"] = x;
  return functional({ inputs: image, outputs: fc8.apply(x), taps }, { name });
}

function entryOf(depth: Depth, batchNorm: boolean, parameters: number): ZooEntry<ZooDropoutOptions> {
  const convolutions = variants[depth].reduce((sum: number, next) => sum + next, 0);
  const normal = batchNorm ? " with batch normalization" : "";
  return {
    create: (options = {}) => build(depth, batchNorm, options),
    parameters,
    description: `VGG-${depth.slice(3)}${normal}: ${convolutions} convolutions, three fully connected layers`,
    sources: ["https://arxiv.org/abs/1409.1556", "torchvision 0.28 models/vgg.py"],
  };
}

/** All nets of the family. */
export const vggs: { readonly [N in VggName]: ZooEntry<ZooDropoutOptions> } = {
  vgg11: entryOf("vgg11", false, 132_863_336),
  "vgg11-bn": entryOf("vgg11", true, 132_868_840),
  vgg13: entryOf("vgg13", false, 133_047_848),
  "vgg13-bn": entryOf("vgg13", true, 133_053_736),
  vgg16: entryOf("vgg16", false, 138_357_544),
  "vgg16-bn": entryOf("vgg16", true, 138_365_992),
  vgg19: entryOf("vgg19", false, 143_667_240),
  "vgg19-bn": entryOf("vgg19", true, 143_678_248),
};
