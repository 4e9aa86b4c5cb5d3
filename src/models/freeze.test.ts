import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { rootsOf, topologicalOrder } from "../graph/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { readCompileConfiguration } from "./compile.ts";
import { functional, input } from "./functional.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";
import { trainingGraph } from "./step-graphs.ts";

let wasm: Engine;

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm.close();
});

const sgd = optimizers.sgd({ learningRate: 0.1 });

/** Two stages of convolution, normalization and a residual, with statistics that are not the initial ones. */
async function backbone(engine: Engine): Promise<Model> {
  const image = input({ shape: [4, 4, 1], name: "input" });
  let x = image;
  const taps: Record<string, typeof image> = {};
  for (const stage of ["stage1", "stage2"]) {
    const convolved = layers
      .conv2d({ name: `${stage}.conv`, filters: 4, kernelSize: 3, padding: "same", useBias: false })
      .apply(x);
    const normalized = layers.batchNormalization({ name: `${stage}.bn`, momentum: 0.5 }).apply(convolved);
    const active = layers.activation({ name: `${stage}.relu`, activation: "relu" }).apply(normalized);
    x = stage === "stage1" ? active : layers.add({ name: `${stage}.add` }).apply([active, x]);
    taps[stage] = x;
  }
  const pool = layers.globalAveragePool2d({ name: "pool" }).apply(x);
  const dropped = layers.dropout({ name: "dropout", rate: 0.5 }).apply(pool);
  const outputs = layers.dense({ name: "head", units: 2 }).apply(dropped);
  const model = functional(
    { inputs: image, outputs, taps: { ...taps, global_pool: pool } },
    { name: "net", seed: 3, preprocessing: { scale: 1 / 100, offset: -1 } },
  );
  model.compile({ engine, optimizer: sgd });
  await model.fit(halves(24), { epochs: 2, batchSize: 8 });
  return model;
}

function differing(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): string[] {
  const same = (name: string) =>
    a.get(name)?.data.every((value, index) => value === b.get(name)?.data[index]);
  return [...a.keys()].filter((name) => !same(name));
}

describe("a frozen backbone with a new last layer", () => {
  const graphOf = (model: Model) =>
    trainingGraph(
      model,
      readCompileConfiguration({ optimizer: sgd }, model.architecture),
      { name: "data/train", capacity: 8, dtype: "uint8" },
      8,
    );

  test("reads as it is meant to, and does no backward work in the backbone", async () => {
    const net = await backbone(wasm);
    const features = net.tap("global_pool").freeze();
    const model = sequential([features, layers.dense({ units: 3, name: "fc" })]);
    const graph = graphOf(model);
    expect(graph.updates.map(({ variable }) => variable.attributes.name)).toEqual(["fc.weight", "fc.bias"]);
    const inBackbone = topologicalOrder(rootsOf(graph)).filter(({ scope }) => /^stage|^pool/.test(scope));
    const kinds = new Set(
      inBackbone.map(({ kind }) => kind).filter((kind) => /gradient|moments|dropout/i.test(kind)),
    );
    expect([...kinds]).toEqual([]);
    expect(model.preprocessing).toMatchObject({ scale: 1 / 100, offset: -1 });
    expect(model.architecture.taps.map(({ name }) => name)).toEqual(["stage1", "stage2", "global_pool"]);
  });

  test("normalization is folded into the convolutions of its step", async () => {
    const features = (await backbone(wasm)).tap("global_pool").freeze();
    const model = sequential([features, layers.dense({ units: 2, name: "fc" })]);
    model.compile({ engine: wasm, optimizer: sgd });
    const { operations } = await model.plan({ batchSize: 8 });
    const fused = operations.filter(
      ({ computes }) => computes.includes("conv2d") && computes.includes("relu"),
    );
    expect(new Set(fused.map(({ scope }) => scope))).toEqual(new Set(["stage1.conv", "stage2.conv"]));
    // What is left of normalization is as large as a filter (144 numbers); a batch's values are 512.
    const left = operations.filter(({ computes }) =>
      computes.some((kind) => kind.startsWith("batchNormalize")),
    );
    expect(left.every(({ flops }) => flops < 512)).toBe(true);
    const thawed = model.unfreeze("stage2");
    thawed.compile({ engine: wasm, optimizer: sgd });
    const kinds = (await thawed.plan({ batchSize: 8 })).operations.flatMap(({ computes, scope }) =>
      computes.filter((kind) => kind === "conv2dFilterGradient").map(() => scope),
    );
    expect(new Set(kinds)).toEqual(new Set(["stage2.conv"]));
  });

  test("both engines train the last layer alone, and come to what the features alone come to", async () => {
    const data = halves(30, 5);
    const losses = [];
    for (const engine of [createReferenceEngine(), wasm]) {
      const features = (await backbone(engine)).tap("global_pool").freeze();
      const model = sequential([features, layers.dense({ units: 2, name: "fc" })], { seed: 8 });
      model.compile({ engine, optimizer: sgd });
      const before = await model.getWeights();
      const { epochs } = await model.fit(data, { epochs: 3, batchSize: 8 });
      expect(differing(before, await model.getWeights())).toEqual(["fc.weight", "fc.bias"]);
      losses.push([...epochs.map(({ loss }) => loss), (await model.evaluate(data)).loss]);

      const alone = sequential([layers.dense({ units: 2, name: "fc", inputShape: [4] })], { seed: 8 });
      alone.compile({ engine, optimizer: sgd });
      await alone.setWeights(new Map([...before].filter(([name]) => name.startsWith("fc."))));
      const rows = await features.predict(data.images);
      const again = await alone.fit({ ...data, images: rows }, { epochs: 3, batchSize: 8 });
      expect(again.epochs.map(({ loss }) => loss)).toBeCloseToTensor(
        epochs.map(({ loss }) => loss),
        {
          absolute: 1e-5,
        },
      );
    }
    expect(losses[1]).toBeCloseToTensor(losses[0], { absolute: 1e-4 });
  });

  test("what is all frozen is not trained", async () => {
    const features = (await backbone(createReferenceEngine())).freeze();
    features.compile({ engine: createReferenceEngine() });
    expect(await messageOf(() => features.fit(halves(4)))).toBe(
      'OptionError: model "net": none of its layers trains. Unfreeze some with model.unfreeze(), put layers behind it with sequential([model, ...]), or give them a learning rate above 0.',
    );
  });
});

