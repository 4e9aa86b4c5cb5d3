import { describe, expect, test } from "vitest";
import { fromArrays } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { isKind, topologicalOrder } from "../graph/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { type Callback, decodeCheckpoint } from "../train/index.ts";
import { modelParameters } from "./architecture.ts";
import type { ResidentData } from "./batch-source.ts";
import { functional, input } from "./functional.ts";
import { Model } from "./model.ts";
import { evaluationGraph, predictionGraph } from "./step-graphs.ts";

const engine = createReferenceEngine();

/** tanh(x W1) W2, and a head tanh(x W1) W3. */
function threeProducts(): Model {
  const x = input({ shape: [1, 3, 1] });
  const dense = (name: string) => layers.dense({ units: 2, useBias: false, name });
  const hidden = layers
    .activation({ activation: "tanh" })
    .apply(dense("fc1").apply(layers.flatten().apply(x)));
  return functional(
    {
      inputs: x,
      outputs: dense("fc2").apply(hidden),
      taps: { hidden },
      auxiliaries: { aux: { output: dense("aux.fc").apply(hidden), weight: 0.3 } },
    },
    { name: "three", preprocessing: { scale: 0.1 } },
  );
}

const examples = fromArrays({
  images: new Tensor("uint8", [2, 1, 3, 1], Uint8Array.of(2, 4, 6, 10, 0, 5)),
  labels: [0, 1],
  classes: 2,
});

const start = new Map([
  ["fc1.weight", Tensor.from([0.1, -0.2, 0.3, 0.4, -0.5, 0.6], [3, 2])],
  ["fc2.weight", Tensor.from([0.7, -0.3, 0.2, 0.5], [2, 2])],
  ["aux.fc.weight", Tensor.from([-0.4, 0.1, 0.6, -0.2], [2, 2])],
]);

/** A trunk with two heads that have everything with state or chance in them. */
function branching(on: Engine = engine): Model {
  const x = input({ shape: [4, 4, 1] });
  const trunk = layers.conv2d({ filters: 2, kernelSize: 3, padding: "same", name: "conv" }).apply(x);
  const stage = layers.activation({ activation: "relu", name: "relu" }).apply(trunk);
  const head = (name: string) => {
    const normal = layers.batchNormalization({ momentum: 0.5, name: `${name}.bn` }).apply(stage);
    const dropped = layers
      .dropout({ rate: 0.5, name: `${name}.dropout` })
      .apply(layers.flatten().apply(normal));
    return { output: layers.dense({ units: 2, name: `${name}.fc` }).apply(dropped), weight: 0.3 };
  };
  const model = functional(
    {
      inputs: x,
      outputs: layers.dense({ units: 2, name: "fc" }).apply(layers.globalAveragePool2d().apply(stage)),
      taps: { stem: trunk, stage },
      auxiliaries: { aux1: head("aux1"), aux2: head("aux2") },
    },
    { name: "branching", classNames: ["left", "right"], seed: 5 },
  );
  model.compile({ engine: on, optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }) });
  return model;
}

