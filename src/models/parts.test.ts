import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { OptionError, ShapeError, Tensor } from "../tensor/index.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import type { Callback } from "../train/index.ts";
import { functional, input } from "./functional.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

let wasm: Engine;

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm.close();
});

const data = halves(12);

function engineOf(name: string): Engine {
  return name === "wasm" ? wasm : createReferenceEngine();
}

describe.each(["reference", "wasm"])(
  "a tapped model has the weights of the moment of its tap (%s)",
  (name) => {
    test("before anything has run, while both go on", async () => {
      const model = small(engineOf(name), 4);
      const tapped = model.tap("flatten");
      await model.fit(data, { epochs: 2 });
      const fresh = small(engineOf(name), 4).tap("flatten");
      expect(await tapped.getWeights()).toEqual(await fresh.getWeights());
      expect(await tapped.predict(data.images)).toEqual(await fresh.predict(data.images));
    });

    test("after training, which then goes on", async () => {
      const model = small(engineOf(name), 4);
      await model.fit(data, { epochs: 1 });
      const then = await model.getWeights();
      const tapped = [model.tap("flatten"), model.tap("flatten").freeze(), model.freeze()];
      await model.fit(data, { epochs: 1 });
      expect(await model.getWeights()).not.toEqual(then);
      for (const part of tapped) {
        for (const [key, value] of await part.getWeights()) expect(value).toEqual(then.get(key));
      }
    });

    test("before weights are set, and after the model is compiled anew", async () => {
      const model = small(engineOf(name), 4);
      const first = await model.predict(data.images);
      const tapped = model.tap("dense");
      model.compile({ engine: engineOf(name) });
      await model.fit(data);
      await model.setWeights(new Map([["dense.bias", Tensor.from([3, -3])]]));
      expect(await tapped.predict(data.images)).toEqual(first);
    });

    test("in the middle of training", async () => {
      const model = small(engineOf(name), 4);
      const taken: { readonly tapped: Model; readonly weights: ReadonlyMap<string, Tensor> }[] = [];
      const take: Callback = {
        onEpochEnd: async (_event, control) => {
          const tapped = model.tap("dense");
          taken.push({ tapped, weights: await control.readWeights() });
        },
      };
      await model.fit(data, { epochs: 3, batchSize: 5, callbacks: [take] });
      expect(taken).toHaveLength(3);
      for (const { tapped, weights } of taken) expect(await tapped.getWeights()).toEqual(weights);
    });
  },
);

describe("weights are copied when they are needed", () => {
  /** An engine that counts the variables that are read. */
  function counting() {
    const engine = createReferenceEngine();
    const counts = { read: 0 };
    const openSession: Engine["openSession"] = async () => {
      const session = await engine.openSession();
      const count = (names: readonly string[]) => {
        counts.read += names.length;
      };
      return {
        ...session,
        compile: (graph, options) => session.compile(graph, options),
        forecast: (graph) => session.forecast(graph),
        allocate: (variable, type) => session.allocate(variable, type),
        variables: () => session.variables(),
        write: (variable, value) => session.write(variable, value),
        lease: () => session.lease(),
        close: () => session.close(),
        read: (name) => {
          count([name]);
          return session.read(name);
        },
        readAll: (names) => {
          count(names);
          return session.readAll(names);
        },
      };
    };
    return { engine: { ...engine, openSession }, counts };
  }

  test("not by tap, freeze or sequential; nor for a part that has what it needs", async () => {
    const { engine, counts } = counting();
    const model = small(engine, 1);
    await model.predict(data.images);
    const features = model.tap("flatten").freeze();
    const whole = sequential([features, layers.dense({ units: 2, name: "fc" })]);
    expect(counts.read).toBe(0);
    await features.predict(data.images);
    await whole.predict(data.images);
    // The filter, and four of batch normalization, for each of the two.
    expect(counts.read).toBe(10);
  });
});

