import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine, Session } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { buildForward, type Model, normalized, sequential } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { MemoryError, RandomStream, Tensor } from "../tensor/index.ts";
import { attributionNets, drawParameters } from "../testing/attribution-nets.ts";
import { drawn } from "../testing/drawn.ts";
import { messageOf } from "../testing/error-message.ts";
import { type Attribution, attribute } from "./attribute.ts";
import type { AttributeOptions } from "./attribution-options.ts";
import { centralDifferences } from "./central-difference.ts";
import { projectUnit } from "./project-unit.ts";

const reference = createReferenceEngine();
let wasm: Engine;
beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2, kernels: "rule" });
});
afterAll(async () => {
  await wasm.close();
});

const signedOf = (found: readonly Attribution[]) => found.flatMap(({ signed }) => [...(signed?.data ?? [])]);
const valuesOf = (found: readonly Attribution[]) => found.flatMap(({ values }) => [...values.data]);

async function prepared(net: keyof typeof attributionNets, engine: Engine): Promise<Model> {
  const model = await drawParameters(attributionNets[net]());
  model.compile({ engine });
  return model;
}

test("saliency is the score's central difference, in float64", async () => {
  const model = await prepared("branches", reference);
  const images = drawn([1, 9, 9, 1], 6);
  const found = await attribute(model, images, { method: "saliency", class: 1 });
  const at = createBuild()("input", [], { name: "at", shape: images.shape, dtype: "float32" });
  const { output } = buildForward(model.architecture, at, { training: false, key: null });
  const score = createBuild()("slice", [output], { begin: [0, 1], size: [1, 1] });
  const weights = [...(await model.getWeights())].map(([name, { data }]) => [name, Float64Array.from(data)]);
  const gradient = centralDifferences(score, "at", {
    ...Object.fromEntries(weights),
    at: Float64Array.from(images.data),
  });
  expect(signedOf(found)).toBeCloseToTensor(gradient, { absolute: 1e-5 });
  expect(valuesOf(found)).toBeCloseToTensor(gradient.map(Math.abs), { absolute: 1e-5 });
});

describe("integrated gradients", () => {
  test("add up to the difference to the baseline's score, the better the more steps", async () => {
    const model = await prepared("plain", wasm);
    const images = drawn([2, 8, 8, 3], 1);
    const errors: number[] = [];
    for (const steps of [4, 40, 400]) {
      const found = await attribute(model, images, { method: "integrated-gradients", steps, class: [0, 2] });
      const scores = await model.predict(images);
      const starts = await model.predict(Tensor.zeros("float32", images.shape));
      for (const [image, { completeness, values, class: index }] of found.entries()) {
        const difference = scores.data[4 * image + index] - starts.data[4 * image + index];
        const sum = values.data.reduce((all, value) => all + value, 0);
        expect(completeness?.difference).toBeCloseTo(difference, 4);
        expect(completeness?.sum).toBeCloseTo(sum, 4);
        expect(completeness?.error).toBeCloseTo(Math.abs(sum - difference), 4);
      }
      errors.push(Math.max(...found.map(({ completeness }) => completeness?.error ?? Number.NaN)));
    }
    expect(errors[1]).toBeLessThan(errors[0] / 4);
    expect(errors[2]).toBeLessThan(errors[1] / 2);
  });

  test("of a linear model are exact with one step, from any baseline", async () => {
    const model = sequential([layers.flatten({ inputShape: [3, 2, 1] }), layers.dense({ units: 2 })]);
    await drawParameters(model);
    model.compile({ engine: reference });
    const [image, baseline] = [drawn([1, 3, 2, 1], 4), drawn([3, 2, 1], 9)];
    const [{ values, completeness }] = await attribute(model, image, {
      method: "integrated-gradients",
      steps: 1,
      baseline,
      class: 1,
    });
    const weight = (await model.getWeights()).get("dense.weight");
    const parts = Array.from(
      image.data,
      (x, at) => (x - baseline.data[at]) * (weight?.data[2 * at + 1] ?? 0),
    );
    expect(values.data).toBeCloseToTensor(parts, { absolute: 1e-6 });
    expect(completeness?.error).toBeLessThan(1e-6);
  });
});