describe("auxiliary heads", () => {
  test.each([
    ["reference", async () => createReferenceEngine()],
    ["wasm", async () => await createWasmEngine({ threads: 1 })],
  ] as const)(
    "three steps with a head give PyTorch 2.13's losses and weights (%s engine)",
    async (_, make) => {
      const own = await make();
      const model = threeProducts();
      model.compile({ engine: own, optimizer: optimizers.sgd({ learningRate: 0.5 }) });
      await model.setWeights(start);
      const { epochs } = await model.fit(examples, {
        epochs: 3,
        batchSize: 2,
        shuffle: false,
        validationData: examples,
      });
      const close = { absolute: 1e-6 };
      expect(epochs.map(({ loss }) => loss)).toBeCloseToTensor(
        [0.9196757273011704, 0.8930849433798792, 0.8680389907777997],
        close,
      );
      // Validation is by the model's own output.
      expect(epochs.map(({ validation }) => validation?.loss ?? 0)).toBeCloseToTensor(
        [0.6999834944887355, 0.6736040673790279, 0.6474834258268984],
        close,
      );
      const weights = await model.getWeights();
      expect(weights.get("fc1.weight")?.data ?? []).toBeCloseToTensor(
        [
          -0.088953548620697, -0.235104569921309, 0.44524043050422, 0.396872264155331, -0.412926236180073,
          0.578538045233509,
        ],
        close,
      );
      expect(weights.get("fc2.weight")?.data ?? []).toBeCloseToTensor(
        [0.709603098542233, -0.309603098542233, 0.352786110915855, 0.347213889084146],
        close,
      );
      expect(weights.get("aux.fc.weight")?.data ?? []).toBeCloseToTensor(
        [-0.387806817438016, 0.087806817438016, 0.628003218157857, -0.228003218157857],
        close,
      );
      await own.close();
    },
  );

  test("a loss that does not suit a head names it", async () => {
    const x = input({ shape: [1, 3, 1] });
    const rows = layers.flatten().apply(x);
    const output = layers.dense({ units: 2, activation: "softmax" }).apply(rows);
    const heads = { aux1: { output, weight: 1 } };
    const model = functional({
      inputs: x,
      outputs: layers.dense({ units: 2 }).apply(rows),
      auxiliaries: heads,
    });
    model.compile({ engine });
    expect(await messageOf(() => model.fit(examples))).toBe(
      'OptionError: compile: auxiliary head "aux1": the loss takes logits, but the model ends in a softmax. Drop the softmax, or give the loss { fromLogits: false }.',
    );
  });

  test("heads have dropout, statistics and momentum of their own, and none of it in inference", async () => {
    const model = branching();
    const before = await model.getWeights();
    await model.fit(halves(6), { batchSize: 3 });
    const after = await model.getWeights();
    for (const [name, value] of before) expect(after.get(name)?.data, name).not.toEqual(value.data);

    const context = { architecture: model.architecture, preprocessing: model.preprocessing };
    const resident: ResidentData = { name: "data/x", capacity: 4, dtype: "uint8" };
    const { compiled } = model;
    if (compiled === null) throw new Error("not compiled");
    for (const graph of [
      predictionGraph(context, "input", 2),
      evaluationGraph(context, compiled, resident, 2, true),
    ]) {
      const names = topologicalOrder(Object.values(graph.outputs)).flatMap((node) =>
        isKind(node, "variable") ? [node.attributes.name] : [],
      );
      expect(names.filter((name) => !name.startsWith("data/"))).toEqual([
        "conv.weight",
        "conv.bias",
        "fc.weight",
        "fc.bias",
      ]);
    }
  });

  test("the trunk's layers, names and random numbers are those of the net without heads", async () => {
    const { architecture } = branching();
    expect(architecture.layers.map(({ name }) => name)).toEqual([
      "input",
      "conv",
      "relu",
      "globalAveragePool2d",
      "fc",
      "aux1.bn",
      "flatten",
      "aux1.dropout",
      "aux1.fc",
      "aux2.bn",
      "flatten_1",
      "aux2.dropout",
      "aux2.fc",
    ]);
    expect(
      modelParameters(architecture)
        .filter(({ auxiliary }) => !auxiliary)
        .map(({ name }) => name),
    ).toEqual(["conv.weight", "conv.bias", "fc.weight", "fc.bias"]);
  });

  test("the summary counts parameters with and without heads", () => {
    const summary = branching().summary();
    // A head: 4 numbers for each of 2 channels, 32 x 2 weights, 2 biases.
    expect(summary).toMatchObject({
      parameters: 20 + 6,
      trainableParameters: 26,
      auxiliaryParameters: 2 * 74,
    });
    expect(summary.layers.find(({ name }) => name === "aux1.fc")).toMatchObject({
      parameters: 66,
      flops: 0,
      auxiliary: true,
    });
    const text = String(summary);
    expect(text).toContain("Parameters: 26 (26 trainable, 0 not)");
    expect(text).toContain("Parameters of auxiliary heads, in training only: 148");
    expect(text).toContain("aux1.fc (dense, in training only)");
  });

  test("files keep heads and taps, and training resumes bit for bit", async () => {
    const data = halves(7);
    const fitOptions = { epochs: 2, batchSize: 3, seed: 2 };
    const whole = branching(createRoundingEngine());
    await whole.fit(data, fitOptions);

    const checkpoints: Uint8Array[] = [];
    const stopAtThree: Callback = {
      onProgress: async ({ step }, control) => {
        if (step !== 3) return;
        checkpoints.push(await control.saveCheckpoint());
        control.stop();
      },
    };
    await branching(createRoundingEngine()).fit(data, { ...fitOptions, callbacks: [stopAtThree] });
    const [bytes = new Uint8Array()] = checkpoints;
    const checkpoint = decodeCheckpoint(bytes, { name: "c" });
    const resumed = Model.fromCheckpoint(checkpoint, { engine: createRoundingEngine() });
    await resumed.fit(data, { resumeFrom: checkpoint });
    expect(await resumed.getWeights()).toEqual(await whole.getWeights());

    const loaded = Model.fromBytes(await whole.toBytes(), { engine: createRoundingEngine() });
    expect(loaded.architecture.taps).toEqual(whole.architecture.taps);
    expect(loaded.architecture.auxiliaries).toEqual(whole.architecture.auxiliaries);
    expect(await loaded.toBytes()).toEqual(await whole.toBytes());
    expect(await loaded.predict(data.images)).toEqual(await whole.predict(data.images));
  });
});

