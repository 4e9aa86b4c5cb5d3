import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import {
  buildForward,
  functional,
  input,
  type Model,
  modelParameters,
  normalized,
  sequential,
} from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { type Shape, Tensor } from "../tensor/index.ts";
import { attributionNets, drawParameters } from "../testing/attribution-nets.ts";
import { drawn } from "../testing/drawn.ts";
import { messageOf } from "../testing/error-message.ts";
import { centralDifferences } from "./central-difference.ts";
import { gradCam } from "./grad-cam.ts";

interface Golden {
  readonly cases: readonly {
    readonly net: "plain" | "residual";
    readonly tap: string;
    readonly classes: readonly number[];
    readonly scores: { readonly values: readonly number[] };
    readonly maps: { readonly shape: Shape; readonly values: readonly number[] };
  }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("./golden/grad-cam.json", import.meta.url), "utf8"));

const engines: Record<string, Engine> = {};
beforeAll(async () => {
  engines["reference"] = createReferenceEngine();
  engines["wasm"] = await createWasmEngine({ threads: 2, kernels: "rule" });
});
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.close();
});

describe.each([
  ["reference", 2e-6],
  ["wasm", 2e-5],
])("on the %s engine", (name, absolute) => {
  test.each(golden.cases.map((entry) => [entry.net, entry.tap, entry] as const))(
    "%s at %s: PyTorch's maps and scores",
    async (net, tap, { classes, scores, maps }) => {
      const model = await drawParameters(attributionNets[net]());
      const images = drawn([2, 8, 8, 3], 1);
      const engine = engines[name];
      model.compile({ engine });
      const found = await gradCam(model, images, { tap, class: classes, engine });
      expect(found.map((one) => one.class)).toEqual(classes);
      expect(found.map((one) => one.tap)).toEqual([tap, tap]);
      expect(found.map(({ map }) => map.shape)).toEqual([maps.shape.slice(1), maps.shape.slice(1)]);
      expect(found.map(({ score }) => score)).toBeCloseToTensor(scores.values, { absolute: 1e-4 });
      const values = found.flatMap(({ map }) => [...map.data]);
      expect(values).toBeCloseToTensor(maps.values, { absolute });
      expect(Math.max(...found[0].map.data)).toBe(1);
    },
  );

  test("a mean over the image and a dense layer: the class activation map", async () => {
    const model = await drawParameters(attributionNets.residual());
    const engine = engines[name];
    model.compile({ engine });
    const images = drawn([1, 8, 8, 3], 7);
    // Zhou et al. 2016: each channel counts as its weight in the dense layer. Without a name the last layer with rows is taken.
    const activations = (await model.activations(images, { layers: ["sum"] })).get("sum");
    const weight = (await model.getWeights()).get("dense.weight");
    for (const index of [0, 1, 2]) {
      const [{ map, tap }] = await gradCam(model, images, { class: index, engine });
      const sums = Array.from(map.data, (_, pixel) =>
        [0, 1, 2, 3].reduce(
          (sum, channel) =>
            sum + (activations?.data[4 * pixel + channel] ?? 0) * (weight?.data[3 * channel + index] ?? 0),
          0,
        ),
      );
      const greatest = Math.max(...sums);
      expect(greatest).toBeGreaterThan(0);
      expect(tap).toBe("activation");
      expect(map.data).toBeCloseToTensor(
        sums.map((sum) => Math.max(0, sum) / greatest),
        { absolute: 1e-5 },
      );
    }
  });
});

test("a net of one's own on a frozen backbone is looked at where the backbone's last convolution ends", async () => {
  const engine = engines["wasm"];
  const image = input({ shape: [8, 8, 3] });
  const conv = layers.conv2d({ name: "last", filters: 4, kernelSize: 3, activation: "relu" }).apply(image);
  const mean = layers.globalAveragePool2d().apply(conv);
  const scores = layers.dense({ units: 9 }).apply(mean);
  const backbone = functional({ inputs: image, outputs: scores, taps: { global_pool: mean } }, { seed: 2 });
  backbone.compile({ engine });
  const features = backbone.tap("global_pool").freeze();
  const own = sequential([features, layers.dense({ name: "head", units: 2, kernelInitializer: "ones" })]);
  own.compile({ engine });
  const [{ map, tap, score }] = await gradCam(own, drawn([1, 8, 8, 3], 5), { class: 1, engine });
  expect(tap).toBe("last");
  // All weights are 1: the map is the sum over the channels, and the score its mean.
  const activations = (await own.activations(drawn([1, 8, 8, 3], 5), { layers: ["last"] })).get("last");
  const sums = Array.from({ length: 36 }, (_, pixel) =>
    [0, 1, 2, 3].reduce((sum, channel) => sum + (activations?.data[4 * pixel + channel] ?? 0), 0),
  );
  const greatest = Math.max(...sums);
  expect(map.data).toBeCloseToTensor(
    sums.map((sum) => sum / greatest),
    { absolute: 1e-5 },
  );
  expect(score).toBeCloseTo(sums.reduce((all, sum) => all + sum, 0) / 36, 4);
});

