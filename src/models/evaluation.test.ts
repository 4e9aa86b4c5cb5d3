import { describe, expect, test } from "vitest";
import { fromArrays } from "../data/index.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { layers } from "../layers/index.ts";
import { metrics } from "../metrics/index.ts";
import { MemoryError, RandomStream, Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { sequential } from "./sequential.ts";

function randomData(count: number, shape: readonly [number, number, number], seed = 1) {
  const random = new RandomStream(seed);
  const images = Tensor.zeros("uint8", [count, ...shape]);
  for (let index = 0; index < images.data.length; index++) images.data[index] = random.integer(256);
  const labels = Int32Array.from({ length: count }, () => random.integer(4));
  return fromArrays({ images, labels, classes: 4 });
}

function classifier(shape: readonly [number, number, number], engine: Engine = createReferenceEngine()) {
  const model = sequential([
    layers.averagePool2d({ poolSize: [shape[0] / 2, shape[1] / 2], inputShape: shape, name: "pool" }),
    layers.flatten(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 4, kernelInitializer: "heNormal", name: "head" }),
  ]);
  model.compile({ engine, metrics: ["accuracy", metrics.topKAccuracy({ k: 2 })] });
  return model;
}

/** Loss and metrics from predictions, by the formulas. */
function scoresOf(logits: Tensor<"float32">, labels: Int32Array) {
  const rows = Array.from(labels, (_, n) => [...logits.data.subarray(n * 4, n * 4 + 4)]);
  const loss = rows.map((row, n) => Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[labels[n]]);
  const rank = rows.map((row, n) => row.filter((z) => z > row[labels[n]]).length);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    loss: mean(loss),
    accuracy: mean(rank.map((r) => (r < 1 ? 1 : 0))),
    top2Accuracy: mean(rank.map((r) => (r < 2 ? 1 : 0))),
  };
}

describe("evaluate counts every example once", () => {
  test.each([
    [23, 5],
    [23, 23],
    [3, 256],
    [64, 8],
    [1, 1],
  ])("%i examples in batches of %i", async (count, batchSize) => {
    const data = randomData(count, [4, 4, 2]);
    const model = classifier([4, 4, 2]);
    const expected = scoresOf(await model.predict(data.images, { batchSize: 7 }), data.labels.data);
    const { loss, examples, ...rest } = await model.evaluate(data, { batchSize });
    expect(examples).toBe(count);
    expect(loss).toBeCloseTo(expected.loss, 5);
    expect(rest).toEqual({ accuracy: expected.accuracy, top2Accuracy: expected.top2Accuracy });
  });

  test("more than fits into the engine at once streams through", async () => {
    // 128 x 128 x 3 bytes an image: 170 images at once.
    const data = randomData(400, [128, 128, 3]);
    const model = classifier([128, 128, 3]);
    const { logits, ...expected } = {
      logits: 0,
      ...scoresOf(await model.predict(data.images), data.labels.data),
    };
    const scores = await model.evaluate(data, { batchSize: 64 });
    expect(scores.loss).toBeCloseTo(expected.loss, 5);
    expect(scores).toMatchObject({ accuracy: expected.accuracy, top2Accuracy: expected.top2Accuracy });
  });
});