describe("SmoothGrad", () => {
  test("is the mean gradient at images with noise of the seed's streams", async () => {
    const model = await prepared("residual", reference);
    const images = drawn([2, 8, 8, 3], 3);
    const options = { method: "smooth-grad", samples: 3, noise: 0.2, seed: 5, class: 1 } as const;
    const found = await attribute(model, images, options);
    const sums = new Float64Array(images.data.length);
    for (let sample = 0; sample < 3; sample++) {
      const stream = new RandomStream(5).split("smooth-grad", sample);
      const noise = Array.from({ length: 8 * 8 * 3 }, () => stream.normal());
      const noisy = images.data.map((value, at) => {
        const own = images.data.subarray(at < 192 ? 0 : 192, at < 192 ? 192 : 384);
        return value + 0.2 * (Math.max(...own) - Math.min(...own)) * noise[at % 192];
      });
      const gradients = signedOf(
        await attribute(model, new Tensor("float32", images.shape, noisy), { method: "saliency", class: 1 }),
      );
      for (const [at, value] of gradients.entries()) sums[at] += value / 3;
    }
    expect(signedOf(found)).toBeCloseToTensor(sums, { absolute: 1e-6 });
    expect(found.map(({ score }) => score)).toEqual(
      (await attribute(model, images, { method: "saliency", class: 1 })).map(({ score }) => score),
    );
  });

  test("same seed, same bits; other images do not matter; without noise it is the gradient", async () => {
    const model = await prepared("plain", wasm);
    const images = drawn([3, 8, 8, 3], 1);
    const options = { method: "smooth-grad", samples: 4, class: 2 } as const;
    const whole = await attribute(model, images, options);
    expect(await attribute(model, images, { ...options, seed: 0 })).toEqual(whole);
    const last = new Tensor("float32", [1, 8, 8, 3], images.data.slice(2 * 192));
    const alone = await attribute(model, last, options);
    expect(signedOf(alone)).toBeCloseToTensor(signedOf([whole[2]]), { absolute: 1e-5 });
    expect(signedOf(await attribute(model, images, { ...options, seed: 1 }))).not.toEqual(signedOf(whole));
    const still = await attribute(model, images, { ...options, noise: 0 });
    const gradient = await attribute(model, images, { method: "saliency", class: 2 });
    expect(signedOf(still)).toBeCloseToTensor(signedOf(gradient), { absolute: 1e-5 });
  });
});

