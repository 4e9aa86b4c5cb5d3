/**
 * MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov and Chen: "MobileNetV2: inverted residuals and linear bottlenecks", 2018):
 * blocks that widen few channels by a 1 x 1 convolution, filter each by itself and narrow them again without a non-linear
 * map; where the shape stays, input and output are added.
 *
 * Deviations from the paper, all as torchvision 0.28 has them: dropout of 0.2 before the classifier. Layers have the names of
 * torchvision's modules.
 */
import { initializers, layers, type SymbolicTensor } from "../layers/index.ts";
import { functional, input, type Model } from "../models/index.ts";
import type { ZooEntry } from "./entry.ts";
import { type ZooWidthOptions, zooWidthOptions } from "./options.ts";
import { batchNormDefaults, heNormalFanOut } from "./pytorch.ts";

/** Filters before the first block and behind the last one, at width 1. */
const [firstFilters, lastFilters] = [32, 1280];

/** How often a block widens, its filters at width 1, how many of them there are, and the first one's stride: the paper's table 2. */
const stages = [
  { expansion: 1, filters: 16, blocks: 1, strides: 1 },
  { expansion: 6, filters: 24, blocks: 2, strides: 2 },
  { expansion: 6, filters: 32, blocks: 3, strides: 2 },
  { expansion: 6, filters: 64, blocks: 4, strides: 2 },
  { expansion: 6, filters: 96, blocks: 3, strides: 1 },
  { expansion: 6, filters: 160, blocks: 3, strides: 2 },
  { expansion: 6, filters: 320, blocks: 1, strides: 1 },
] as const;

/** The multiple of 8 nearest to a number, at least 8 and not less than nine tenths of it. */
export function divisibleByEight(filters: number): number {
  const nearest = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return nearest < 0.9 * filters ? nearest + 8 : nearest;
}

interface Convolution {
  readonly filters: number;
  readonly kernelSize: number;
  readonly strides?: number;
  readonly groups?: number;
}

/** A convolution without bias under the first name, batch normalization under the second, ReLU6 under the third if there is one. */
function normalized(
  x: SymbolicTensor,
  [convolution, normalization, activation]: readonly string[],
  options: Convolution,
): SymbolicTensor {
  const layer = layers.conv2d({
    name: convolution,
    ...options,
    padding: (options.kernelSize - 1) / 2,
    useBias: false,
    kernelInitializer: heNormalFanOut,
  });
  const normal = layers
    .batchNormalization({ name: normalization, ...batchNormDefaults })
    .apply(layer.apply(x));
  return activation === undefined
    ? normal
    : layers.activation({ name: activation, activation: "relu6" }).apply(normal);
}

/** Names of a convolution, its normalization and its ReLU6. */
const triple = (prefix: string) => [0, 1, 2].map((part) => `${prefix}.${part}`);

/** An inverted residual. */
function invertedResidual(
  x: SymbolicTensor,
  name: string,
  {
    expansion,
    filters,
    strides,
  }: { readonly expansion: number; readonly filters: number; readonly strides: number },
): SymbolicTensor {
  const channels = x.shape[2];
  const hidden = channels * expansion;
  let count = 0;
  const next = () => `${name}.conv.${count++}`;
  let y = x;
  if (expansion > 1) y = normalized(y, triple(next()), { filters: hidden, kernelSize: 1 });
  y = normalized(y, triple(next()), { filters: hidden, kernelSize: 3, strides, groups: hidden });
  y = normalized(y, [next(), next()], { filters, kernelSize: 1 });
  return strides === 1 && channels === filters ? layers.add({ name: `${name}.add` }).apply([x, y]) : y;
}

function build(name: MobileNetV2Name, options: ZooWidthOptions): Model {
  const { classes, inputShape, dropout, width } = zooWidthOptions(name, options, { width: 1, dropout: 0.2 });
  const image = input({ shape: inputShape });
  const first = divisibleByEight(firstFilters * width);
  let x = normalized(image, triple("features.0"), { filters: first, kernelSize: 3, strides: 2 });
  const taps: Record<string, SymbolicTensor> = { stem: x };
  let count = 1;
  for (const { expansion, filters, blocks, strides } of stages) {
    for (let index = 0; index < blocks; index++) {
      const own = {
        expansion,
        filters: divisibleByEight(filters * width),
        strides: index === 0 ? strides : 1,
      };
      x = invertedResidual(x, `features.${count}`, own);
      taps[`block${count++}`] = x;
    }
  }
  const last = divisibleByEight(lastFilters * Math.max(1, width));
  x = normalized(x, triple(`features.${count}`), { filters: last, kernelSize: 1 });
  const mean = layers.globalAveragePool2d({ name: "avgpool" }).apply(x);
  const dropped = layers.dropout({ name: "classifier.0", rate: dropout }).apply(mean);
  const head = layers.dense({
    name: "classifier.1",
    units: classes,
    kernelInitializer: initializers.randomNormal({ standardDeviation: 0.01 }),
  });
  taps["features"] = x;
  taps["global_pool"] = mean;
  return functional({ inputs: image, outputs: head.apply(dropped), taps }, { name });
}

/** The name of the net. */
export type MobileNetV2Name = "mobilenet-v2";

/** All nets of the family. */
export const mobileNetV2s: { readonly [N in MobileNetV2Name]: ZooEntry<ZooWidthOptions> } = {
  "mobilenet-v2": {
    create: (options = {}) => build("mobilenet-v2", options),
    parameters: 3_504_872,
    description: "MobileNetV2: 17 inverted residuals; takes any width",
    sources: ["https://arxiv.org/abs/1801.04381", "torchvision 0.28 models/mobilenetv2.py"],
  },
};
