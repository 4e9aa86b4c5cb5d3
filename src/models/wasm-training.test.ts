import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ImageDataset } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layerKinds, layers, type SymbolicTensor } from "../layers/index.ts";
import { metrics } from "../metrics/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { halves } from "../testing/halves.ts";
import { type Callback, decodeCheckpoint, type History } from "../train/index.ts";
import { functional, input } from "./functional.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

const engines = new Map<number, Engine>();

beforeAll(async () => {
  for (const threads of [1, 2]) engines.set(threads, await createWasmEngine({ threads }));
});

afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});

function engineWith(threads: number): Engine {
  const engine = engines.get(threads);
  if (engine === undefined) throw new Error("no engine");
  return engine;
}

/** The kinds that few nets have, one behind the other. Shapes: [2, 2, C] -> [4]. */
function rareLayers(x: SymbolicTensor): SymbolicTensor {
  const upwards = [
    layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }),
    layers.depthwiseConv2d({ kernelSize: 3, padding: "same", activation: "hardSwish" }),
    layers.separableConv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu6" }),
    layers.localResponseNormalization({ size: 3, alpha: 1 }),
    layers.padding2d({ padding: 1, mode: "reflect" }),
    layers.blurPool2d({ strides: 1 }),
    layers.cropping2d({ cropping: [1, 0] }),
    layers.resize2d({ outputSize: [5, 3] }),
    layers.upSampling2d(),
    layers.slice({ axis: 1, begin: 1, end: -2 }),
    layers.permute({ dims: [2, 1, 3] }),
    layers.prelu({ sharedAxes: [1, 2] }),
    layers.leakyRelu({ slope: 0.1 }),
    layers.scale(),
    layers.arithmetic({ operation: "add", shape: [7, 1] }),
    layers.rescaling({ scale: [1, 2, 0.5, 1], offset: 0.1 }),
  ];
  const maps = upwards.reduce((value, layer) => layer.apply(value), x);
  const below = layers.rescaling({ scale: 0.1, offset: 2 });
  const limited = below.apply(layers.clip({ minimum: -3, maximum: 3 }).apply(maps));
  const shares = layers.softmax({ axis: 1 }).apply(layers.divide().apply([maps, limited]));
  const logarithms = layers.logSoftmax().apply(layers.subtract().apply([maps, shares]));
  return layers.reduceMean({ axes: [1, 2] }).apply(layers.average().apply([logarithms, maps, shares]));
}

/** One of every kind of layer. */
function everyLayer(engine: Engine): Model {
  const x = input({ shape: [4, 4, 1] });
  const padded = layers.zeroPadding2d({ padding: 1 }).apply(x);
  const conv = layers.conv2d({ filters: 4, kernelSize: 3, useBias: false }).apply(padded);
  const normal = layers.batchNormalization({ momentum: 0.9 }).apply(conv);
  const gelu = layers.activation({ activation: "gelu" }).apply(normal);
  const grouped = layers
    .conv2d({ filters: 4, kernelSize: 3, padding: "same", groups: 2, activation: "tanh" })
    .apply(gelu);
  const gate = layers
    .activation({ activation: "sigmoid" })
    .apply(layers.globalAveragePool2d({ keepDimensions: true }).apply(grouped));
  const sum = layers.add().apply([layers.multiply().apply([grouped, gate]), gelu]);
  const pools = [
    layers.maxPool2d({ poolSize: 3, strides: 2, padding: "same" }).apply(sum),
    layers.averagePool2d({ poolSize: 3, strides: 2, padding: "same" }).apply(sum),
  ];
  const joined = layers.concatenate().apply(pools);
  const rows = layers.flatten().apply(layers.reshape({ targetShape: [4, 8] }).apply(joined));
  const shares = layers.adaptiveAveragePool2d({ outputSize: 3 }).apply(joined);
  const heads = [
    layers.dropout({ rate: 0.2 }).apply(rows),
    layers.globalMaxPool2d().apply(joined),
    layers.flatten().apply(shares),
    rareLayers(joined),
  ];
  const y = layers.dense({ units: 2 }).apply(layers.concatenate().apply(heads));
  const model = functional({ inputs: x, outputs: y }, { name: "every", seed: 3 });
  expect(new Set(model.architecture.layers.map(({ layer }) => layer.kind))).toEqual(new Set(layerKinds));
  model.compile({
    engine,
    optimizer: optimizers.adamW({ learningRate: 0.01, clipNorm: 1 }),
    metrics: ["accuracy", metrics.topKAccuracy({ k: 2 })],
  });
  return model;
}

