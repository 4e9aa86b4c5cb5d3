/**
 * GoogLeNet (Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich: "Going deeper with convolutions",
 * 2015): nine modules that see the same maps through 1 x 1, 3 x 3 and 5 x 5 filters and a pooling at once, the larger of
 * them behind 1 x 1 filters that reduce channels. Two auxiliary heads on the way help gradients to the first layers; their
 * losses count 0.3 each, and inference does without them.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: batch normalization in place of biases and of local response
 * normalization; 3 x 3 filters where the paper has 5 x 5; a pooling of 2 x 2 before the last two modules; heads that bring
 * every image to 4 x 4; dropout of 0.2 before the classifier; and, as its weights were trained elsewhere, images that are
 * normalized by ImageNet's means and deviations are first brought to [-1, 1] (`transformInput`). Layers have the names of
 * torchvision's modules.
 *
 * `:paper` is the net of the paper; where it leaves something open, that of Caffe's `bvlc_googlenet`, which the authors
 * helped with: initial weights and biases, and the constants of the normalization. Layers have torchvision's names too, less
 * `.conv`; a head's first dense layer is as large as the pooling of 5 x 5 leaves its image, 4 x 4 at 224 x 224.
 */
import { type Initializer, initializers, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { Resolved } from "../options/index.ts";
import type { ZooEntry } from "./entry.ts";
import {
  checkImageSize,
  type ZooHeadsOptions,
  type ZooTransformOptions,
  zooHeadsOptions,
  zooTransformOptions,
} from "./options.ts";
import { batchNormDefaults, kernelDefaults } from "./pytorch.ts";

/** Filters of a module: 1 x 1, 3 x 3 behind a reduction, 5 x 5 behind a reduction, and 1 x 1 behind the pooling. */
type Inception = readonly [
  one: number,
  three: readonly [reduced: number, filters: number],
  five: readonly [reduced: number, filters: number],
  pooled: number,
];

/** The modules by the size of their maps at 224 x 224, 28, 14 and 7 pixels: the paper's table 1. */
const stages: Readonly<Record<string, Readonly<Record<string, Inception>>>> = {
  inception3: { a: [64, [96, 128], [16, 32], 32], b: [128, [128, 192], [32, 96], 64] },
  inception4: {
    a: [192, [96, 208], [16, 48], 64],
    b: [160, [112, 224], [24, 64], 64],
    c: [128, [128, 256], [24, 64], 64],
    d: [112, [144, 288], [32, 64], 64],
    e: [256, [160, 320], [32, 128], 128],
  },
  inception5: { a: [256, [160, 320], [32, 128], 128], b: [384, [192, 384], [48, 128], 128] },
};

/** The modules that heads sit on. */
const headed = { aux1: "inception4a", aux2: "inception4d" } as const;

/** What a head's loss counts, beside 1 of the net's own. */
const headWeight = 0.3;

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
}

/** What the two forms of the net do differently. */
interface Form {
  /** A convolution, padded so that stride 1 keeps the size, and ReLU. */
  convolve(x: SymbolicTensor, name: string, options: Convolution): SymbolicTensor;
  /** Before and behind the first two convolutions. */
  normalize(x: SymbolicTensor, name: string): SymbolicTensor;
  /** A dense layer. */
  dense(x: SymbolicTensor, name: string, units: number): SymbolicTensor;
  /** What a head sees of the image. */
  shrink(x: SymbolicTensor, name: string): SymbolicTensor;
  /** Size of the largest filters. */
  readonly largeKernel: number;
  /** Window of the pooling before the last two modules. */
  readonly lastPool: number;
  readonly dropout: number;
  /** The smallest height and width, with heads and without. */
  readonly smallestImage: { readonly withHeads: number; readonly without: number };
}

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.activation({ name, activation: "relu" }).apply(x);
}

/** torchvision cuts this off at 2, two hundred deviations away. */
const normal = initializers.randomNormal({ standardDeviation: 0.01 });