describe("taps", () => {
  test("name values of the net, beside its layers' names", async () => {
    const { images } = halves(3);
    const model = branching();
    const values = await model.activations(images, { layers: ["stage", "conv", "aux1.fc"] });
    const relu = values.get("stage")?.data ?? [];
    expect(values.get("stage")?.shape).toEqual([3, 4, 4, 2]);
    expect(Math.max(...relu)).toBeGreaterThan(0);
    expect(relu).toEqual((values.get("conv")?.data ?? new Float32Array()).map((value) => Math.max(0, value)));
    expect(values.get("aux1.fc")?.shape).toEqual([3, 2]);
    expect(await messageOf(() => model.activations(images, { layers: ["stag"] }))).toMatch(
      /^OptionError: model "branching": there is no tap or layer "stag"\. Did you mean "stage"\? Known: stem, stage, input, conv, /,
    );
  });

  test("a model ends at a tap with the same names and copies of the weights", async () => {
    const { images } = halves(3);
    const model = branching();
    const whole = await model.activations(images, { layers: ["stage"] });
    const stage = model.tap("stage");
    expect(stage).toMatchObject({
      name: "branching.stage",
      outputShape: [4, 4, 2],
      classNames: null,
      compiled: null,
    });
    expect(stage.architecture.layers.map(({ name }) => name)).toEqual(["input", "conv", "relu"]);
    expect(stage.architecture.taps.map(({ name }) => name)).toEqual(["stem", "stage"]);
    expect(stage.architecture.auxiliaries).toEqual([]);
    expect(await stage.predict(images)).toEqual(whole.get("stage"));

    await stage.setWeights(new Map([["conv.bias", Tensor.from([9, 9])]]));
    expect((await model.getWeights()).get("conv.bias")?.data).toEqual(Float32Array.of(0, 0));

    const loaded = Model.fromBytes(await stage.toBytes(), { engine });
    expect(await loaded.predict(images)).toEqual(await stage.predict(images));
    expect(await messageOf(() => model.tap("nothing"))).toMatch(/there is no tap or layer "nothing"/);
  });

  test("a tap may be a branch: layers that it does not need are left behind", async () => {
    const x = input({ shape: [2] });
    const left = layers.dense({ units: 3 }).apply(x);
    const right = layers.dense({ units: 4 }).apply(x);
    const y = layers.concatenate().apply([left, right]);
    const model = functional({ inputs: x, outputs: y, taps: { right } });
    model.compile({ engine });
    const branch = model.tap("right");
    expect([...(await branch.getWeights()).keys()]).toEqual(["dense_1.weight", "dense_1.bias"]);
    expect(branch.architecture.calls.map(({ inputs }) => inputs)).toEqual([[], [0]]);
    const at = Tensor.from([1, 2], [1, 2]);
    const joined = await model.predict(at);
    expect((await branch.predict(at)).data).toEqual(joined.data.slice(3));
  });
});

describe("errors", () => {
  const graph = () => {
    const inputs = input({ shape: [3] });
    const hidden = layers.dense({ units: 5, name: "hidden" }).apply(inputs);
    return { inputs, hidden, outputs: layers.dense({ units: 2, name: "fc" }).apply(hidden) };
  };

  test.each([
    [
      () => {
        const { hidden, ...ends } = graph();
        return functional({ ...ends, auxiliaries: { aux: { output: hidden, weight: 1 } } });
      },
      'ShapeError: model "model": auxiliary head "aux" ends in [5], the model in [2]. Give the head one score a class, like the model.',
    ],
    [
      () => functional({ ...graph(), auxiliaries: { aux: Object({ output: graph().outputs }) } }),
      'OptionError: functional, auxiliaries, aux: option "weight" is missing. It has no default.',
    ],
    [
      () => functional({ ...graph(), auxiliaries: { aux: { output: graph().outputs, weight: -1 } } }),
      'OptionError: functional, auxiliaries, aux: option "weight" must be a number at least 0, got -1.',
    ],
    [
      () => functional({ ...graph(), auxiliaries: { aux: { output: graph().outputs, weight: 1 } } }),
      "OptionError: functional: the output depends on 2 inputs, one is allowed.",
    ],
    [
      () => functional({ ...graph(), auxiliaries: Object([]) }),
      'OptionError: functional: option "auxiliaries" must be an object, got []. Write auxiliaries: { name: ... }.',
    ],
    [
      () => functional({ ...graph(), taps: { elsewhere: graph().hidden } }),
      'OptionError: functional: tap "elsewhere" is not on the way from the input to the output. Tap a tensor that the output is computed from.',
    ],
    [
      () => {
        const { hidden, ...ends } = graph();
        const output = layers.dense({ units: 2 }).apply(hidden);
        return functional({ ...ends, taps: { head: output }, auxiliaries: { aux: { output, weight: 1 } } });
      },
      'OptionError: model "model": tap "head" is not on the way from the input to the output. Tap a tensor that the output is computed from.',
    ],
    [
      () => functional({ ...graph(), taps: { "a/b": graph().hidden } }),
      'OptionError: functional: option "taps" must be up to 200 letters, digits, dots, dashes and underscores, got "a/b".',
    ],
    [
      () => functional({ ...graph(), taps: { a: Object(3) } }),
      'OptionError: functional, taps: option "a" must be a tensor of the graph, got 3.',
    ],
  ])("%#", async (make, message) => {
    expect(await messageOf(make)).toBe(message);
  });
});