describe("models as parts of sequential", () => {
  test("keep names, weights, taps and preprocessing; their own training goes on apart", async () => {
    const engine = createReferenceEngine();
    const net = small(engine, 4);
    await net.fit(data, { epochs: 1 });
    const body = net.tap("flatten");
    const model = sequential([body, layers.dense({ units: 5 }), layers.dense({ units: 3 })], { name: "own" });
    expect(model.architecture.layers.map(({ name }) => name)).toEqual([
      ...body.architecture.layers.map(({ name }) => name),
      "dense",
      "dense_1",
    ]);
    expect(model.outputShape).toEqual([3]);
    const flattened = (await net.activations(data.images, { layers: ["flatten"] })).get("flatten");
    const again = (await model.activations(data.images, { layers: ["flatten"] })).get("flatten");
    // The reference keeps weights in float64, a copy of them is float32.
    expect(again?.data ?? []).toBeCloseToTensor(flattened?.data ?? [1], { absolute: 1e-6 });
    const before = await body.getWeights();
    model.compile({ engine });
    await model.fit(data, { epochs: 1 });
    expect(await body.getWeights()).toEqual(before);
    expect((await model.getWeights()).get("conv2d.weight")).not.toEqual(before.get("conv2d.weight"));
    const loaded = Model.fromBytes(await model.toBytes(), { engine });
    expect(await loaded.predict(data.images)).toBeCloseToTensor(await model.predict(data.images), {
      absolute: 1e-6,
    });
  });

  test("one model may follow another", async () => {
    const image = input({ shape: [4, 4, 1] });
    const conv = layers.conv2d({ name: "first.conv", filters: 2, kernelSize: 3 }).apply(image);
    const first = functional({ inputs: image, outputs: conv, taps: { maps: conv } }, { seed: 1 });
    const second = sequential(
      [layers.flatten({ inputShape: [2, 2, 2], name: "flat" }), layers.dense({ units: 2, name: "fc" })],
      { seed: 2 },
    );
    const both = sequential([first, layers.activation({ activation: "relu", name: "relu" }), second]);
    expect(both.architecture.taps).toEqual([{ name: "maps", call: 1 }]);
    expect([both.inputShape, both.outputShape]).toEqual([[4, 4, 1], [2]]);
    const maps = await first.predict(data.images);
    const rectified = new Tensor(
      "float32",
      maps.shape,
      maps.data.map((value) => Math.max(0, value)),
    );
    expect(await both.predict(data.images)).toBeCloseToTensor(await second.predict(rectified), {
      absolute: 1e-6,
    });
  });

  test("another preprocessing may be given; one model alone is a copy of it", async () => {
    const net = small(createReferenceEngine(), 4);
    expect(sequential([net]).preprocessing).toEqual(net.preprocessing);
    const own = sequential([net], { preprocessing: { scale: 1, offset: -128 } });
    expect(own.preprocessing).toMatchObject({ scale: 1, offset: -128 });
    expect(await sequential([net]).predict(data.images)).toEqual(await net.predict(data.images));
    expect(await new Model(net.parts()).evaluate(data)).toEqual(await net.evaluate(data));
  });

  test("fresh layers take the seed of the first fit, as they do alone", async () => {
    const weights = [];
    for (const seed of [1, 2]) {
      const model = sequential([
        small(wasm, 4).tap("flatten").freeze(),
        layers.dense({ units: 2, name: "fc" }),
      ]);
      model.compile({ engine: wasm, optimizer: "sgd" });
      await model.fit(data, { seed });
      weights.push(await model.getWeights());
    }
    expect(weights[0].get("conv2d.weight")).toEqual(weights[1].get("conv2d.weight"));
    expect(weights[0].get("fc.weight")).not.toEqual(weights[1].get("fc.weight"));
  });

  test("what does not go together is refused", () => {
    const net = small(createReferenceEngine(), 4);
    const body = net.tap("flatten");
    expect(() => sequential([body, layers.dense({ units: 2, name: "conv2d" })])).toThrow(
      'model: two layers are named "conv2d". Give each layer a name of its own, or none.',
    );
    expect(() => sequential([body, body])).toThrow(ShapeError);
    expect(() => sequential([body, body])).toThrow(
      'sequential: model "small.flatten" takes [4, 4, 1], what comes before it gives [8]. Put layers between them that make the one of the other.',
    );
    const image = input({ shape: [4, 4, 1] });
    const end = layers.activation({ activation: "relu" }).apply(image);
    const tapped = functional({ inputs: image, outputs: end, taps: { end } });
    expect(() => sequential([tapped, new Model(tapped.parts())])).toThrow(OptionError);
    expect(() => sequential([Object("layer")])).toThrow("sequential: layers must be a list of layers.");
  });
});