const torchvision: Form = {
  convolve(x, name, options) {
    const convolution = layers.conv2d({
      name: `${name}.conv`,
      ...options,
      padding: (options.kernelSize - 1) / 2,
      useBias: false,
      kernelInitializer: normal,
    });
    const normalization = layers.batchNormalization({
      name: `${name}.bn`,
      ...batchNormDefaults,
      epsilon: 1e-3,
    });
    return relu(normalization.apply(convolution.apply(x)), `${name}.relu`);
  },
  normalize: (x) => x,
  dense: (x, name, units) =>
    layers.dense({ name, units, ...kernelDefaults(x.shape[0]), kernelInitializer: normal }).apply(x),
  shrink: (x, name) => layers.adaptiveAveragePool2d({ name, outputSize: 4 }).apply(x),
  largeKernel: 3,
  lastPool: 2,
  dropout: 0.2,
  smallestImage: { withHeads: 15, without: 15 },
};

/** Caffe fills biases with this, so that no ReLU is off at first. */
const smallBias: Initializer = initializers.randomUniform({ minimum: 0.2, maximum: 0.2 });

const caffe: Form = {
  convolve: (x, name, options) =>
    layers
      .conv2d({
        name,
        ...options,
        padding: (options.kernelSize - 1) / 2,
        activation: "relu",
        kernelInitializer: "lecunUniform",
        biasInitializer: smallBias,
      })
      .apply(x),
  normalize: (x, name) => layers.localResponseNormalization({ name }).apply(x),
  dense: (x, name, units) => layers.dense({ name, units, kernelInitializer: "lecunUniform" }).apply(x),
  shrink: (x, name) => layers.averagePool2d({ name, poolSize: 5, strides: 3, ceilMode: true }).apply(x),
  largeKernel: 5,
  lastPool: 3,
  dropout: 0.4,
  smallestImage: { withHeads: 47, without: 31 },
};

const forms = { googlenet: torchvision, "googlenet:paper": caffe };

/** The names of all nets of the family. */
export type GoogLeNetName = keyof typeof forms;

/** Max pooling that halves the size; a last window may reach beyond the image. */
function halve(x: SymbolicTensor, name: string, poolSize = 3): SymbolicTensor {
  return layers.maxPool2d({ name, poolSize, strides: 2, ceilMode: true }).apply(x);
}

function inception(
  form: Form,
  x: SymbolicTensor,
  name: string,
  [one, [threeReduced, three], [fiveReduced, five], pooled]: Inception,
): SymbolicTensor {
  const convolve = (from: SymbolicTensor, branch: string, filters: number, kernelSize = 1) =>
    form.convolve(from, `${name}.${branch}`, { filters, kernelSize });
  const pool = layers.maxPool2d({ name: `${name}.branch4.0`, poolSize: 3, strides: 1, padding: 1 });
  const branches = [
    convolve(x, "branch1", one),
    convolve(convolve(x, "branch2.0", threeReduced), "branch2.1", three, 3),
    convolve(convolve(x, "branch3.0", fiveReduced), "branch3.1", five, form.largeKernel),
    convolve(pool.apply(x), "branch4.1", pooled),
  ];
  return layers.concatenate({ name: `${name}.concatenate` }).apply(branches);
}

/** A classifier on the maps of a module. */
function head(
  form: Form,
  x: SymbolicTensor,
  name: string,
  { classes, rate }: { readonly classes: number; readonly rate: number },
): SymbolicTensor {
  const shrunk = form.shrink(x, `${name}.avgpool`);
  const reduced = form.convolve(shrunk, `${name}.conv`, { filters: 128, kernelSize: 1 });
  const flat = layers.flatten({ name: `${name}.flatten` }).apply(reduced);
  const hidden = relu(form.dense(flat, `${name}.fc1`, 1024), `${name}.relu`);
  const dropped = layers.dropout({ name: `${name}.dropout`, rate }).apply(hidden);
  return form.dense(dropped, `${name}.fc2`, classes);
}

