import { describe, expect, test } from "vitest";
import { fromArrays } from "../data/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { layers } from "../layers/index.ts";
import { losses } from "../losses/index.ts";
import { optimizers, schedules } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import type { Callback } from "../train/index.ts";
import type { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

describe("one dense layer", () => {
  const images = new Tensor("uint8", [2, 1, 3, 1], Uint8Array.of(2, 4, 6, 10, 0, 5));
  const data = fromArrays({ images, labels: [0, 1], classes: 2 });

  test("three steps give PyTorch 2.13's losses and weights (cross-entropy, label smoothing, float64)", async () => {
    const model = sequential(
      [layers.flatten({ inputShape: [1, 3, 1] }), layers.dense({ units: 2, name: "fc" })],
      {
        preprocessing: { scale: 0.1 },
      },
    );
    model.compile({
      engine: createReferenceEngine(),
      optimizer: optimizers.sgd({ learningRate: 0.5 }),
      loss: losses.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }),
    });
    await model.setWeights(
      new Map([
        ["fc.weight", Tensor.from([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2])],
        ["fc.bias", Tensor.from([0.05, -0.05])],
      ]),
    );
    const { epochs } = await model.fit(data, { epochs: 3, batchSize: 2, shuffle: false });
    expect(epochs.map(({ loss }) => loss)).toBeCloseToTensor([
      0.8003098920302127, 0.7538509151347641, 0.7119820486726661,
    ]);
    const weights = await model.getWeights();
    expect(weights.get("fc.weight")?.data ?? []).toBeCloseToTensor([
      -0.1207930851340601, 0.02079308513406017, 0.4647204704975561, 0.23527952950244393, -0.4044959544450849,
      0.504495954445085,
    ]);
    expect(weights.get("fc.bias")?.data ?? []).toBeCloseToTensor([0.15864785586105212, -0.15864785586105196]);
  });

  test("one step on (a - y)^2 is the step worked out by hand", async () => {
    const model = sequential(
      [layers.flatten({ inputShape: [1, 3, 1] }), layers.dense({ units: 2, name: "fc" })],
      {
        preprocessing: { scale: 0.1 },
      },
    );
    model.compile({
      engine: createReferenceEngine(),
      optimizer: optimizers.sgd({ learningRate: 0.1 }),
      loss: losses.meanSquaredError({ reduction: "sum" }),
    });
    const w = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6];
    await model.setWeights(
      new Map([
        ["fc.weight", Tensor.from(w, [3, 2])],
        ["fc.bias", Tensor.from([0, 0])],
      ]),
    );
    const x = [
      [0.2, 0.4, 0.6],
      [1, 0, 0.5],
    ];
    const error = x.map((row, n) =>
      [0, 1].map((c) => row.reduce((sum, value, i) => sum + value * w[i * 2 + c], 0) - (c === n ? 1 : 0)),
    );
    const cost = error.flat().reduce((sum, e) => sum + e * e, 0) / 2;
    const { epochs } = await model.fit(data, { batchSize: 2, shuffle: false });
    expect(epochs[0].loss).toBeCloseTo(cost, 6);
    // dC/dW[i][c] = mean over n of 2 (a - y) x_i.
    const expected = w.map((value, index) => {
      const [i, c] = [Math.floor(index / 2), index % 2];
      return value - 0.1 * (error[0][c] * x[0][i] + error[1][c] * x[1][i]);
    });
    expect((await model.getWeights()).get("fc.weight")?.data ?? []).toBeCloseToTensor(expected);
  });
});

