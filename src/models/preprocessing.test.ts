import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromArrays, type ImageDataset } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { isKind, topologicalOrder } from "../graph/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { Model } from "./model.ts";
import { normalized, type PreprocessingOptions, readPreprocessing } from "./preprocessing.ts";
import { sequential } from "./sequential.ts";
import { predictionGraph } from "./step-graphs.ts";

const imagenet = normalized({ mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] });

/** Bytes of N colour images of 3 x 5. */
function bytes(count: number): Tensor<"uint8"> {
  const data = Uint8Array.from({ length: count * 45 }, (_, index) => (index * 73 + 11) % 256);
  return new Tensor("uint8", [count, 3, 5, 3], data);
}

/** What a first layer is given. */
function expected(images: Tensor<"uint8">, options: PreprocessingOptions): number[] {
  const { scale, offset, channelOrder } = readPreprocessing(options);
  const of = (value: number | readonly number[], channel: number) =>
    typeof value === "number" ? value : value[channel];
  return Array.from(images.data, (_, index) => {
    const channel = index % 3;
    const source = channelOrder === "rgb" ? channel : 2 - channel;
    return of(scale, channel) * images.data[index - channel + source] + of(offset, channel);
  });
}

function identity(preprocessing: PreprocessingOptions, engine: Engine): Model {
  const model = sequential([layers.flatten({ inputShape: [3, 5, 3] })], { preprocessing });
  model.compile({ engine });
  return model;
}

const cases: [name: string, options: PreprocessingOptions][] = [
  ["one number for all", { scale: 0.5, offset: -3 }],
  ["lists of equal numbers", { scale: [0.5, 0.5, 0.5], offset: [-3, -3, -3] }],
  ["mean and deviation", imagenet],
  ["a list beside a number", { scale: 1 / 127.5, offset: [-1, -0.5, 0] }],
  [
    "BGR with mean values, as Caffe's nets take it",
    { scale: 1, offset: [-103.939, -116.779, -123.68], channelOrder: "bgr" },
  ],
  ["BGR alone", { channelOrder: "bgr" }],
];

describe.each([
  ["reference", async () => createReferenceEngine()],
  ["wasm", async () => await createWasmEngine({ threads: 2 })],
] as const)("on the %s engine", (_, make) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await make();
  });
  afterAll(() => engine.close());

  test.each(cases)("%s: prediction", async (_name, options) => {
    const model = identity(options, engine);
    const images = bytes(5);
    const found = await model.predict(images, { batchSize: 2 });
    expect(found.data).toBeCloseToTensor(expected(images, options), { relative: 1e-6, absolute: 1e-5 });
    const loaded = Model.fromBytes(await model.toBytes(), { engine });
    expect(loaded.preprocessing).toEqual(model.preprocessing);
    expect((await loaded.predict(images, { batchSize: 2 })).data).toEqual(found.data);
    // What is float32 already is taken as it is.
    const floats = new Tensor("float32", images.shape, Float32Array.from(images.data));
    expect((await model.predict(floats)).data).toEqual(floats.data);
  });

  test("training and evaluation see what prediction sees", async () => {
    const options = { ...imagenet, channelOrder: "bgr" } as const;
    const images = bytes(6);
    const labels = [0, 1, 1, 0, 1, 0];
    const make = (preprocessing: PreprocessingOptions, on: Tensor<"uint8">) => {
      const flat = layers.flatten({ inputShape: [3, 5, 3] });
      const model = sequential([flat, layers.dense({ units: 2, name: "fc" })], { preprocessing, seed: 1 });
      model.compile({ engine, optimizer: optimizers.sgd({ learningRate: 0.01 }) });
      return [model, fromArrays({ images: on, labels, classes: 2 })] as const;
    };
    const [model, data] = make(options, images);
    const before = await model.evaluate(data);
    const logits = (await model.predict(images)).data;
    const cross = labels.map((label, n) => {
      const [own, other] = [logits[2 * n + label], logits[2 * n + 1 - label]];
      return Math.log(1 + Math.exp(other - own));
    });
    const mean = cross.reduce((sum, value) => sum + value, 0) / 6;
    expect(before.loss).toBeCloseTo(mean, 5);
    const { epochs } = await model.fit(data, { batchSize: 6, shuffle: false });
    expect(epochs[0].loss).toBeCloseTo(mean, 5);
    const weight = (await model.getWeights()).get("fc.weight")?.data ?? new Float32Array();
    // Its gradient is x^T (softmax - onehot) / N, with the preprocessed x.
    const [fresh] = make(options, images);
    const start = (await fresh.getWeights()).get("fc.weight")?.data ?? new Float32Array();
    const x = expected(images, options);
    const stepped = start.map((value, index) => {
      const [row, column] = [Math.floor(index / 2), index % 2];
      let gradient = 0;
      for (let n = 0; n < 6; n++) {
        const p = 1 / (1 + Math.exp(logits[2 * n + 1 - column] - logits[2 * n + column]));
        gradient += (x[n * 45 + row] * (p - (labels[n] === column ? 1 : 0))) / 6;
      }
      return value - 0.01 * gradient;
    });
    expect(weight).toBeCloseToTensor(stepped, { absolute: 1e-6 });
  });

  test("moved images are black at the edge, as a black pixel is", async () => {
    const black: ImageDataset = fromArrays({
      images: Tensor.zeros("uint8", [4, 3, 5, 3]),
      labels: [0, 1, 0, 1],
      classes: 2,
    });
    const train = async (shift: number) => {
      const layer = layers.dense({ units: 2 });
      const model = sequential([layers.flatten({ inputShape: [3, 5, 3] }), layer], {
        preprocessing: imagenet,
        seed: 1,
      });
      model.compile({ engine });
      await model.fit(black, { epochs: 2, batchSize: 4, augment: { shift } });
      return await model.getWeights();
    };
    expect(await train(2)).toEqual(await train(0));
  });
});

