import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromArrays, fromFeatures, split } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { RandomStream, Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { decodeCheckpoint } from "../train/index.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

let wasm: Engine;

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm.close();
});

/** Points around three corners of a cube of `axes` sides. */
function clusters(count: number, axes: number, seed = 1) {
  const random = new RandomStream(seed);
  const labels = Int32Array.from({ length: count }, () => random.integer(3));
  const features = Tensor.zeros("float32", [count, axes]);
  for (let index = 0; index < features.data.length; index++) {
    const corner = index % axes === labels[Math.floor(index / axes)] ? 1 : 0;
    features.data[index] = corner + 0.6 * (random.uniform() - 0.5);
  }
  return fromFeatures({ features, labels, classes: ["a", "b", "c"], name: "clusters" });
}

function lastLayer(engine: Engine, axes: number, classes = 3): Model {
  const model = sequential([layers.dense({ units: classes, inputShape: [axes], name: "fc" })]);
  model.compile({ engine, optimizer: optimizers.sgd({ learningRate: 0.5, momentum: 0.9 }) });
  return model;
}

describe("features of one axis", () => {
  test("three steps are those worked out by the formula of softmax regression", async () => {
    const data = clusters(5, 4);
    const model = lastLayer(createReferenceEngine(), 4);
    await model.setWeights(
      new Map([
        ["fc.weight", Tensor.from([0.1, 0, -0.1, 0.2, 0.3, 0, 0, -0.2, 0.1, 0.5, 0, 0], [4, 3])],
        ["fc.bias", Tensor.from([0, 0.1, -0.1])],
      ]),
    );
    const weights = [...((await model.getWeights()).get("fc.weight")?.data ?? [])];
    const bias = [0, 0.1, -0.1];
    const velocity = [...weights, ...bias].map(() => 0);
    const expected: number[] = [];
    for (let step = 0; step < 3; step++) {
      const gradient = velocity.map(() => 0);
      let loss = 0;
      for (let n = 0; n < 5; n++) {
        const x = [...data.images.data.subarray(4 * n, 4 * n + 4)];
        const label = data.labels.data[n];
        const z = bias.map((b, k) => x.reduce((sum, value, i) => sum + value * weights[3 * i + k], b));
        const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
        loss += (Math.log(total) - z[label]) / 5;
        for (let k = 0; k < 3; k++) {
          // dL/dz = softmax(z) - the label's unit vector, averaged over the batch.
          const slope = (Math.exp(z[k]) / total - (k === label ? 1 : 0)) / 5;
          x.forEach((value, i) => {
            gradient[3 * i + k] += slope * value;
          });
          gradient[12 + k] += slope;
        }
      }
      expected.push(loss);
      gradient.forEach((slope, index) => {
        velocity[index] = 0.9 * velocity[index] - 0.5 * slope;
        if (index < 12) weights[index] += velocity[index];
        else bias[index - 12] += velocity[index];
      });
    }
    const { epochs } = await model.fit(data, { epochs: 3, batchSize: 5 });
    expect(epochs.map(({ loss }) => loss)).toBeCloseToTensor(expected, { absolute: 1e-6 });
    expect((await model.getWeights()).get("fc.weight")?.data ?? []).toBeCloseToTensor(weights, {
      absolute: 1e-6,
    });
  });

  test("the wasm engine trains, evaluates and predicts as the reference does", async () => {
    const data = clusters(83, 17);
    const models = [createReferenceEngine(), wasm].map((engine) => lastLayer(engine, 17));
    const histories = [];
    for (const model of models) {
      histories.push(await model.fit(data, { epochs: 2, batchSize: 16, validationSplit: 0.2, seed: 3 }));
    }
    const losses = histories.map(({ epochs }) => epochs.flatMap((e) => [e.loss, e.validation?.loss ?? 0]));
    expect(losses[1]).toBeCloseToTensor(losses[0], { absolute: 1e-5 });
    const [expected, found] = await Promise.all(
      models.map((model) => model.evaluate(data, { batchSize: 10 })),
    );
    expect(found.loss).toBeCloseTo(expected.loss, 5);
    expect([found["accuracy"], found.examples]).toEqual([expected["accuracy"], 83]);
    expect(expected["accuracy"]).toBeGreaterThan(0.95);
    const { classes } = await models[1].evaluateClasses(data);
    expect(classes).toEqual(await models[1].predictClasses(data.images));
  });

  test("a run goes on from its checkpoint bit for bit", async () => {
    const data = clusters(40, 8);
    const whole = lastLayer(wasm, 8);
    let bytes = new Uint8Array();
    const keep = {
      onEpochEnd: async (
        event: { readonly epoch: number },
        control: { saveCheckpoint(): Promise<Uint8Array> },
      ) => {
        if (event.epoch === 0) bytes = Uint8Array.from(await control.saveCheckpoint());
      },
    };
    await whole.fit(data, { epochs: 3, batchSize: 7, callbacks: [keep] });
    const checkpoint = decodeCheckpoint(bytes, { name: "kept" });
    expect(checkpoint.training.configuration.imageShape).toEqual([8]);
    const resumed = Model.fromCheckpoint(checkpoint, { engine: wasm });
    await resumed.fit(data, { resumeFrom: checkpoint });
    expect(await resumed.getWeights()).toEqual(await whole.getWeights());
  });
});

