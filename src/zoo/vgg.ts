/**
 * VGG (Simonyan and Zisserman: "Very deep convolutional networks for large-scale image recognition", 2015): 3 x 3
 * convolutions and nothing else, in five stages that each end in max pooling, then three dense layers. `-bn` has batch
 * normalization (Ioffe and Szegedy 2015) behind each convolution.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: He's initial weights in place of a shallower net's trained
 * ones; the variants with batch normalization, which the paper does not know; images of other sizes than 224 x 224, whose
 * last feature maps are pooled or stretched to 7 x 7. Beside that, the first dense layer sees its image channels fastest,
 * torchvision's columns fastest; and the running variance follows the biased variance of a batch, torchvision's the
 * unbiased one. Layers have the names of torchvision's modules.
 */
import { initializers, type Layer, layers } from "../layers/index.ts";
import { type Model, sequential } from "../models/index.ts";
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

function features(convolutions: readonly number[], batchNorm: boolean): Layer[] {
  const name = numbered("features");
  return stageFilters.flatMap((filters, stage) => [
    ...Array.from({ length: convolutions[stage] }, () => convolution(name, filters, batchNorm)).flat(),
    layers.maxPool2d({ name: name(), poolSize: 2 }),
  ]);
}

function classifier(classes: number, dropout: number): Layer[] {
  const name = numbered("classifier");
  const kernelInitializer = initializers.randomNormal({ standardDeviation: 0.01 });
  const hidden = () => [
    layers.dense({ name: name(), units: hiddenUnits, kernelInitializer }),
    layers.activation({ name: name(), activation: "relu" }),
    layers.dropout({ name: name(), rate: dropout }),
  ];
  return [...hidden(), ...hidden(), layers.dense({ name: name(), units: classes, kernelInitializer })];
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
  return sequential(
    [
      layers.input({ shape: inputShape }),
      ...features(variants[depth], batchNorm),
      layers.adaptiveAveragePool2d({ name: "avgpool", outputSize: 7 }),
      layers.flatten({ name: "flatten" }),
      ...classifier(classes, dropout),
    ],
    { name },
  );
}

/** `vgg11`: 8 convolutions. 132,863,336 parameters with the default options. */
export function vgg11(options: ZooDropoutOptions = {}): Model {
  return build("vgg11", false, options);
}

/** `vgg11-bn`: 8 convolutions with batch normalization. 132,868,840 parameters with the default options. */
export function vgg11Bn(options: ZooDropoutOptions = {}): Model {
  return build("vgg11", true, options);
}

/** `vgg13`: 10 convolutions. 133,047,848 parameters with the default options. */
export function vgg13(options: ZooDropoutOptions = {}): Model {
  return build("vgg13", false, options);
}

/** `vgg13-bn`: 10 convolutions with batch normalization. 133,053,736 parameters with the default options. */
export function vgg13Bn(options: ZooDropoutOptions = {}): Model {
  return build("vgg13", true, options);
}

/** `vgg16`: 13 convolutions. 138,357,544 parameters with the default options. */
export function vgg16(options: ZooDropoutOptions = {}): Model {
  return build("vgg16", false, options);
}

/** `vgg16-bn`: 13 convolutions with batch normalization. 138,365,992 parameters with the default options. */
export function vgg16Bn(options: ZooDropoutOptions = {}): Model {
  return build("vgg16", true, options);
}

/** `vgg19`: 16 convolutions. 143,667,240 parameters with the default options. */
export function vgg19(options: ZooDropoutOptions = {}): Model {
  return build("vgg19", false, options);
}

/** `vgg19-bn`: 16 convolutions with batch normalization. 143,678,248 parameters with the default options. */
export function vgg19Bn(options: ZooDropoutOptions = {}): Model {
  return build("vgg19", true, options);
}