test("running statistics move by 1 - momentum towards each batch's, and inference uses them", async () => {
  const images = new Tensor("uint8", [4, 1, 1, 1], Uint8Array.of(0, 10, 20, 50));
  const data = fromArrays({ images, labels: [0, 1, 0, 1], classes: 2 });
  const model = sequential(
    [
      layers.batchNormalization({ inputShape: [1, 1, 1], momentum: 0.75, name: "bn" }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    { preprocessing: { scale: 0.1 } },
  );
  model.compile({ engine: createReferenceEngine(), optimizer: optimizers.sgd({ learningRate: 0 }) });
  await model.fit(data, { batchSize: 4 });
  const weights = await model.getWeights();
  // x = 0, 1, 2, 5: mean 2, biased variance (4 + 1 + 0 + 9) / 4 = 3.5.
  expect(weights.get("bn.running_mean")?.data ?? []).toBeCloseToTensor([0.25 * 2]);
  expect(weights.get("bn.running_var")?.data ?? []).toBeCloseToTensor([0.75 + 0.25 * 3.5]);
  const { data: normalized } =
    (await model.activations(images, { layers: ["bn"] })).get("bn") ?? Tensor.zeros("float32", [0]);
  const root = Math.sqrt(1.625 + 1e-3);
  expect(normalized).toBeCloseToTensor([0, 1, 2, 5].map((x) => (x - 0.5) / root));
});

test("learning rates come from the schedule, step by step over all epochs", async () => {
  const rates: number[] = [];
  const model = small(createReferenceEngine());
  model.compile({
    engine: createReferenceEngine(),
    optimizer: optimizers.adam({
      learningRate: schedules.step({ initialLearningRate: 1, decaySteps: 3, decayRate: 0.5 }),
    }),
  });
  await model.fit(halves(8), {
    epochs: 3,
    batchSize: 4,
    callbacks: [{ onEpochEnd: ({ learningRate }) => void rates.push(learningRate) }],
  });
  expect(rates).toEqual([1, 0.5, 0.5]);
});

describe("seeds", () => {
  const fitted = async (seed: number, modelSeed: number | null = null) => {
    const model = small(createRoundingEngine(), modelSeed);
    await model.fit(halves(9), { epochs: 2, batchSize: 4, seed });
    return await model.getWeights();
  };
  const initial = async (seed: number | null) =>
    (await small(createRoundingEngine(), seed).getWeights()).get("dense.weight");

  test("the same seed gives the same weights, another one others", async () => {
    expect(await fitted(3)).toEqual(await fitted(3));
    expect(await fitted(3)).not.toEqual(await fitted(4));
    expect(await fitted(3, 1)).not.toEqual(await fitted(4, 1));
  });

  test("the model's seed alone decides on its first weights, if it has one", async () => {
    expect(await initial(5)).toEqual(await initial(5));
    expect(await initial(5)).not.toEqual(await initial(6));
    expect(await initial(null)).toEqual(await initial(0));
  });

  test("a new layer leaves the other layers' first weights as they are", async () => {
    const dense = layers.dense({ units: 2, name: "head" });
    const weightsOf = async (extra: ReturnType<typeof layers.dense>[]) => {
      const model = sequential([layers.flatten({ inputShape: [4, 4, 1] }), ...extra, dense], { seed: 2 });
      return (await model.getWeights()).get("head.weight");
    };
    expect(await weightsOf([layers.dense({ units: 16 })])).toEqual(await weightsOf([]));
  });
});

describe("fit, again and again", () => {
  test("a second fit goes on where the first ended, also with data of another size", async () => {
    const model = small(createRoundingEngine());
    const hypers: number[] = [];
    const note: Callback = { onEpochEnd: ({ learningRate }) => void hypers.push(learningRate) };
    await model.fit(halves(8), { batchSize: 4, callbacks: [note] });
    await model.fit(halves(12), { batchSize: 4, callbacks: [note] });
    const at = (step: number) => 0.01 * (1 + Math.cos((Math.PI * step) / 12));
    expect(hypers).toBeCloseToTensor([at(1), at(4)], { absolute: 1e-12 });
  });

  test("compiling again keeps the weights and forgets the optimizer's state", async () => {
    const engine = createRoundingEngine();
    const model = small(engine);
    await model.fit(halves(8), { epochs: 2, batchSize: 4 });
    const fresh = small(engine);
    await fresh.setWeights(await model.getWeights());
    const recompile = (target: Model) =>
      target.compile({ engine, optimizer: optimizers.adam({ learningRate: 0.01 }) });
    recompile(model);
    recompile(fresh);
    for (const target of [model, fresh]) await target.fit(halves(8), { batchSize: 4 });
    expect(await model.getWeights()).toEqual(await fresh.getWeights());
  });

  test("two fits at once are refused", async () => {
    const model = small(createReferenceEngine());
    const first = model.fit(halves(8));
    expect(await messageOf(() => model.fit(halves(8)))).toBe(
      'TrainingError: model "small" is being trained. Wait for its fit() to end.',
    );
    expect(await messageOf(() => model.compile())).toMatch(/is being trained/);
    await first;
  });

  test("a loss that blows up stops it, and the model can be trained again after setWeights", async () => {
    const model = small(createReferenceEngine());
    const before = await model.getWeights();
    model.compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: "meanSquaredError" });
    expect(await messageOf(() => model.fit(halves(12), { epochs: 9, batchSize: 4 }))).toMatch(
      /^TrainingError: epoch \d+, step \d+ of 3: the loss is (NaN|Infinity)\. Try a lower learning rate/,
    );
    await model.setWeights(before);
    model.compile({ optimizer: "adam" });
    expect((await model.fit(halves(12))).reason).toBe("completed");
  });

  test("frozen layers keep their weights", async () => {
    const model = sequential([
      layers.flatten({ inputShape: [4, 4, 1] }),
      layers.dense({ units: 3, name: "frozen", trainable: false, activation: "relu" }),
      layers.dense({ units: 2, name: "head" }),
    ]);
    model.compile({ engine: createReferenceEngine(), optimizer: "adam" });
    const before = await model.getWeights();
    await model.fit(halves(8), { epochs: 2 });
    const after = await model.getWeights();
    expect(after.get("frozen.weight")).toEqual(before.get("frozen.weight"));
    expect(after.get("head.weight")).not.toEqual(before.get("head.weight"));
  });

  test("validationSplit sets the last examples aside", async () => {
    const model = small(createReferenceEngine());
    const seen: number[] = [];
    const note: Callback = { onTrainBegin: ({ examples }) => void seen.push(examples) };
    const history = await model.fit(halves(10), { validationSplit: 0.3, callbacks: [note] });
    expect(seen).toEqual([7]);
    expect(history.epochs[0].validation).toHaveProperty("accuracy");
  });
});

