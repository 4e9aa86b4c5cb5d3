/**
 * ResNet (He, Zhang, Ren and Sun: "Deep residual learning for image recognition", 2016): blocks whose output is added to
 * their input, so that each learns a difference. Four stages, each with half the size and twice the filters of the one
 * before, then the mean over the image and one linear layer.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: a bottleneck that halves the image does so in its 3 x 3
 * convolution, not in the first 1 x 1 (Goyal et al.: "Accurate, large minibatch SGD", 2017), which costs no parameter and
 * is better; shortcuts that change the shape are 1 x 1 convolutions (the paper's option B).
 *
 * `:v1` is the form of the authors' Caffe models and of Keras 3: the first 1 x 1 convolution halves, convolutions have a bias
 * (which batch normalization makes useless) and batch normalization Keras's settings. Neither has the 18 and the 34 layers: without
 * bottlenecks, bias and settings are all that is different. Layers of both have the names of
 * torchvision's modules.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { imageNet, type ZooOptions, zooOptions } from "./options.ts";
import { batchNormDefaults, heNormalFanOut, kernelDefaults } from "./pytorch.ts";

/** Filters of the first stage; each later one has twice as many. */
const firstFilters = 64;

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
}

/** What the two forms of the net set differently. */
const versions = {
  torchvision: {
    convolution: { useBias: false, kernelInitializer: heNormalFanOut },
    batchNorm: batchNormDefaults,
  },
  v1: { convolution: {}, batchNorm: { momentum: 0.99, epsilon: 1.001e-5 } },
} as const;

type Version = keyof typeof versions;

/** A convolution, padded so that stride 1 keeps the size, and its batch normalization. */
function normalized(
  version: Version,
  x: SymbolicTensor,
  [convolution, normalization]: readonly [string, string],
  { filters, kernelSize, strides = 1 }: Convolution,
): SymbolicTensor {
  const settings = versions[version];
  const convolved = layers
    .conv2d({
      name: convolution,
      filters,
      kernelSize,
      strides,
      padding: (kernelSize - 1) / 2,
      ...settings.convolution,
    })
    .apply(x);
  return layers.batchNormalization({ name: normalization, ...settings.batchNorm }).apply(convolved);
}

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.activation({ name, activation: "relu" }).apply(x);
}

/** The convolutions of a block, in order. ReLU follows all but the last; the sum has one of its own. */
type Block = (filters: number, strides: number, version: Version) => readonly Convolution[];

/** Two 3 x 3 convolutions. */
const basic: Block = (filters, strides) => [
  { filters, kernelSize: 3, strides },
  { filters, kernelSize: 3 },
];

/** 1 x 1, 3 x 3, and 1 x 1 to four times the filters. */
const bottleneck: Block = (filters, strides, version) => [
  { filters, kernelSize: 1, strides: version === "v1" ? strides : 1 },
  { filters, kernelSize: 3, strides: version === "v1" ? 1 : strides },
  { filters: 4 * filters, kernelSize: 1 },
];

function residual(
  version: Version,
  x: SymbolicTensor,
  name: string,
  convolutions: readonly Convolution[],
): SymbolicTensor {
  const last = convolutions.length - 1;
  const reluName = (index: number) => `${name}.relu${index === 0 ? "" : `_${index}`}`;
  const difference = convolutions.reduce((value, convolution, index) => {
    const names = [`${name}.conv${index + 1}`, `${name}.bn${index + 1}`] as const;
    const result = normalized(version, value, names, convolution);
    return index === last ? result : relu(result, reluName(index));
  }, x);
  const strides = convolutions.reduce((product, convolution) => product * (convolution.strides ?? 1), 1);
  const filters = convolutions[last].filters;
  const names = [`${name}.downsample.0`, `${name}.downsample.1`] as const;
  const changes = strides > 1 || x.shape[2] !== filters;
  const shortcut = changes ? normalized(version, x, names, { filters, kernelSize: 1, strides }) : x;
  const sum = layers.add({ name: `${name}.add` }).apply([difference, shortcut]);
  return relu(sum, reluName(last));
}