test("where all channels have the same numbers, loading does it all", () => {
  const model = identity({ scale: [0.5, 0.5, 0.5], offset: 1 }, createReferenceEngine());
  const graph = predictionGraph(model, { name: "data/x", capacity: 2, dtype: "uint8" }, 2);
  const nodes = topologicalOrder(Object.values(graph.outputs));
  const load = nodes.find((node) => isKind(node, "loadImages"));
  expect(load?.attributes).toEqual({ scale: 0.5, offset: 1, shift: 0 });
  for (const kind of ["slice", "channelAffine"]) expect(nodes.map((node) => node.kind)).not.toContain(kind);
});

describe("errors", () => {
  const make = (preprocessing: PreprocessingOptions, shape = [3, 5, 3]) =>
    sequential([layers.flatten({ inputShape: shape })], { preprocessing });
  test.each([
    [
      () => make({ offset: [1, 2] }),
      'OptionError: model "model": preprocessing has 2 numbers of "offset", the input [3, 5, 3] has 3 channels. Give one for each channel, or a single number for all.',
    ],
    [
      () => make({ scale: [] }),
      'OptionError: preprocessing: option "scale" must be a number, or a list with one for each channel, got [].',
    ],
    [
      () => make({ channelOrder: Object("grb") }),
      'OptionError: preprocessing: option "channelOrder" must be one of "rgb", "bgr", got "grb".',
    ],
    [
      () => make({ channelOrder: "bgr" }, [4, 4, 1]),
      'OptionError: model "model": preprocessing has the channel order "bgr" for an input of 1 channels. Only colour images, of 3 channels, have an order.',
    ],
    [
      () => make({ resize: { size: 256 } }),
      'OptionError: model "model": preprocessing resizes the shorter side, and leaves the longer one open. Give resize a crop, or height and width as its size.',
    ],
    [
      () => make({ resize: { size: 256, crop: 224 } }),
      'OptionError: model "model": preprocessing makes images of 224 x 224, the input is [3, 5, 3]. Give resize the height and width of the input.',
    ],
    [
      () => make({ resize: { size: [3, 5], interpolation: Object("area") } }),
      'OptionError: preprocessing, resize: option "interpolation" must be one of "nearest", "bilinear", "bicubic", "lanczos", got "area".',
    ],
    [
      () => make({ resize: { size: 1e5 } }),
      'OptionError: preprocessing, resize: option "size" must be at most 16384, got 100000.',
    ],
    [
      () => normalized({ mean: [0.5], deviation: [0] }),
      "OptionError: normalized: mean and deviation must be as many numbers, and no deviation 0. Give one of each for every channel.",
    ],
  ])("%#", async (attempt, message) => {
    expect(await messageOf(attempt)).toBe(message);
  });

  test("a size that fits is taken", () => {
    expect(make({ resize: { size: [3, 5] } }).preprocessing.resize).toEqual({
      size: [3, 5],
      crop: null,
      interpolation: "bilinear",
      antialias: true,
    });
    expect(make({ resize: { size: 7, crop: [3, 5], antialias: false } }).preprocessing.resize?.crop).toEqual([
      3, 5,
    ]);
  });
});
