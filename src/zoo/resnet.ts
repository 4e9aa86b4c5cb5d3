/**
 * ResNet (He, Zhang, Ren and Sun: "Deep residual learning for image recognition", 2016): blocks whose output is added to
 * their input, so that each learns a difference. Four stages, each with half the size and twice the filters of the one
 * before, then the mean over the image and one linear layer.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: a bottleneck that halves the image does so in its 3 x 3
 * convolution, not in the first 1 x 1 (Goyal et al.: "Accurate, large minibatch SGD", 2017), which costs no parameter and
 * is better; shortcuts that change the shape are 1 x 1 convolutions (the paper's option B). Beside that, the running
 * variance follows the biased variance of a batch, torchvision's the unbiased one. Layers have the names of torchvision's
 * modules.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import { imageNet, type ZooOptions, zooOptions } from "./options.ts";
import { batchNormDefaults, heNormalFanOut, kernelDefaults } from "./pytorch.ts";

/** Filters of the first stage; each later one has twice as many. */
const firstFilters = 64;

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
}

/** A convolution without bias, padded so that stride 1 keeps the size, and its batch normalization. */
function normalized(
  x: SymbolicTensor,
  [convolution, normalization]: readonly [string, string],
  { filters, kernelSize, strides = 1 }: Convolution,
): SymbolicTensor {
  const convolved = layers
    .conv2d({
      name: convolution,
      filters,
      kernelSize,
      strides,
      padding: (kernelSize - 1) / 2,
      useBias: false,
      kernelInitializer: heNormalFanOut,
    })
    .apply(x);
  return layers.batchNormalization({ name: normalization, ...batchNormDefaults }).apply(convolved);
}

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return layers.activation({ name, activation: "relu" }).apply(x);
}

/** The convolutions of a block, in order. ReLU follows all but the last; the sum has one of its own. */
type Block = (filters: number, strides: number) => readonly Convolution[];

/** Two 3 x 3 convolutions. */
const basic: Block = (filters, strides) => [
  { filters, kernelSize: 3, strides },
  { filters, kernelSize: 3 },
];

/** 1 x 1, 3 x 3, and 1 x 1 to four times the filters. */
const bottleneck: Block = (filters, strides) => [
  { filters, kernelSize: 1 },
  { filters, kernelSize: 3, strides },
  { filters: 4 * filters, kernelSize: 1 },
];

function residual(x: SymbolicTensor, name: string, convolutions: readonly Convolution[]): SymbolicTensor {
  const last = convolutions.length - 1;
  const reluName = (index: number) => `${name}.relu${index === 0 ? "" : `_${index}`}`;
  const difference = convolutions.reduce((value, convolution, index) => {
    const names = [`${name}.conv${index + 1}`, `${name}.bn${index + 1}`] as const;
    const result = normalized(value, names, convolution);
    return index === last ? result : relu(result, reluName(index));
  }, x);
  const strides = convolutions.reduce((product, convolution) => product * (convolution.strides ?? 1), 1);
  const filters = convolutions[last].filters;
  const names = [`${name}.downsample.0`, `${name}.downsample.1`] as const;
  const changes = strides > 1 || x.shape[2] !== filters;
  const shortcut = changes ? normalized(x, names, { filters, kernelSize: 1, strides }) : x;
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

/** The names of all nets of the family. */
export type ResNetName = keyof typeof variants;

function build(name: ResNetName, options: ZooOptions): Model {
  const { classes, inputShape } = zooOptions(name, options, imageNet);
  const { block, blocks } = variants[name];
  const image = input({ shape: inputShape });
  const stem = normalized(image, ["conv1", "bn1"], { filters: firstFilters, kernelSize: 7, strides: 2 });
  let x = layers
    .maxPool2d({ name: "maxpool", poolSize: 3, strides: 2, padding: 1 })
    .apply(relu(stem, "relu"));
  for (const [stage, count] of blocks.entries()) {
    for (let index = 0; index < count; index++) {
      const strides = stage > 0 && index === 0 ? 2 : 1;
      x = residual(x, `layer${stage + 1}.${index}`, block(firstFilters * 2 ** stage, strides));
    }
  }
  const mean = layers.globalAveragePool2d({ name: "avgpool" }).apply(x);
  const head = layers.dense({ name: "fc", units: classes, ...kernelDefaults(mean.shape[0]) });
  return functional({ inputs: image, outputs: head.apply(mean) }, { name });
}

/** `resnet18`: 8 basic blocks. 11,689,512 parameters with the default options. */
export function resnet18(options: ZooOptions = {}): Model {
  return build("resnet18", options);
}

/** `resnet34`: 16 basic blocks. 21,797,672 parameters with the default options. */
export function resnet34(options: ZooOptions = {}): Model {
  return build("resnet34", options);
}

/** `resnet50`: 16 bottlenecks. 25,557,032 parameters with the default options. */
export function resnet50(options: ZooOptions = {}): Model {
  return build("resnet50", options);
}

/** `resnet101`: 33 bottlenecks. 44,549,160 parameters with the default options. */
export function resnet101(options: ZooOptions = {}): Model {
  return build("resnet101", options);
}

/** `resnet152`: 50 bottlenecks. 60,192,808 parameters with the default options. */
export function resnet152(options: ZooOptions = {}): Model {
  return build("resnet152", options);
}