describe("predict", () => {
  test("bytes are preprocessed, float32 is taken as it is", async () => {
    const data = randomData(10, [4, 4, 2]);
    const model = classifier([4, 4, 2]);
    const scaled = new Tensor(
      "float32",
      data.images.shape,
      Float32Array.from(data.images.data, (byte) => byte / 255),
    );
    const fromBytes = await model.predict(data.images, { batchSize: 4 });
    expect(fromBytes.shape).toEqual([10, 4]);
    expect(await model.predict(scaled, { batchSize: 3 })).toBeCloseToTensor(fromBytes);
    const { data: head } = (await model.getWeights()).get("head.weight") ?? fromBytes;
    const { data: pooled } =
      (await model.activations(data.images, { layers: ["pool"] })).get("pool") ?? fromBytes;
    const first = [0, 1, 2, 3].map((c) =>
      pooled.subarray(0, 8).reduce((sum, x, i) => sum + x * head[i * 4 + c], 0),
    );
    expect([...fromBytes.data.subarray(0, 4)]).toBeCloseToTensor(first, { absolute: 1e-5 });
  });

  test("classes are those with the greatest score", async () => {
    const data = randomData(9, [4, 4, 2]);
    const model = classifier([4, 4, 2]);
    const { data: scores } = await model.predict(data.images);
    const expected = Array.from({ length: 9 }, (_, n) => {
      const row = [...scores.subarray(n * 4, n * 4 + 4)];
      return row.indexOf(Math.max(...row));
    });
    expect([...(await model.predictClasses(data.images))]).toEqual(expected);
  });

  test("activations of layers by name", async () => {
    const images = new Tensor("uint8", [1, 2, 2, 1], Uint8Array.of(0, 51, 102, 255));
    const model = sequential([
      layers.conv2d({ filters: 1, kernelSize: 1, inputShape: [2, 2, 1], name: "twice", useBias: false }),
      layers.globalMaxPool2d({ name: "most" }),
      layers.dense({ units: 2 }),
    ]);
    model.compile({ engine: createReferenceEngine() });
    await model.setWeights(new Map([["twice.weight", Tensor.from([2], [1, 1, 1, 1])]]));
    const values = await model.activations(images, { layers: ["most", "twice"] });
    expect([...values.keys()]).toEqual(["most", "twice"]);
    expect(values.get("twice")?.shape).toEqual([1, 2, 2, 1]);
    expect(values.get("twice")?.data ?? []).toBeCloseToTensor([0, 0.4, 0.8, 2]);
    expect(values.get("most")?.data ?? []).toBeCloseToTensor([2]);
    expect(await messageOf(() => model.activations(images, { layers: ["mots"] }))).toBe(
      'OptionError: model "model": there is no layer "mots". Did you mean "most"? Known: input, twice, most, dense.',
    );
  });

  test("wrong images and options are refused", async () => {
    const model = classifier([4, 4, 2]);
    expect(await messageOf(() => model.predict(Tensor.zeros("uint8", [3, 4, 4, 1])))).toBe(
      'ShapeError: predict: model "model" takes images of shape [N, 4, 4, 2], got [3, 4, 4, 1]. Resize or reshape the images, or build the model with their inputShape.',
    );
    expect(await messageOf(() => model.predict(Tensor.zeros("uint8", [1, 4, 4, 2]), { batchSize: 0 }))).toBe(
      'OptionError: predict: option "batchSize" must be a whole number of at least 1, got 0.',
    );
  });
});

test("many test sets, of many sizes, share a few variables", async () => {
  const sessions: Session[] = [];
  const engine = createReferenceEngine();
  const spying: Engine = {
    ...engine,
    openSession: async () => {
      const session = await engine.openSession();
      sessions.push(session);
      return session;
    },
  };
  const model = classifier([4, 4, 2], spying);
  for (let count = 33; count <= 64; count += 3)
    await model.evaluate(randomData(count, [4, 4, 2]), { batchSize: 16 });
  expect(sessions).toHaveLength(1);
  expect([...sessions[0].variables().keys()].sort()).toEqual([
    "data/stream/uint8/64/images",
    "data/stream/uint8/64/labels",
    "head.bias",
    "head.weight",
  ]);
  await model.fit(randomData(20, [4, 4, 2]), { validationData: randomData(40, [4, 4, 2]) });
  await model.fit(randomData(30, [4, 4, 2]));
  const last = sessions[sessions.length - 1].variables();
  expect([...last.keys()].filter((name) => name.startsWith("data/"))).toEqual([
    "data/train/images",
    "data/train/labels",
  ]);
  expect(last.get("data/train/images")?.shape).toEqual([30, 4, 4, 2]);
});