describe("images", () => {
  const methods: readonly AttributeOptions["method"][] = [
    "grad-cam",
    "occlusion",
    "saliency",
    "smooth-grad",
    "integrated-gradients",
    "deconvnet",
    "guided-backprop",
  ];
  const [mean, deviation] = [
    [0.4, 0.5, 0.6],
    [0.25, 0.2, 0.3],
  ];
  async function classifier() {
    const model = sequential(
      [
        layers.conv2d({
          filters: 3,
          kernelSize: 3,
          padding: "same",
          activation: "relu",
          inputShape: [6, 5, 3],
        }),
        layers.batchNormalization(),
        layers.maxPool2d(),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
      { preprocessing: normalized({ mean, deviation }), seed: 4 },
    );
    model.compile({ engine: wasm });
    return model;
  }
  const bytes = new Tensor(
    "uint8",
    [5, 6, 5, 3],
    Uint8Array.from({ length: 5 * 90 }, (_, index) => (index * 83 + (index >> 5) * 40) % 256),
  );
  const floats = Tensor.from(
    Array.from(bytes.data, (byte, at) => (byte / 255 - mean[at % 3]) / deviation[at % 3]),
    bytes.shape,
  );

  test.each(methods)(
    "%s: bytes are preprocessed, batches make no difference, the likeliest class is taken",
    async (method) => {
      const model = await classifier();
      const options: AttributeOptions = { method };
      const whole = await attribute(model, bytes, options);
      expect(whole.map((one) => one.class)).toEqual([...(await model.predictClasses(bytes))]);
      expect(await attribute(model, bytes, { ...options, batchSize: 2 })).toEqual(whole);
      const fed = await attribute(model, floats, options);
      expect(valuesOf(fed)).toBeCloseToTensor(valuesOf(whole), { absolute: 1e-4 });
      expect(whole.map(({ values }) => values.shape)).toEqual(whole.map(() => [6, 5]));
      const isSigned = method === "occlusion" || method === "integrated-gradients";
      expect(whole.map((one) => one.isSigned)).toEqual(whole.map(() => isSigned));
      if (!isSigned) expect(Math.min(...valuesOf(whole))).toBeGreaterThanOrEqual(0);
      // Another engine works on a copy of the weights.
      const elsewhere = await attribute(model, bytes, { ...options, engine: reference });
      expect(valuesOf(elsewhere)).toBeCloseToTensor(valuesOf(whole), { absolute: 1e-4 });
    },
  );

  test("patches have the colour that was asked for", async () => {
    const model = await classifier();
    const drops = async (image: Tensor<"float32">) => (await model.predict(image)).data[1];
    // One patch over the whole image: the score of nothing but the colour.
    const whole = { method: "occlusion", patch: [6, 5], class: 1 } as const;
    const first = new Tensor("float32", [1, 6, 5, 3], floats.data.slice(0, 90));
    const means = [0, 1, 2].map((channel) => {
      const own = first.data.filter((_, at) => at % 3 === channel);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    });
    const colours = {
      black: mean.map((value, channel) => -value / deviation[channel]),
      gray: mean.map((value, channel) => (128 / 255 - value) / deviation[channel]),
      mean: means,
      zero: [0, 0, 0],
    } as const;
    for (const fill of ["black", "gray", "mean", "zero"] as const) {
      const [{ values, score }] = await attribute(model, first, { ...whole, fill });
      const plain = Tensor.from(
        Array.from({ length: 90 }, (_, at) => colours[fill][at % 3]),
        [1, 6, 5, 3],
      );
      const drop = score - (await drops(plain));
      expect(values.data).toBeCloseToTensor(
        Array.from({ length: 30 }, () => drop),
        { absolute: 1e-5 },
      );
    }
  });

  test("progress is told, and a signal ends the work", async () => {
    const model = await classifier();
    const told: (readonly [number, number])[] = [];
    const onProgress = (done: number, total: number) => told.push([done, total]);
    await attribute(model, bytes, { method: "integrated-gradients", steps: 3, batchSize: 4, onProgress });
    expect(told).toEqual([
      [4, 15],
      [8, 15],
      [12, 15],
      [15, 15],
    ]);
    const control = new AbortController();
    const stopped = attribute(model, bytes, {
      method: "occlusion",
      batchSize: 1,
      signal: control.signal,
      onProgress: () => control.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    // The model goes on.
    expect((await model.predict(bytes)).shape).toEqual([5, 2]);
  });
});

/** An engine that counts what is read of its variables, and has no memory for batches of more than `most`. */
function watched(most: number) {
  const counts = { read: 0, batches: new Set<number>() };
  const wrap = (session: Session): Session => ({
    compile: async (graph, options) => {
      const [score] = Object.values(graph.outputs);
      const size = score.shape[0] ?? 0;
      if (size > most) throw new MemoryError("too much");
      counts.batches.add(size);
      return await session.compile(graph, options);
    },
    forecast: (graph, options) => session.forecast(graph, options),
    allocate: (name, type) => session.allocate(name, type),
    variables: () => session.variables(),
    read: (name) => session.read(name),
    write: (name, value) => session.write(name, value),
    readAll: (names) => {
      counts.read += names.length;
      return session.readAll(names);
    },
    lease: async () => wrap(await session.lease()),
    close: () => session.close(),
  });
  const engine: Engine = { ...reference, openSession: async () => wrap(await reference.openSession()) };
  return { engine, counts };
}

test("weights are not copied, and batches are halved until memory holds them", async () => {
  const { engine, counts } = watched(5);
  const model = await prepared("plain", engine);
  const images = drawn([12, 8, 8, 3], 1);
  const found = await attribute(model, images, { method: "saliency", class: 0 });
  expect(counts.read).toBe(0);
  expect(counts.batches).toContain(3);
  const expected = await attribute(await prepared("plain", reference), images, {
    method: "saliency",
    class: 0,
  });
  expect(signedOf(found)).toEqual(signedOf(expected));
  const asked = attribute(model, images, { method: "saliency", class: 0, batchSize: 6 });
  await expect(asked).rejects.toThrow("too much");
  const none = await prepared("plain", watched(0).engine);
  await expect(attribute(none, images, { method: "deconvnet", class: 0 })).rejects.toThrow("too much");
});

describe("mistakes", () => {
  const images = drawn([1, 8, 8, 3], 1);
  test.each<[string, string]>([
    [
      "{}",
      'OptionError: attribute: option "method" must name a method, got nothing. There are "grad-cam", "occlusion", "saliency", "smooth-grad", "integrated-gradients", "deconvnet", "guided-backprop".',
    ],
    [
      '{ "method": "salency" }',
      'OptionError: attribute: option "method" must name a method, got "salency". Did you mean "saliency"?',
    ],
    ['{ "method": "saliency", "steps": 3 }', 'OptionError: attribute, saliency: unknown option "steps".'],
    [
      '{ "method": "smooth-grad", "noise": -1 }',
      'OptionError: attribute, smooth-grad: option "noise" must be a number at least 0, got -1.',
    ],
    [
      '{ "method": "occlusion", "patch": 9 }',
      'ShapeError: attribute, occlusion, model "model": a patch of 9x9 is larger than the image, 8x8. An eighth of the image is usual.',
    ],
    [
      '{ "method": "occlusion", "fill": "white" }',
      'OptionError: attribute, occlusion: option "fill" must be one of "black", "gray", "mean", "zero", got "white".',
    ],
    [
      '{ "method": "saliency", "class": 4 }',
      "OptionError: attribute, class: the model has no class 4. Give an index from 0 to 3.",
    ],
    [
      '{ "method": "saliency", "class": [0, 1] }',
      "OptionError: attribute, class: 2 classes were given for 1 images. Give one class for all images, or one for each.",
    ],
  ])("%s", async (options, message) => {
    const model = await prepared("plain", reference);
    expect(await messageOf(() => attribute(model, images, JSON.parse(options)))).toContain(message);
  });

  test("images, baselines and models that do not suit", async () => {
    const model = await prepared("plain", reference);
    expect(await messageOf(() => attribute(model, drawn([1, 8, 8, 1], 1), { method: "saliency" }))).toBe(
      'ShapeError: attribute, model "model": the images are [1, 8, 8, 1], [N, 8, 8, 3] was expected. data.imageToInput makes such images.',
    );
    const baseline = drawn([8, 8, 1], 1);
    expect(
      await messageOf(() => attribute(model, images, { method: "integrated-gradients", baseline })),
    ).toBe(
      'ShapeError: attribute, integrated-gradients, model "model": the baseline is [8, 8, 1], [8, 8, 3] was expected. Give one image as the first layer takes it, without a batch.',
    );
    const flat = sequential([layers.dense({ units: 2, inputShape: [4] })]);
    flat.compile({ engine: reference });
    expect(await messageOf(() => attribute(flat, drawn([1, 4], 1), { method: "saliency" }))).toBe(
      'ShapeError: attribute, model "model": the model takes [4], an image [H, W, C] was expected. Explain the whole model, with the part that looks at the image.',
    );
    expect(await messageOf(() => projectUnit(model, images, { layer: "poll", map: 0 }))).toContain(
      'there is no layer "poll". Did you mean "pool"?',
    );
    expect(await messageOf(() => projectUnit(model, images, { layer: "pool", map: 5 }))).toBe(
      'OptionError: projectUnit, model "model": "pool" has no map 5. Its output is [4, 4, 5]: give a number from 0 to 4.',
    );
  });

  test("a dense layer's unit can be projected: its row of weights", async () => {
    const model = sequential([
      layers.flatten({ inputShape: [2, 2, 1] }),
      layers.dense({ name: "end", units: 3 }),
    ]);
    await drawParameters(model);
    model.compile({ engine: reference });
    const image = drawn([1, 2, 2, 1], 3);
    const [{ signed, activation, y, x }] = await projectUnit(model, image, {
      layer: "end",
      map: 2,
      method: "saliency",
    });
    const weight = (await model.getWeights()).get("end.weight")?.data ?? [];
    expect(activation).toBeCloseTo((await model.predict(image)).data[2], 6);
    expect([y, x]).toEqual([0, 0]);
    expect(signed.data).toBeCloseToTensor(
      [0, 1, 2, 3].map((at) => activation * weight[3 * at + 2]),
      { absolute: 1e-6 },
    );
  });
});