test("channel weights are central differences of the score, in float64", async () => {
  const [height, width, channels] = [5, 4, 3];
  const tail = () => [
    layers.conv2d({ name: "a", filters: 4, kernelSize: 3, strides: 2, padding: "same", activation: "tanh" }),
    layers.flatten(),
    layers.dense({ name: "b", units: 3 }),
  ];
  const stem = layers.conv2d({
    name: "stem",
    filters: channels,
    kernelSize: 1,
    inputShape: [height, width, 2],
  });
  const model = await drawParameters(sequential([stem, ...tail()]));
  const engine = engines["reference"];
  model.compile({ engine });
  const images = drawn([1, height, width, 2], 3);
  const [{ map }] = await gradCam(model, images, { tap: "stem", class: 1, engine });

  const activations = (await model.activations(images, { layers: ["stem"] })).get("stem");
  if (activations === undefined) throw new Error("no activations");
  const behind = sequential([
    layers.rescaling({ scale: 1, inputShape: [height, width, channels] }),
    ...tail(),
  ]);
  const build = createBuild();
  const at = build("input", [], { name: "at", shape: activations.shape, dtype: "float32" });
  const { output } = buildForward(behind.architecture, at, { training: false, key: null });
  const score = build("slice", [output], { begin: [0, 1], size: [1, 1] });
  const weights = [...(await model.getWeights())].map(
    ([name, { data }]) => [name, Float64Array.from(data)] as const,
  );
  const gradient = centralDifferences(score, "at", {
    ...Object.fromEntries(weights),
    at: Float64Array.from(activations.data),
  });
  const pixels = height * width;
  const channelWeights = [0, 1, 2].map(
    (channel) => gradient.filter((_, index) => index % channels === channel).reduce((a, b) => a + b) / pixels,
  );
  const sums = Array.from({ length: pixels }, (_, pixel) =>
    channelWeights.reduce((sum, one, channel) => sum + one * activations.data[pixel * channels + channel], 0),
  );
  const greatest = Math.max(...sums);
  expect(map.data).toBeCloseToTensor(
    sums.map((sum) => Math.max(0, sum) / greatest),
    { absolute: 1e-6 },
  );
});

describe("images and classes", () => {
  async function classifier(engine: Engine): Promise<Model> {
    const model = sequential(
      [
        layers.conv2d({
          filters: 3,
          kernelSize: 3,
          padding: "same",
          activation: "relu",
          inputShape: [6, 6, 1],
        }),
        layers.maxPool2d(),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
      { preprocessing: normalized({ mean: [0.4], deviation: [0.25] }), seed: 4 },
    );
    model.compile({ engine });
    return model;
  }
  const bytes = (count: number) =>
    new Tensor(
      "uint8",
      [count, 6, 6, 1],
      Uint8Array.from({ length: count * 36 }, (_, index) => (index * 83 + (index >> 5) * 40) % 256),
    );

  test("bytes are preprocessed, batches make no difference, and the likeliest class is taken", async () => {
    const engine = engines["wasm"];
    const model = await classifier(engine);
    const images = bytes(5);
    const whole = await gradCam(model, images, { engine });
    const parts = await gradCam(model, images, { engine, batchSize: 2 });
    expect(parts).toEqual(whole);
    expect(whole.map((one) => one.class)).toEqual([...(await model.predictClasses(images))]);
    expect(whole.map((one) => one.tap)).toEqual(Array.from({ length: 5 }, () => "maxPool2d"));
    const scores = await model.predict(images);
    expect(whole.map(({ score }) => score)).toBeCloseToTensor(
      whole.map((one, row) => scores.data[2 * row + one.class]),
      { absolute: 1e-5 },
    );
    const floats = Tensor.from(
      Array.from(images.data, (byte) => (byte / 255 - 0.4) / 0.25),
      images.shape,
    );
    const fed = await gradCam(model, floats, { engine, batchSize: 2 });
    expect(fed.flatMap(({ map }) => [...map.data])).toBeCloseToTensor(
      whole.flatMap(({ map }) => [...map.data]),
      { absolute: 1e-4 },
    );
  });

  test("a class that nothing speaks for has a map of zeros", async () => {
    const engine = engines["wasm"];
    const model = await classifier(engine);
    const names = modelParameters(model.architecture);
    await model.setWeights(new Map(names.map(({ name, shape }) => [name, Tensor.zeros("float32", shape)])));
    const [{ map, score }] = await gradCam(model, bytes(1), { class: 1, engine });
    expect([...map.data]).toEqual(Array.from({ length: 9 }, () => 0));
    expect(score).toBe(0);
  });

  test("mistakes", async () => {
    const engine = engines["reference"];
    const model = await classifier(engine);
    const images = bytes(2);
    const dense = sequential([layers.flatten({ inputShape: [6, 6, 1] }), layers.dense({ units: 2 })]);
    dense.compile({ engine });
    expect(await messageOf(() => gradCam(dense, images, { engine }))).toBe(
      'ShapeError: gradCam, model "model": no layer of the model has an output with rows and columns. Grad-CAM looks at the activations of convolutions: take a model that has some.',
    );
    expect(await messageOf(() => gradCam(model, images, { tap: "flatten", engine }))).toBe(
      'ShapeError: gradCam, model "model": "flatten" gives [27], which has no rows and columns. Take a layer whose output is [H, W, C]; left away, it is the last of them.',
    );
    expect(await messageOf(() => gradCam(model, images, { tap: "conv", engine }))).toContain(
      'there is no layer "conv". Did you mean "conv2d"?',
    );
    expect(await messageOf(() => gradCam(model, images, { class: 2, engine }))).toBe(
      "OptionError: gradCam, class: the model has no class 2. Give an index from 0 to 1.",
    );
    expect(await messageOf(() => gradCam(model, images, { class: "cat", engine }))).toBe(
      'OptionError: gradCam, class: the model has no class "cat". Its classes have no names: give an index.',
    );
    expect(await messageOf(() => gradCam(model, images, { class: [0], engine }))).toBe(
      "OptionError: gradCam, class: 1 classes were given for 2 images. Give one class for all images, or one for each.",
    );
    expect(await messageOf(() => gradCam(model, Tensor.zeros("uint8", [0, 6, 6, 1]), { engine }))).toBe(
      'ShapeError: gradCam, model "model": the images are [0, 6, 6, 1], [N, 6, 6, 1] was expected. data.imageToInput makes such images.',
    );
  });
});