/** From images that were normalized by ImageNet's means and deviations to images on [-1, 1]. */
function toUnitRange(x: SymbolicTensor): SymbolicTensor {
  const [means, deviations] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  return layers
    .rescaling({
      name: "transform_input",
      scale: deviations.map((deviation) => deviation / 0.5),
      offset: means.map((mean) => (mean - 0.5) / 0.5),
    })
    .apply(x);
}

/** Everything up to the last module, with the values at the ends of stages. */
function features(form: Form, image: SymbolicTensor): Readonly<Record<string, SymbolicTensor>> {
  const conv1 = form.convolve(image, "conv1", { filters: 64, kernelSize: 7, strides: 2 });
  const normalized = form.normalize(halve(conv1, "maxpool1"), "norm1");
  const conv2 = form.convolve(normalized, "conv2", { filters: 64, kernelSize: 1 });
  const conv3 = form.convolve(conv2, "conv3", { filters: 192, kernelSize: 3 });
  const taps: Record<string, SymbolicTensor> = { conv1, conv2, conv3 };
  let x = halve(form.normalize(conv3, "norm2"), "maxpool2");
  for (const [stage, modules] of Object.entries(stages)) {
    if (stage === "inception4") x = halve(x, "maxpool3");
    if (stage === "inception5") x = halve(x, "maxpool4", form.lastPool);
    for (const [letter, filters] of Object.entries(modules)) {
      x = inception(form, x, `${stage}${letter}`, filters);
      taps[`${stage}${letter}`] = x;
    }
  }
  return taps;
}

function build(
  name: GoogLeNetName,
  { classes, inputShape, dropout, auxiliaries, auxiliaryDropout }: Resolved<ZooHeadsOptions>,
  transforms: boolean,
): Model {
  const form = forms[name];
  checkImageSize(name, inputShape, form.smallestImage[auxiliaries ? "withHeads" : "without"]);
  const image = input({ shape: inputShape });
  const taps = features(form, transforms ? toUnitRange(image) : image);
  const mean = layers.globalAveragePool2d({ name: "avgpool" }).apply(taps["inception5b"]);
  const dropped = layers.dropout({ name: "dropout", rate: dropout }).apply(mean);
  const heads = Object.entries(headed).map(([own, module]) => {
    const output = head(form, taps[module], own, { classes, rate: auxiliaryDropout });
    return [own, { output, weight: headWeight }] as const;
  });
  return functional(
    {
      inputs: image,
      outputs: form.dense(dropped, "fc", classes),
      taps: { ...taps, global_pool: mean },
      auxiliaries: auxiliaries ? Object.fromEntries(heads) : {},
    },
    { name },
  );
}

const paper = "https://arxiv.org/abs/1409.4842";

/** All nets of the family. */
export const googLeNets: {
  readonly googlenet: ZooEntry<ZooTransformOptions>;
  readonly "googlenet:paper": ZooEntry<ZooHeadsOptions>;
} = {
  googlenet: {
    create: (options = {}) => {
      const { transformInput, ...resolved } = zooTransformOptions("googlenet", options, torchvision.dropout);
      return build("googlenet", resolved, transformInput ?? resolved.inputShape[2] === 3);
    },
    parameters: 6_624_904,
    description: "GoogLeNet in torchvision's form: 9 inception modules with batch normalization",
    sources: [paper, "torchvision 0.28 models/googlenet.py"],
  },
  "googlenet:paper": {
    create: (options = {}) =>
      build("googlenet:paper", zooHeadsOptions("googlenet:paper", options, caffe.dropout), false),
    parameters: 6_998_552,
    // Table 3: one net.
    reported: { on: "ImageNet's validation images, one crop of each", top1: null, top5: 0.8993 },
    description: "GoogLeNet in the paper's form: 9 inception modules, local response normalization",
    sources: [paper, "Caffe models/bvlc_googlenet"],
  },
};
