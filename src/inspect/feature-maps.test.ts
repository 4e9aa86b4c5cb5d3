import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createReferenceEngine } from "../engine/index.ts";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { functional, input, Model, type ModelParts, sequential } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { drawn } from "../testing/drawn.ts";
import { messageOf } from "../testing/error-message.ts";
import { featureMaps } from "./feature-maps.ts";

let engine: WasmEngine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 1, kernels: "rule" });
});
afterAll(() => engine.close());

function onEngine(model: Model): Model {
  return new Model({ ...model.parts(), engine } satisfies ModelParts);
}

const net = () =>
  onEngine(
    sequential([
      layers.conv2d({ filters: 2, kernelSize: 2, name: "conv", activation: "relu", inputShape: [3, 3, 1] }),
      layers.flatten({ name: "flat" }),
      layers.dense({ units: 2, name: "out" }),
    ]),
  );

describe("feature maps", () => {
  test("are what each layer gives, for all images, with the filters", async () => {
    const model = net();
    const kernel = Tensor.from([1, 0, 0, 1, 0, 0, 0, 0], [2, 2, 1, 2]);
    await model.setWeights(new Map([["conv.weight", kernel]]));
    // Of the first filter the pixel itself, of the second its right neighbour; one image is twice the other.
    const one = [1, -2, 3, 4, 5, 6, 7, 8, 9];
    const images = Tensor.from([...one, ...one.map((value) => 2 * value)], [2, 3, 3, 1]);
    const maps = await featureMaps(model, images);
    expect(maps.images).toBe(2);
    expect(maps.layers.map(({ name, kind, shape }) => [name, kind, shape])).toEqual([
      ["input", "input", [3, 3, 1]],
      ["conv", "conv2d", [2, 2, 2]],
      ["flat", "flatten", [8]],
      ["out", "dense", [2]],
    ]);
    const [pixels, conv, flat] = maps.layers;
    expect(pixels.values).toEqual(images);
    expect([...conv.values.data]).toEqual([1, 0, 0, 3, 4, 5, 5, 6, 2, 0, 0, 6, 8, 10, 10, 12]);
    expect(conv.values.shape).toEqual([2, 2, 2, 2]);
    expect(conv.filters).toEqual(kernel);
    expect(flat.filters).toBe(null);
    // x and 2 x: |x - 2 x| / sqrt(|x|^2 + 4 |x|^2) = 1 / sqrt(5), in the same direction.
    expect(conv.distances).toHaveLength(1);
    expect(conv.distances[0]).toMatchObject({ a: 0, b: 1 });
    expect([conv.distances[0].euclidean, conv.distances[0].cosine]).toBeCloseToTensor([1 / Math.sqrt(5), 0], {
      absolute: 1e-7,
    });
  });

  test("of some layers, in the order asked for, and of bytes", async () => {
    const model = net();
    const bytes = new Tensor(
      "uint8",
      [1, 3, 3, 1],
      Uint8Array.from({ length: 9 }, (_, index) => 25 * index),
    );
    const maps = await featureMaps(model, bytes, { layers: ["out", "input"] });
    expect(maps.layers.map(({ name }) => name)).toEqual(["out", "input"]);
    expect(maps.layers[1].values.data).toBeCloseToTensor(
      Array.from({ length: 9 }, (_, index) => (25 * index) / 255),
      { absolute: 1e-6 },
    );
    expect(maps.layers[0].values).toEqual(await model.predict(bytes));
    expect(maps.layers[0].distances).toEqual([]);
  });

  test("are the same on another engine, and batch by batch", async () => {
    const model = net();
    const images = drawn([3, 3, 3, 1], 1);
    const [maps, others] = await Promise.all([
      featureMaps(model, images, { batchSize: 1 }),
      featureMaps(model, images, { engine: createReferenceEngine() }),
    ]);
    for (const [index, { values, distances }] of maps.layers.entries()) {
      expect(others.layers[index].values).toBeCloseToTensor(values, { absolute: 1e-5 });
      expect(distances.map(({ a, b }) => [a, b])).toEqual([
        [0, 1],
        [0, 2],
        [1, 2],
      ]);
    }
  });

  test("distances of values at right angles, of opposite ones, and of none", async () => {
    const x = input({ shape: [1, 2, 1] });
    const relu = layers.activation({ activation: "relu", name: "relu" });
    const model = onEngine(functional({ inputs: x, outputs: relu.apply(x) }));
    const images = Tensor.from([1, 0, 0, 2, -1, 0], [3, 1, 2, 1]);
    const [pixels, positive] = (await featureMaps(model, images)).layers;
    const figures = (maps: typeof pixels) =>
      maps.distances.map(({ euclidean, cosine }) => [euclidean, cosine]);
    expect(figures(pixels)).toEqual([
      [1, 1],
      [Math.SQRT2, 2],
      [1, 1],
    ]);
    // The third image is 0 behind the ReLU: one of both is.
    expect(figures(positive)).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const [, nothing] = (await featureMaps(model, Tensor.from([-1, 0, -2, 0], [2, 1, 2, 1]))).layers;
    expect(figures(nothing)).toEqual([[0, 0]]);
  });

  test("a layer that has the name of a tap elsewhere is shown as itself", async () => {
    const x = input({ shape: [1, 2, 1] });
    const first = layers.rescaling({ scale: 2, name: "stage" }).apply(x);
    const second = layers.rescaling({ scale: 3, name: "next" }).apply(first);
    const model = onEngine(functional({ inputs: x, outputs: second, taps: { stage: second } }));
    const maps = await featureMaps(model, Tensor.from([1, 2], [1, 1, 2, 1]));
    expect(maps.layers.map(({ name, call, values }) => [name, call, ...values.data])).toEqual([
      ["input", 0, 1, 2],
      ["stage", 1, 2, 4],
      ["next", 2, 6, 12],
    ]);
    const [tapped] = (await featureMaps(model, Tensor.from([1, 2], [1, 1, 2, 1]), { layers: ["stage"] }))
      .layers;
    expect([tapped.call, ...tapped.values.data]).toEqual([2, 6, 12]);
  });

  test("a layer that is used twice is shown at its last use; heads are left out", async () => {
    const x = input({ shape: [2, 2, 1] });
    const twice = layers.rescaling({ scale: 3, name: "twice" });
    const end = layers
      .dense({ units: 2, name: "out" })
      .apply(layers.flatten().apply(twice.apply(twice.apply(x))));
    const head = layers.dense({ units: 2, name: "head" }).apply(layers.flatten({ name: "side" }).apply(x));
    const model = onEngine(
      functional({ inputs: x, outputs: end, auxiliaries: { side: { output: head, weight: 0.3 } } }),
    );
    const maps = await featureMaps(model, Tensor.from([1, 2, 3, 4], [1, 2, 2, 1]));
    expect(maps.layers.map(({ name }) => name)).toEqual(["input", "twice", "flatten", "out"]);
    expect([...maps.layers[1].values.data]).toEqual([9, 18, 27, 36]);
    expect(await messageOf(() => featureMaps(model, drawn([1, 2, 2, 1], 0), { layers: ["head"] }))).toMatch(
      /^OptionError: featureMaps, model "model": "head" belongs to an auxiliary head, which has no part in the output\./,
    );
  });
});

describe("mistakes", () => {
  test("say what is wrong", async () => {
    const model = net();
    const images = drawn([1, 3, 3, 1], 0);
    expect(await messageOf(() => featureMaps(model, images, { layers: ["conv2"] }))).toContain(
      'there is no layer "conv2"',
    );
    expect(await messageOf(() => featureMaps(model, drawn([1, 4, 3, 1], 0)))).toMatch(
      /^ShapeError: .*\[1, 4, 3, 1\]/,
    );
    expect(await messageOf(() => featureMaps(model, images, { batchSize: 0 }))).toBe(
      'OptionError: featureMaps: option "batchSize" must be a whole number of at least 1, got 0.',
    );
  });
});