test("what cannot be trained on is refused", async () => {
  const model = small(createReferenceEngine());
  const refusal = (dataset: unknown, options: object = {}) =>
    messageOf(() => model.fit(Object(dataset), options));
  const data = halves(6);
  expect(await refusal({ ...data, images: data.images.reshape([6, 2, 8, 1]) })).toBe(
    'ShapeError: halves: model "small" takes images of shape [N, 4, 4, 1], got [6, 2, 8, 1]. Resize or reshape the images, or build the model with their inputShape.',
  );
  expect(await refusal({ ...data, labels: new Tensor("int32", [6], Int32Array.of(0, 1, 1, 2, 0, 0)) })).toBe(
    'DataError: halves: label 2 of example 3 is not one of 0 to 1. Model "small" has 2 classes: build it with more, or mend the labels.',
  );
  expect(await refusal({ ...data, labels: new Tensor("int32", [5], new Int32Array(5)) })).toBe(
    "DataError: halves: there are 6 images and 5 labels. Give exactly one label for each image.",
  );
  expect(await refusal({ ...data, images: data.images.as("int32") })).toBe(
    "DataError: halves: images must be uint8 or float32 and labels int32, got int32 and int32. Make the dataset with data.fromArrays() or data.fromFeatures().",
  );
  expect(await refusal(data, { epoch: 3 })).toMatch(
    /^OptionError: fit: unknown option "epoch". Did you mean "epochs"\?/,
  );
  expect(await refusal(data, { batchSize: 0 })).toMatch(
    /option "batchSize" must be a whole number of at least 1, got 0/,
  );
  expect(await refusal(data, { callbacks: [3] })).toMatch(
    /option "callbacks" must be a list of callbacks, got \[3\]/,
  );
  expect(await refusal(data, { validationData: data, validationSplit: 0.5 })).toBe(
    "OptionError: fit: validationData and validationSplit cannot be used together.",
  );
  const raw = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 2 })]);
  expect(await messageOf(() => raw.fit(data))).toBe(
    'OptionError: model "model" is not compiled. Call model.compile({ optimizer, loss, metrics }) first.',
  );
});
