import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DecodePool, readPhotos } from "../data/index.ts";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { functional, input, Model } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { writePhoto, writePhotoFolder } from "../testing/photo-folder.ts";
import type { FinetuneEvent } from "./events.ts";
import { photoOptionsOf } from "./features/index.ts";
import { finetune } from "./finetune.ts";
import type { FinetuneResult } from "./result.ts";

let root: string;
let engine: WasmEngine;
let decoders: DecodePool;
const at = (name: string) => join(root, name);

/** A net of random filters: they tell colours apart well enough. */
function backbone(): Model {
  const image = input({ shape: [16, 16, 3] });
  const x = layers.conv2d({ name: "conv", filters: 24, kernelSize: 3, activation: "relu" }).apply(image);
  const y = layers
    .conv2d({ name: "deep", filters: 24, kernelSize: 3, strides: 2, activation: "relu" })
    .apply(x);
  const mean = layers.globalAveragePool2d({ name: "mean" }).apply(y);
  const outputs = layers.dense({ name: "scores", units: 5 }).apply(layers.dropout({ rate: 0.1 }).apply(mean));
  return functional(
    { inputs: image, outputs, taps: { middle: x, features: mean } },
    { name: "filters", seed: 3, preprocessing: { resize: { size: [16, 16] } } },
  );
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "fovea-finetune-"));
  engine = await createWasmEngine({ threads: 1, kernels: "rule" });
  decoders = new DecodePool({ workers: 0 });
  await writePhotoFolder(at("fotos ä/bilder"), { liegend: 30, "steht auf": 20 });
});
afterAll(async () => {
  decoders?.close();
  await engine?.close();
  await rm(root, { recursive: true });
});

function options(photos = at("fotos ä/bilder")) {
  return { photos, backbone: backbone(), engine, decoders, fetch: { cacheFolder: at("cache") } };
}

