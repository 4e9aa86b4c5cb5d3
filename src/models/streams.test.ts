import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { augmentations, fromArrays, type ImageDataset, type ImageStream, split } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { RandomStream, Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint, type History } from "../train/index.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";

let wasm: Engine;

beforeAll(async () => {
  wasm = await createWasmEngine({ threads: 2 });
});

afterAll(async () => {
  await wasm.close();
});

interface StreamLog {
  /** Indices of each read, in the order of the calls. */
  readonly reads: number[][];
  /** The most images that were being read, or had been read and were not given back yet, at once. */
  readonly most: { underWay: number };
}

/** Images that come one read after the other, each after a while that differs. */
function streamOf(
  { name, images, labels, classNames }: ImageDataset,
  onRead: (read: number) => Promise<void> | void = () => {},
): ImageStream & StreamLog {
  const [, ...imageShape] = images.shape;
  const size = images.data.length / images.shape[0];
  const random = new RandomStream(7);
  const reads: number[][] = [];
  const most = { underWay: 0 };
  let underWay = 0;
  return {
    name,
    imageShape,
    labels,
    classNames,
    reads,
    most,
    read: async (indices) => {
      const number = reads.push([...indices]);
      most.underWay = Math.max(most.underWay, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, random.integer(3)));
      await onRead(number);
      underWay--;
      const bytes = new Uint8Array(indices.length * size);
      for (const [place, index] of indices.entries()) {
        bytes.set(Uint8Array.from(images.data.subarray(index * size, (index + 1) * size)), place * size);
      }
      return bytes;
    },
  };
}

function lossesOf({ epochs }: History) {
  return epochs.map(({ loss, metrics, validation }) => ({ loss, metrics, validation }));
}

describe.each(["reference", "wasm"])(
  "a stream trains as the same images in memory, bit for bit (%s)",
  (name) => {
    const engineOf = () => (name === "wasm" ? wasm : createRoundingEngine());

    test.each([
      ["in a seeded order, moved", { shuffle: true, augment: { shift: 1 } }],
      ["as they come, moved out of sight", { shuffle: false, augment: { shift: 9 } }],
      [
        "augmented, bytes and blends included",
        {
          augment: [
            augmentations.shift({ share: 0.25 }),
            augmentations.posterize({ bits: 3 }),
            augmentations.mixup({ alpha: 1 }),
          ],
        },
      ],
      [
        "piece by piece, moved, with averages and weighed classes",
        {
          gradientAccumulation: 2,
          emaMomentum: 0.5,
          classWeights: "balanced" as const,
          augment: { shift: 1 },
        },
      ],
      ["with a part set aside", { validationSplit: 0.3 }],
    ])("%s", async (_what, options) => {
      const data = halves(23);
      const results = [];
      for (const examples of [data, streamOf(data)]) {
        const model = small(engineOf(), 4);
        const history = await model.fit(examples, { epochs: 2, batchSize: 5, seed: 6, ...options });
        results.push([lossesOf(history), await model.getWeights()]);
      }
      expect(results[1]).toEqual(results[0]);
    });

    test("validated on a stream, whatever it is trained on", async () => {
      const { train, validation } = split(halves(40), 0.25);
      const results = [];
      for (const [examples, held] of [
        [train, validation],
        [streamOf(train), streamOf(validation)],
      ]) {
        const model = small(engineOf(), 4);
        results.push(lossesOf(await model.fit(examples, { epochs: 2, batchSize: 8, validationData: held })));
      }
      expect(results[1]).toEqual(results[0]);
    });

    test("evaluates and predicts as in memory", async () => {
      const data = halves(23);
      const model = small(engineOf(), 4);
      await model.fit(data);
      const stream = streamOf(data);
      const options = { batchSize: 5 };
      expect(await model.evaluate(stream, options)).toEqual(await model.evaluate(data, options));
      expect(await model.evaluateClasses(stream)).toEqual(
        await model.evaluateClasses(data, { batchSize: 64 }),
      );
      const whole = await model.predict(data.images, options);
      const parts: number[] = [];
      const firsts: number[] = [];
      for await (const { first, output } of model.predictBatches(stream, options)) {
        firsts.push(first);
        parts.push(...output.data);
      }
      expect(firsts).toEqual([0, 5, 10, 15, 20]);
      expect(parts).toEqual([...whole.data]);
    });
  },
);

