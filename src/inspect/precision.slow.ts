import { describe, expect, it } from "vitest";
import { type ImageDataset, loadMnist, take } from "../data/index.ts";
import { createWasmEngine, type Engine, type Precision } from "../engine/index.ts";
import { layers } from "../layers/index.ts";
import { functional, input, type Model, sequential } from "../models/index.ts";

const convolution = (filters: number) =>
  layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false });
const relu = () => layers.activation({ activation: "relu" });

/** Two stages of two 3 x 3 convolutions and a pooling, as in VGG with batch normalization. */
function vggLike(): Model {
  const stage = (filters: number) => [
    ...[convolution(filters), layers.batchNormalization(), relu()],
    ...[convolution(filters), layers.batchNormalization(), relu()],
    layers.maxPool2d({ poolSize: 2 }),
  ];
  return sequential([
    layers.input({ shape: [28, 28, 1] }),
    ...stage(16),
    ...stage(32),
    layers.flatten(),
    layers.dense({ units: 10 }),
  ]);
}

/** A stem and two basic blocks of 16 channels, as in ResNet-18. */
function resnetLike(): Model {
  const images = input({ shape: [28, 28, 1] });
  const stem = layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "same" }).apply(images);
  const block = (x: typeof stem) => {
    const first = relu().apply(layers.batchNormalization().apply(convolution(16).apply(x)));
    const second = layers.batchNormalization().apply(convolution(16).apply(first));
    return relu().apply(layers.add().apply([second, x]));
  };
  const pooled = layers.globalAveragePool2d().apply(block(block(relu().apply(stem))));
  return functional({ inputs: images, outputs: layers.dense({ units: 10 }).apply(pooled) });
}

/** 320 steps in all: enough for the losses to fall to less than a half. */
const examples = 1280;
const epochs = 8;
const batchSize = 32;
const seeds = [1, 2, 3];

/** Loss of each epoch of a few steps: what a user sees of training. */
async function curveOf(
  make: () => Model,
  engine: Engine,
  data: ImageDataset,
  seed: number,
): Promise<number[]> {
  const model = make();
  model.compile({ optimizer: "adam", engine });
  const history = await model.fit(data, { epochs, batchSize, seed });
  return history.epochs.map(({ loss }) => loss);
}

/** Root of the mean square of the differences of logarithms: losses fall by powers. */
function distance(a: readonly number[], b: readonly number[]): number {
  const squares = a.map((loss, index) => Math.log(loss / b[index]) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("training curves with Winograd and with exact sums", () => {
  it.each([
    ["VGG", vggLike],
    ["ResNet", resnetLike],
  ] as const)(
    "of a net like %s agree within seed noise",
    async (_, make) => {
      const { train } = await loadMnist();
      const data = take(train, examples);
      const curves: Record<Precision, number[][]> = { fast: [], exact: [] };
      for (const precision of ["fast", "exact"] as const) {
        const engine = await createWasmEngine({ precision, kernels: "rule" });
        const model = make();
        model.compile({ optimizer: "adam", engine });
        const { operations } = await model.plan({ batchSize });
        expect(operations.some(({ algorithm }) => algorithm.startsWith("Winograd"))).toBe(
          precision === "fast",
        );
        for (const seed of seeds) curves[precision].push(await curveOf(make, engine, data, seed));
        await engine.close();
      }
      const betweenPrecisions = seeds.map((_, index) => distance(curves.fast[index], curves.exact[index]));
      const betweenSeeds = seeds.flatMap((_, index) =>
        seeds
          .slice(index + 1)
          .map((_, next) => distance(curves.exact[index], curves.exact[index + 1 + next])),
      );
      // Rounding is another roll of the dice, and a much smaller one than a seed is (measured: a seventeenth at most).
      expect(mean(betweenPrecisions)).toBeLessThan(mean(betweenSeeds) / 4);
      expect(mean(betweenPrecisions)).toBeGreaterThan(0);
      for (const curve of [...curves.fast, ...curves.exact])
        expect(curve.at(-1)).toBeLessThan(0.5 * curve[0]);
    },
    240_000,
  );
});