describe("a folder of two classes", () => {
  let result: FinetuneResult;
  const events: FinetuneEvent[] = [];
  beforeAll(async () => {
    result = await finetune(options(), (event) => events.push(event));
  });

  test("is dealt out by class, and told apart", () => {
    expect(result.classNames).toEqual(["liegend", "steht auf"]);
    expect(result.counts).toEqual([
      { name: "liegend", train: 21, validation: 3, test: 6, all: 30 },
      { name: "steht auf", train: 14, validation: 2, test: 4, all: 20 },
    ]);
    expect(result.backbone).toEqual({
      name: "filters",
      weights: null,
      tap: "features",
      features: 24,
      parameters: 24 * 28 + 24 * (24 * 9 + 1),
      inputShape: [16, 16, 3],
    });
    expect(result.test?.accuracy).toBe(1);
    expect(result.test?.mistakes).toEqual([]);
    expect(result.head).toMatchObject({ refitted: true });
    expect(result.dealt).toHaveLength(50);
    expect(result.timings.map(({ phase }) => phase)).toEqual([
      "scan",
      "backbone",
      "features",
      "split",
      "head",
      "judge",
    ]);
  });

  test("scores agree with the predictions that they sum up", () => {
    const scores = result.test;
    if (scores === null) throw new Error("no test part");
    expect(scores.examples).toBe(10);
    expect(scores.predictions.filter(({ right }) => right)).toHaveLength(scores.accuracy * 10);
    expect(scores.confusion.counts.flat().reduce((sum, count) => sum + count)).toBe(10);
    const loss = scores.predictions.reduce(
      (sum, { labelProbability }) => sum - Math.log(labelProbability) / 10,
      0,
    );
    expect(scores.loss).toBeCloseTo(loss, 5);
    for (const { top } of scores.predictions)
      expect(top.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
  });

  test("the one model gives for photos what the last layer gave for features", async () => {
    const { model, test: scores } = result;
    expect(model.classNames).toEqual(["liegend", "steht auf"]);
    expect(model.preprocessing.resize).toMatchObject({ size: [16, 16] });
    const files = scores?.predictions.map(({ file }) => file) ?? [];
    let index = 0;
    for await (const { pixels } of readPhotos(files, { ...photoOptionsOf(model), pool: decoders })) {
      const logits = await model.predict(new Tensor("uint8", [1, 16, 16, 3], pixels ?? new Uint8Array()));
      const [a, b] = logits.data;
      const { label, labelProbability } = scores?.predictions[index++] ?? { label: 0, labelProbability: 0 };
      const probability = 1 / (1 + Math.exp(label === 0 ? b - a : a - b));
      expect(probability).toBeCloseTo(labelProbability, 4);
    }
    expect(index).toBe(10);
  });

  test("what it tells on its way", () => {
    expect(events.filter(({ type }) => type === "phase")).toHaveLength(6);
    expect(events.find(({ type }) => type === "scanned")).toMatchObject({
      photos: 50,
      classes: [
        { name: "liegend", photos: 30 },
        { name: "steht auf", photos: 20 },
      ],
    });
    expect(events.filter(({ type }) => type === "features").at(-1)).toEqual({
      type: "features",
      done: 50,
      photos: 50,
      cached: 0,
    });
    expect(events.filter(({ type }) => type === "judged")).toHaveLength(2);
  });

  test("again: features from the cache, and the same result to the bit", async () => {
    const again = await finetune(options());
    expect(again.features).toEqual({ cached: 50, computed: 0 });
    expect(again.test).toEqual(result.test);
    expect(again.head.epochs.map(({ loss }) => loss)).toEqual(result.head.epochs.map(({ loss }) => loss));
    expect(await again.model.toBytes()).toEqual(await result.model.toBytes());
  });

  test("another seed, another tap on a grid, folds", async () => {
    const other = await finetune({
      ...options(),
      seed: 5,
      tap: "middle",
      folds: 4,
      classWeights: "balanced",
    });
    expect(other.backbone).toMatchObject({ tap: "middle", features: 24, parameters: 24 * 28 });
    expect(other.folds?.accuracies).toHaveLength(4);
    expect(other.folds?.accuracy).toBeGreaterThan(0.85);
    expect(other.model.outputShape).toEqual([2]);
    expect(other.dealt).not.toEqual(result.dealt);
  });
});

describe("unfreezing", () => {
  test("a stage trains with the last layer, the rest stays; the best is kept", async () => {
    const given = options();
    const before = await given.backbone.getWeights();
    const unfrozen = { epochs: 3, batchSize: 16 };
    const checkpoints: Uint8Array[] = [];
    const kept: FinetuneEvent[] = [];
    const onCheckpoint = async (bytes: Uint8Array) => void checkpoints.push(bytes);
    const tuned = await finetune({ ...given, unfreeze: ["deep"], unfrozen, onCheckpoint }, (event) => {
      if (event.type === "kept") kept.push(event);
    });
    expect(tuned.unfrozen).toMatchObject({
      stages: ["deep"],
      parameters: 24 * (24 * 9 + 1) + 2 * 25,
      augmented: true,
    });
    expect(tuned.unfrozen?.epochs).toHaveLength(3);
    expect(tuned.head.refitted).toBe(false);
    const after = await tuned.model.getWeights();
    expect(after.get("conv.weight")).toEqual(before.get("conv.weight"));
    // The last checkpoint is what is kept; the first has the frozen backbone.
    const best = tuned.unfrozen?.bestEpoch ?? null;
    expect(checkpoints.at(-1)).toEqual(await tuned.model.toBytes());
    expect((await Model.fromBytes(checkpoints[0]).getWeights()).get("deep.weight")).toEqual(
      before.get("deep.weight"),
    );
    expect(checkpoints.length).toBeGreaterThanOrEqual(best === null ? 1 : 2);
    expect(kept).toEqual([
      { type: "kept", phase: "head", attempt: expect.any(Number), epoch: tuned.head.bestEpoch },
      ...(best === null ? [] : [{ type: "kept", phase: "unfreeze", attempt: 1, epoch: best }]),
    ]);
    expect(
      after.get("deep.weight")?.data.some((value, at) => value !== before.get("deep.weight")?.data[at]),
    ).toBe(best !== null);
    expect(tuned.test?.accuracy).toBeGreaterThan(0.8);
    expect(tuned.test?.predictions).toHaveLength(10);
  });

  test("a stage that there is not", async () => {
    const phases: string[] = [];
    const begin = () =>
      finetune({ ...options(), unfreeze: ["dep"] }, (event) => {
        if (event.type === "phase") phases.push(event.phase);
      });
    expect(await messageOf(begin)).toContain(
      'unfreeze: model "filters.features" has no layers and no tap "dep". Did you mean "deep"?',
    );
    // Before the photos have gone through the net.
    expect(phases).toEqual(["scan", "backbone"]);
  });
});

describe("folders with flaws", () => {
  test("parts that are given are kept; what cannot be read is listed", async () => {
    const photos = at("parts");
    for (const [part, count] of Object.entries({ train: 8, val: 3, test: 4 }))
      for (const [label, name] of ["a", "b"].entries())
        for (let index = 0; index < count; index++)
          await writePhoto(join(photos, part, name, `${index}.ppm`), label, 100 * part.length + index);
    await writeFile(join(photos, "train/a/broken.ppm"), "P6 10 10 255\nfew");
    await writeFile(join(photos, "train/b/empty.jpg"), "");
    const { counts, problems, head } = await finetune(options(photos));
    expect(counts.map(({ train, validation, test: held }) => [train, validation, held])).toEqual([
      [8, 3, 4],
      [8, 3, 4],
    ]);
    expect(problems.map(({ path }) => path).sort()).toEqual(["train/a/broken.ppm", "train/b/empty.jpg"]);
    expect(head.refitted).toBe(false);
  });

  test("a class of one photo is trained on; an empty class is left out", async () => {
    const photos = at("odd");
    await writePhotoFolder(photos, { many: 12, few: 1 });
    await writePhoto(join(photos, "gone/broken.ppm"), 2, 1);
    await writeFile(join(photos, "gone/broken.ppm"), "P6 20 20 255\n");
    const { classNames, counts, problems, test: judged } = await finetune(options(photos));
    expect(classNames).toEqual(["few", "many"]);
    // No photo of it was held out, and none is a share of none.
    expect(judged?.classes[0]).toEqual({ name: "few", examples: 0, precision: null, recall: null, f1: null });
    expect(judged?.classes[1]).toMatchObject({ precision: 1, recall: 1, f1: 1 });
    expect(counts[0]).toEqual({ name: "few", train: 1, validation: 0, test: 0, all: 1 });
    expect(problems.map(({ path }) => path)).toContain("gone/broken.ppm");
    expect(problems.map(({ path }) => path)).toContain("gone");
  });

  test("no test and no validation photos: nothing to judge by", async () => {
    const photos = at("two");
    await writePhotoFolder(photos, { a: 2, b: 2 });
    const { test: judged, validation } = await finetune({ ...options(photos), test: 0, validation: 0 });
    expect({ judged, validation }).toEqual({ judged: null, validation: null });
  });

  test("one class", async () => {
    await writePhotoFolder(at("one"), { only: 3 });
    expect(await messageOf(() => finetune(options(at("one"))))).toMatch(
      /^DataError: .*one: there is one class only, "only", with 3 photos\./,
    );
  });

  test("photos of which none can be decoded", async () => {
    for (const name of ["a", "b"]) {
      await writePhoto(join(at("broken"), name, "1.ppm"), 0, 1);
      await writeFile(join(at("broken"), name, "1.ppm"), "P6 20 20 255\n");
    }
    expect(await messageOf(() => finetune(options(at("broken"))))).toMatch(
      /^DataError: .*broken: there are no photos/,
    );
  });

  test("it ends when it is told to", async () => {
    const controller = new AbortController();
    const ending = finetune({ ...options(), signal: controller.signal }, ({ type }) => {
      if (type === "split") controller.abort(new Error("enough"));
    });
    await expect(ending).rejects.toThrow("enough");
  });
});

describe("wrong options", () => {
  test.each([
    [{ test: 0.6, validation: 0.5 }, "finetune: test and validation leave nothing to train on: 0.6 and 0.5."],
    [{ folds: 1 }, 'finetune: option "folds" must be 0 or at least 2, got 1.'],
    [{ tap: "middel" }, 'model "filters": there is no tap or layer "middel". Did you mean "middle"?'],
    [{ seeds: 1 }, 'finetune: unknown option "seeds". Did you mean "seed"?'],
    [{ backbone: "resnet19" }, 'there is no model "resnet19". Did you mean "resnet18"?'],
    [{ backbone: "lenet5" }, "backbone: no weights are published for lenet5."],
  ])("%j", async (wrong, message) => {
    expect(await messageOf(() => finetune({ ...options(), ...wrong }))).toContain(message);
  });
});