describe("what is in memory is bounded", () => {
  test("few batches are read ahead of the engine, of one that is slow too", async () => {
    const stream = streamOf(halves(200));
    const model = small(wasm, 4);
    await model.fit(stream, { epochs: 1, batchSize: 4, shuffle: false });
    expect(stream.reads).toHaveLength(50);
    expect(stream.reads.flat()).toEqual(Array.from({ length: 200 }, (_, index) => index));
    // Chunks of so small images hold many steps.
    const batches = model.predictBatches(stream, { batchSize: 10 });
    const before = stream.reads.length;
    const { value } = await batches.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(value?.first).toBe(0);
    expect(stream.reads.length - before).toBeLessThanOrEqual(4);
    await batches.return();
    expect(await model.predict(halves(3).images)).toHaveProperty("shape", [3, 2]);
  });

  test("of large images two batches are read while two are with the engine", async () => {
    const images = Tensor.zeros("uint8", [12, 1024, 1024, 4]);
    const labels = Array.from({ length: 12 }, (_, index) => index % 2);
    const stream = streamOf(fromArrays({ images, labels, classes: 2 }));
    const model = sequential([
      layers.averagePool2d({ poolSize: 512, inputShape: [1024, 1024, 4] }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ]);
    model.compile({ engine: wasm, optimizer: "sgd" });
    await model.fit(stream, { batchSize: 1 });
    expect(stream.reads).toHaveLength(12);
    expect(stream.most.underWay).toBeLessThanOrEqual(8);
  });
});

describe("a run that is interrupted", () => {
  test("goes on in the middle of an epoch, and ends with the very weights", async () => {
    // A batch is so large that a run has one step: no more than four are under way.
    const images = Tensor.zeros("uint8", [130, 256, 256, 4]);
    for (let index = 0; index < images.data.length; index++) images.data[index] = (index * 40503) >>> 8;
    const labels = Array.from({ length: 130 }, (_, index) => index % 2);
    const data = fromArrays({ images, labels, classes: 2 });
    const options = { epochs: 2, batchSize: 17, seed: 2, augment: { shift: 1 } };
    const fresh = () => {
      const model = sequential(
        [
          layers.averagePool2d({ poolSize: 64, inputShape: [256, 256, 4] }),
          layers.batchNormalization(),
          layers.flatten(),
          layers.dropout({ rate: 0.25 }),
          layers.dense({ units: 2 }),
        ],
        { seed: 4 },
      );
      model.compile({ engine: wasm });
      return model;
    };
    const whole = fresh();
    await whole.fit(data, options);
    const abort = new AbortController();
    let bytes = new Uint8Array();
    const keep: Callback = {
      onTrainEnd: async (_event, control) => {
        bytes = Uint8Array.from(await control.saveCheckpoint());
      },
    };
    // The 14th batch, the 6th of 8 in the second epoch, does not come.
    const stream = streamOf(data, (read) => {
      if (read < 14) return;
      abort.abort();
      return new Promise(() => {});
    });
    const model = fresh();
    const run = { ...options, callbacks: [keep], signal: abort.signal };
    const { reason, epoch, step } = await model.fit(stream, run);
    expect([reason, epoch]).toEqual(["interrupted", 1]);
    expect(step).toBeGreaterThanOrEqual(2);
    expect(step).toBeLessThan(6);
    const checkpoint = decodeCheckpoint(bytes, { name: "kept" });
    const resumed = Model.fromCheckpoint(checkpoint, { engine: wasm });
    await resumed.fit(streamOf(data), { resumeFrom: checkpoint });
    expect(await resumed.getWeights()).toEqual(await whole.getWeights());
  });

  test("does not wait for images that do not come", async () => {
    const abort = new AbortController();
    const stream = streamOf(halves(40), async (read) => {
      if (read < 6) return;
      setTimeout(() => abort.abort(), 5);
      await new Promise(() => {});
    });
    const model = small(wasm, 4);
    const history = await model.fit(stream, { batchSize: 4, signal: abort.signal });
    expect(history).toMatchObject({ reason: "interrupted", epoch: 0 });
    expect(history.step).toBeLessThan(6);
    expect(await model.predict(halves(3).images)).toHaveProperty("shape", [3, 2]);
    await expect(async () => {
      const never = streamOf(halves(8), () => new Promise(() => {}));
      const late = AbortSignal.timeout(10);
      for await (const batch of model.predictBatches(never, { signal: late })) expect(batch).toBeDefined();
    }).rejects.toThrow(/timeout/i);
  });
});

describe("images that cannot be read", () => {
  test("end fit with the error of the stream; the model goes on working", async () => {
    for (const failing of [1, 4, 10]) {
      const stream = streamOf(halves(40), (read) => {
        if (read >= failing) throw new Error(`photo of read ${read} is gone`);
      });
      const model = small(wasm, 4);
      expect(await messageOf(() => model.fit(stream, { batchSize: 4 }))).toBe(
        `Error: photo of read ${failing} is gone`,
      );
      const { epochs } = await model.fit(halves(12));
      expect(epochs[0].loss).toBeGreaterThan(0);
      expect(await messageOf(() => model.evaluate(stream))).toMatch(/^Error: photo of read \d+ is gone$/);
    }
  });

  test("or that are not what was asked for are refused", async () => {
    const model = small(createReferenceEngine(), 4);
    const stream = streamOf(halves(6));
    const short: ImageStream = { ...stream, read: async () => new Uint8Array(5) };
    expect(await messageOf(() => model.fit(short))).toBe(
      "DataError: halves: read() gave 5 bytes for uint8[6, 4, 4, 1]. Give the bytes of all images, one behind the other, in the order of the indices.",
    );
    expect(await messageOf(() => model.fit({ ...stream, imageShape: [8, 8, 1] }))).toBe(
      'ShapeError: halves: model "small" takes images of shape [N, 4, 4, 1], got [6, 8, 8, 1]. Resize or reshape the images, or build the model with their inputShape.',
    );
    const labels = new Tensor("int32", [6], Int32Array.of(0, 1, 5, 0, 1, 0));
    expect(await messageOf(() => model.evaluate({ ...stream, labels }))).toMatch(
      /^DataError: halves: label 5 of example 2 is not one of 0 to 1\./,
    );
    expect(() => model.predictBatches(stream, Object({ batch: 3 }))).toThrow('unknown option "batch"');
    expect(() => model.predictBatches(stream, { batchSize: 0 })).toThrow(
      'predictBatches: option "batchSize" must be a whole number of at least 1, got 0.',
    );
  });
});

test("progress tells how long the engine was busy", async () => {
  const shares: number[] = [];
  const note: Callback = { onProgress: ({ engineBusy }) => void shares.push(engineBusy) };
  const slow = streamOf(halves(24), () => new Promise((resolve) => setTimeout(resolve, 80)));
  await small(wasm, 4).fit(slow, { batchSize: 4, callbacks: [note] });
  expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
  // Most of the time went by reading.
  expect(shares.at(-1)).toBeLessThan(0.6);
});