test("numbers of an image's shape are what preprocessing would have made", async () => {
  const bytes = halves(21);
  const values = Float32Array.from(bytes.images.data, (byte) => Math.fround(byte * Math.fround(1 / 255)));
  const numbers = fromFeatures({
    features: new Tensor("float32", bytes.images.shape, values),
    labels: bytes.labels,
    classes: bytes.classNames,
    name: "prepared",
  });
  const trained = [];
  for (const data of [bytes, numbers]) {
    const model = small(createReferenceEngine(), 4);
    const { epochs } = await model.fit(data, { epochs: 2, batchSize: 8 });
    trained.push([...epochs.map(({ loss }) => loss), (await model.evaluate(data)).loss]);
  }
  expect(trained[1]).toBeCloseToTensor(trained[0], { absolute: 1e-6 });
});

test("one model takes bytes and numbers in turn", async () => {
  const bytes = halves(12);
  const numbers = fromFeatures({ features: bytes.images.as("float32"), labels: bytes.labels, classes: 2 });
  const model = small(wasm, 2);
  expect((await model.fit(bytes, { epochs: 1 })).reason).toBe("completed");
  expect((await model.fit(numbers, { epochs: 1 })).reason).toBe("completed");
  const scores = [await model.evaluate(bytes), await model.evaluate(numbers), await model.evaluate(bytes)];
  expect(scores[2]).toEqual(scores[0]);
  expect(scores[1].loss).not.toEqual(scores[0].loss);
});

test("features are split like images", () => {
  const { train, validation } = split(clusters(10, 4), 0.3);
  expect([train.images.shape, validation.images.shape]).toEqual([
    [7, 4],
    [3, 4],
  ]);
  expect(validation.images.dtype).toBe("float32");
});

test("what does not suit is refused", async () => {
  const model = lastLayer(createReferenceEngine(), 4);
  expect(await messageOf(() => model.fit(clusters(6, 5)))).toBe(
    'ShapeError: clusters: model "model" takes images of shape [N, 4], got [6, 5]. Resize or reshape the images, or build the model with their inputShape.',
  );
  expect(await messageOf(() => model.fit(clusters(6, 4), { augment: { shift: 1 } }))).toBe(
    'OptionError: fit, augment: "clusters" has float32 examples, which are taken as they are: no shift can be drawn. Leave augment away, or train on images of bytes.',
  );
  const images = Tensor.zeros("uint8", [2, 1, 1, 4]);
  const data = { ...fromArrays({ images, labels: [0, 1], classes: 3 }), images: images.reshape([2, 4]) };
  expect(await messageOf(() => model.fit(data))).toBe(
    'DataError: your data: the examples are uint8, model "model" takes no images: [4]. Bytes are images of shape [H, W, C]: make a dataset of numbers with data.fromFeatures().',
  );
});