test("plans a training step, and a prediction before compile", async () => {
  const engine = createReferenceEngine();
  const model = classifier([4, 4, 2], engine);
  const plan = await model.plan({ batchSize: 8 });
  expect(plan.operations.some(({ kernel }) => kernel === "adam")).toBe(true);
  expect(plan.variableBytes).toBeGreaterThan(0);
});

test("evaluateClasses gives the figures of evaluate and the classes of predictClasses", async () => {
  const data = randomData(11, [4, 4, 2]);
  const model = classifier([4, 4, 2]);
  const { result, classes } = await model.evaluateClasses(data, { batchSize: 4 });
  expect(result).toEqual(await model.evaluate(data, { batchSize: 4 }));
  expect(classes).toEqual(await model.predictClasses(data.images));
  expect(new Set(classes).size).toBeGreaterThan(1);
});

test("the usual batch is halved where memory does not hold it: nothing is counted twice", async () => {
  const sizes: number[] = [];
  const limited: Engine = {
    ...createReferenceEngine(),
    openSession: async () => {
      const session = await createReferenceEngine().openSession();
      const compile: Session["compile"] = async (graph, options) => {
        const batchSize = Object.values(graph.outputs).at(-1)?.shape[0] ?? 0;
        sizes.push(batchSize);
        if (batchSize > 100) throw new MemoryError("full");
        return await session.compile(graph, options);
      };
      return new Proxy(session, {
        get: (target, name) => {
          if (name === "compile") return compile;
          const value = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
  const data = randomData(150, [4, 4, 2]);
  const expected = await classifier([4, 4, 2]).evaluateClasses(data, { batchSize: 10 });
  const model = classifier([4, 4, 2], limited);
  const { result, classes } = await model.evaluateClasses(data);
  expect(classes).toEqual(expected.classes);
  expect(result).toMatchObject({ accuracy: expected.result["accuracy"], examples: 150 });
  expect(await model.predictClasses(data.images)).toEqual(classes);
  expect(sizes).toEqual([150, 128, 64, 22, 64, 22]);
});

describe("calls side by side", () => {
  test("predictions and evaluations that nobody awaits in between get their own data", async () => {
    const model = classifier([4, 4, 2]);
    const sets = [1, 2, 3].map((seed) => randomData(9, [4, 4, 2], seed));
    const alone = [];
    for (const set of sets) alone.push([await model.predict(set.images), await model.evaluate(set)]);
    const together = sets.map((set) => Promise.all([model.predict(set.images), model.evaluate(set)]));
    expect(await Promise.all(together)).toEqual(alone);
  });

  test("a prediction under way ends as it would have when the model is compiled anew", async () => {
    const model = classifier([4, 4, 2]);
    const { images } = randomData(9, [4, 4, 2]);
    const expected = await model.predict(images);
    const before = [model.predict(images), model.predict(images)];
    model.compile({ engine: createReferenceEngine() });
    const after = [model.predict(images), model.predict(images)];
    for (const output of await Promise.all([...before, ...after])) expect(output).toEqual(expected);
  });

  test("an engine that could not be opened may be asked for again", async () => {
    const engine = createReferenceEngine();
    let attempts = 0;
    const failing: Engine = {
      name: "fails once",
      threads: 1,
      openSession: async () => {
        if (attempts++ === 0) throw new Error("no memory yet");
        return engine.openSession();
      },
      close: () => engine.close(),
    };
    const model = classifier([4, 4, 2], failing);
    const { images } = randomData(3, [4, 4, 2]);
    await expect(model.predict(images)).rejects.toThrow("no memory yet");
    expect((await model.getWeights()).size).toBe(2);
    expect((await model.predict(images)).shape).toEqual([3, 4]);
  });
});
