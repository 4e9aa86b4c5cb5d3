/**
 * MobileNetV1 (Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto and Adam: "MobileNets: efficient convolutional neural
 * networks for mobile vision applications", 2017): each 3 x 3 convolution is split into one that filters every channel by
 * itself (depthwise) and a 1 x 1 convolution that mixes channels (pointwise), for an eighth of the arithmetic. A width makes all
 * layers narrower or wider by one factor.
 *
 * Deviations from the paper, all as Keras 3 and the published weights have them: ReLU6 in place of ReLU; convolutions of
 * stride 2 see a margin below and on the right only; the classifier is a 1 x 1 convolution. Logits out in place of a softmax.
 * Layers have the names of Keras's, parameters PyTorch's within them.
 */
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { checkImageSize, type ZooWidthOptions, zooWidthOptions } from "./options.ts";

/** What strides of 2 can halve five times. */
const smallestImage = 32;

/** Filters of the pointwise convolutions at width 1, and strides of the depthwise ones before them: the paper's table 1. */
const blocks: readonly (readonly [filters: number, strides: 1 | 2])[] = [
  ...([
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
    [512, 2],
  ] as const),
  ...Array.from({ length: 5 }, () => [512, 1] as const),
  ...([
    [1024, 2],
    [1024, 1],
  ] as const),
];

/** Filters of the first convolution at width 1. */
const firstFilters = 32;

/** A convolution's window; with stride 2 the margin is as Keras's `ZeroPadding2D(((0, 1), (0, 1)))` makes it. */
const windowOf = (strides: 1 | 2) => ({
  kernelSize: 3,
  strides,
  padding: strides === 1 ? 1 : { top: 0, bottom: 1, left: 0, right: 1 },
});

/** Batch normalization and ReLU6 behind the layer of that name. */
function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  const normal = layers.batchNormalization({ name: `${name}_bn` }).apply(x);
  return layers.activation({ name: `${name}_relu`, activation: "relu6" }).apply(normal);
}

/** A depthwise convolution, then a pointwise one. */
function block(x: SymbolicTensor, index: number, filters: number, strides: 1 | 2): SymbolicTensor {
  const channels = x.shape[2];
  const depthwise = layers.conv2d({
    name: `conv_dw_${index}`,
    filters: channels,
    groups: channels,
    ...windowOf(strides),
    useBias: false,
  });
  const filtered = normalized(depthwise.apply(x), `conv_dw_${index}`);
  const pointwise = layers.conv2d({ name: `conv_pw_${index}`, filters, kernelSize: 1, useBias: false });
  return normalized(pointwise.apply(filtered), `conv_pw_${index}`);
}

function build(name: MobileNetV1Name, options: ZooWidthOptions): Model {
  const defaults = { width: widths[name], dropout: 1e-3 };
  const { classes, inputShape, dropout, width } = zooWidthOptions(name, options, defaults);
  checkImageSize(name, inputShape, smallestImage);
  const scaled = (filters: number) => Math.max(1, Math.floor(filters * width));
  const image = input({ shape: inputShape });
  const first = layers.conv2d({
    name: "conv1",
    filters: scaled(firstFilters),
    ...windowOf(2),
    useBias: false,
  });
  let x = normalized(first.apply(image), "conv1");
  const taps: Record<string, SymbolicTensor> = { conv1: x };
  for (const [index, [filters, strides]] of blocks.entries()) {
    x = block(x, index + 1, scaled(filters), strides);
    taps[`block${index + 1}`] = x;
  }
  const mean = layers.globalAveragePool2d({ name: "global_average_pooling2d" }).apply(x);
  taps["global_pool"] = mean;
  const pixel = layers.reshape({ name: "reshape_1", targetShape: [1, 1, mean.shape[0]] }).apply(mean);
  const dropped = layers.dropout({ name: "dropout", rate: dropout }).apply(pixel);
  const scores = layers.conv2d({ name: "conv_preds", filters: classes, kernelSize: 1 }).apply(dropped);
  const outputs = layers.flatten({ name: "reshape_2" }).apply(scores);
  return functional({ inputs: image, outputs, taps }, { name });
}

/** The names of all nets of the family, and their widths. */
const widths = {
  "mobilenet-v1": 1,
  "mobilenet-v1-0.75": 0.75,
  "mobilenet-v1-0.5": 0.5,
  "mobilenet-v1-0.25": 0.25,
} as const;

/** The names of all nets of the family. */
export type MobileNetV1Name = keyof typeof widths;

function entryOf(name: MobileNetV1Name, parameters: number): ZooEntry<ZooWidthOptions> {
  const width = widths[name];
  return {
    create: (options = {}) => build(name, options),
    parameters,
    description:
      width === 1
        ? "MobileNetV1: 13 depthwise and pointwise convolutions; takes any width"
        : `MobileNetV1 of width ${width}: 13 depthwise and pointwise convolutions`,
    sources: ["https://arxiv.org/abs/1704.04861", "Keras 3 applications/mobilenet.py"],
  };
}

/** All nets of the family. */
export const mobileNetV1s: { readonly [N in MobileNetV1Name]: ZooEntry<ZooWidthOptions> } = {
  "mobilenet-v1": entryOf("mobilenet-v1", 4_231_976),
  "mobilenet-v1-0.75": entryOf("mobilenet-v1-0.75", 2_585_560),
  "mobilenet-v1-0.5": entryOf("mobilenet-v1-0.5", 1_331_592),
  "mobilenet-v1-0.25": entryOf("mobilenet-v1-0.25", 470_072),
};