/** The block, and how many of them each stage has: the paper's table 1. */
const variants = {
  resnet18: { block: basic, blocks: [2, 2, 2, 2] },
  resnet34: { block: basic, blocks: [3, 4, 6, 3] },
  resnet50: { block: bottleneck, blocks: [3, 4, 6, 3] },
  resnet101: { block: bottleneck, blocks: [3, 4, 23, 3] },
  resnet152: { block: bottleneck, blocks: [3, 8, 36, 3] },
} satisfies Record<string, { readonly block: Block; readonly blocks: readonly number[] }>;

type Depth = keyof typeof variants;

/** The names of all nets of the family. */
export type ResNetName = Depth | `${Depth}:v1`;

function build(depth: Depth, version: Version, options: ZooOptions): Model {
  const name = version === "v1" ? `${depth}:v1` : depth;
  const { classes, inputShape } = zooOptions(name, options, imageNet);
  const { block, blocks } = variants[depth];
  const image = input({ shape: inputShape });
  const first = { filters: firstFilters, kernelSize: 7, strides: 2 };
  let x = relu(normalized(version, image, ["conv1", "bn1"], first), "relu");
  x = layers.maxPool2d({ name: "maxpool", poolSize: 3, strides: 2, padding: 1 }).apply(x);
  const taps: Record<string, SymbolicTensor> = { stem: x };
  for (const [stage, count] of blocks.entries()) {
    for (let index = 0; index < count; index++) {
      const strides = stage > 0 && index === 0 ? 2 : 1;
      const convolutions = block(firstFilters * 2 ** stage, strides, version);
      x = residual(version, x, `layer${stage + 1}.${index}`, convolutions);
    }
    taps[`layer${stage + 1}`] = x;
  }
  const mean = layers.globalAveragePool2d({ name: "avgpool" }).apply(x);
  const initial = version === "v1" ? {} : kernelDefaults(mean.shape[0]);
  const head = layers.dense({ name: "fc", units: classes, ...initial });
  taps["global_pool"] = mean;
  return functional({ inputs: image, outputs: head.apply(mean), taps }, { name });
}

const paper = "https://arxiv.org/abs/1512.03385";

function entryOf(depth: Depth, parameters: number): ZooEntry {
  const { block, blocks } = variants[depth];
  const count = blocks.reduce((sum, next) => sum + next, 0);
  return {
    create: (options = {}) => build(depth, "torchvision", options),
    parameters,
    description: `ResNet-${depth.slice(6)}: ${count} ${block === basic ? "basic blocks" : "bottlenecks"}`,
    sources: [paper, "https://arxiv.org/abs/1706.02677", "torchvision 0.28 models/resnet.py"],
  };
}

function v1EntryOf(depth: Depth, parameters: number): ZooEntry {
  return {
    create: (options = {}) => build(depth, "v1", options),
    parameters,
    description: `ResNet-${depth.slice(6)} in the form of the paper, of Caffe and of Keras`,
    sources: [paper, "Keras 3 applications/resnet.py"],
  };
}

/** All nets of the family. */
export const resNets: { readonly [N in ResNetName]: ZooEntry } = {
  resnet18: entryOf("resnet18", 11_689_512),
  resnet34: entryOf("resnet34", 21_797_672),
  resnet50: entryOf("resnet50", 25_557_032),
  resnet101: entryOf("resnet101", 44_549_160),
  resnet152: entryOf("resnet152", 60_192_808),
  "resnet18:v1": v1EntryOf("resnet18", 11_694_312),
  "resnet34:v1": v1EntryOf("resnet34", 21_806_184),
  "resnet50:v1": v1EntryOf("resnet50", 25_583_592),
  "resnet101:v1": v1EntryOf("resnet101", 44_601_832),
  "resnet152:v1": v1EntryOf("resnet152", 60_268_520),
};