describe("unfreeze", () => {
  test("a stage trains; its statistics stay unless asked for", async () => {
    const data = halves(20, 2);
    const trained = async (model: Model) => {
      model.compile({ engine: wasm, optimizer: sgd });
      const before = await model.getWeights();
      await model.fit(data, { batchSize: 10 });
      return differing(before, await model.getWeights());
    };
    const net = (await backbone(wasm)).freeze();
    const stage = ["stage2.conv.weight", "stage2.bn.weight", "stage2.bn.bias"];
    expect(await trained(net.unfreeze("stage2"))).toEqual(stage);
    expect(await trained(net.unfreeze(["stage2", "head"], { statistics: true }))).toEqual([
      ...stage,
      "stage2.bn.running_mean",
      "stage2.bn.running_var",
      "head.weight",
      "head.bias",
    ]);
    expect(await trained(net.unfreeze("*"))).not.toContain("stage1.bn.running_mean");
  });

  test("a tap stands for the layers between the tap before and it", async () => {
    const net = (await backbone(createReferenceEngine())).freeze();
    const trainable = (model: Model) =>
      model.architecture.layers.filter(({ layer }) => layer.trainable).map(({ name }) => name);
    expect(trainable(net)).toEqual([]);
    expect(trainable(net.unfreeze("global_pool"))).toEqual(["pool"]);
    expect(trainable(net.unfreeze("stage1"))).toEqual(["stage1.conv", "stage1.bn", "stage1.relu"]);
    expect(() => net.unfreeze("stage3")).toThrow(
      'unfreeze: model "net" has no layers and no tap "stage3". Did you mean "stage',
    );
    expect(() => net.unfreeze("stage1", Object({ statistic: true }))).toThrow('unknown option "statistic"');
  });

  test("both engines learn gamma and beta over frozen statistics", async () => {
    const losses = [];
    for (const engine of [createReferenceEngine(), wasm]) {
      const model = (await backbone(engine)).freeze().unfreeze("*");
      model.compile({ engine, optimizer: sgd });
      const { epochs } = await model.fit(halves(24, 9), { epochs: 2, batchSize: 8 });
      losses.push(epochs.map(({ loss }) => loss));
    }
    expect(losses[1]).toBeCloseToTensor(losses[0], { absolute: 1e-4 });
  });

  test("files keep what is frozen; files from before have no frozen statistics", async () => {
    const model = (await backbone(createReferenceEngine())).freeze().unfreeze("stage2");
    const loaded = Model.fromBytes(await model.toBytes());
    expect(loaded.architecture).toEqual(model.architecture);
    const options = loaded.architecture.layers.find(({ name }) => name === "stage2.bn")?.layer;
    expect([options?.trainable, options?.options]).toMatchObject([true, { frozenStatistics: true }]);
    const bytes = await (await backbone(createReferenceEngine())).toBytes();
    // As such a file was written: without the option. The text stays as long by a space.
    const field = ',\\"frozenStatistics\\":false';
    const text = Buffer.from(bytes).toString("latin1");
    expect(text).toContain(field);
    const old = text.replaceAll(field, " ".repeat(field.length));
    const before = Model.fromBytes(Uint8Array.from(Buffer.from(old, "latin1")));
    expect(before.architecture.layers.find(({ name }) => name === "stage1.bn")?.layer.options).toMatchObject({
      frozenStatistics: false,
    });
  });
});