const options = { epochs: 3, batchSize: 8, seed: 5, augment: { shift: 1 } };

async function weightsAfter(engine: Engine, data: ImageDataset): Promise<Map<string, Tensor>> {
  const model = everyLayer(engine);
  await model.fit(data, options);
  return await model.getWeights();
}

describe("on the wasm engine", () => {
  const data = halves(43);

  test("a model with every kind of layer trains as on the reference engine", async () => {
    const figures: History[] = [];
    for (const engine of [createReferenceEngine(), engineWith(2)]) {
      const model = everyLayer(engine);
      figures.push(await model.fit(data, { ...options, validationData: halves(21, 8) }));
    }
    const [expected, actual] = figures.map(({ epochs }) =>
      epochs.flatMap(({ loss, metrics: { accuracy = 0 }, validation }) => [
        loss,
        accuracy,
        validation?.loss ?? 0,
      ]),
    );
    expect(actual).toBeCloseToTensor(expected, { absolute: 2e-3 });
  });

  test("one thread and two give the same weights, bit for bit, and so does a second run", async () => {
    const two = await weightsAfter(engineWith(2), data);
    expect(await weightsAfter(engineWith(1), data)).toEqual(two);
    expect(await weightsAfter(engineWith(2), data)).toEqual(two);
  });

  test("a run that is resumed, after any number of steps, ends with the same weights", async () => {
    const expected = await weightsAfter(engineWith(2), data);
    for (const stopAfter of [1, 4, 6, 11, 17]) {
      const abort = new AbortController();
      let bytes = new Uint8Array();
      const callback: Callback = {
        onProgress: ({ epoch, step }) => {
          if (epoch * 6 + step >= stopAfter) abort.abort();
        },
        onTrainEnd: async (_, control) => {
          bytes = await control.saveCheckpoint();
        },
      };
      await everyLayer(engineWith(2)).fit(data, { ...options, callbacks: [callback], signal: abort.signal });
      const checkpoint = decodeCheckpoint(bytes, { name: "test" });
      const model = Model.fromCheckpoint(checkpoint, { engine: engineWith(1) });
      await model.fit(data, { resumeFrom: checkpoint });
      expect(await model.getWeights()).toEqual(expected);
    }
  });

  test("a separable problem is learnt to the last example", async () => {
    const model = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 2 })]);
    model.compile({ engine: engineWith(2), optimizer: optimizers.adam({ learningRate: 0.05 }) });
    await model.fit(data, { epochs: 20, batchSize: 8 });
    expect(await model.evaluate(data)).toMatchObject({ accuracy: 1, examples: 43 });
    expect(await model.predictClasses(data.images)).toEqual(data.labels.data);
  });

  test("predictions do not depend on the batch size, and float32 images give those of their bytes", async () => {
    const model = everyLayer(engineWith(2));
    const whole = await model.predict(data.images);
    expect(await model.predict(data.images, { batchSize: 5 })).toBeCloseToTensor(whole, { absolute: 1e-5 });
    const scaled = new Tensor(
      "float32",
      data.images.shape,
      Float32Array.from(data.images.data, (byte) => byte / 255),
    );
    expect(await model.predict(scaled, { batchSize: 7 })).toBeCloseToTensor(whole, { absolute: 1e-5 });
  });
});
