import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recipes } from "../../src/cli/recipes.ts";
import { decodeNpy, encodeNpy } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { commandPath, counts, documentOf, run, side, startProcess, writeIdxFolder } from "./command.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-cli-"));
  await writeIdxFolder(join(folder, "data"));
});
afterAll(() => rm(folder, { recursive: true }));

const training = ["--data", "./data", "--model", "dense", "--epochs", "3", "--batch-size", "32"];

describe("from training to prediction", () => {
  it("trains into a folder", async () => {
    const trained = await run(folder, "train", ...training, "--out", "runs/first", "--json");
    const result = documentOf(trained);
    expect(result).toMatchObject({
      model: "dense",
      run: "runs/first",
      interrupted: false,
      epochs: 3,
      examples: counts.train,
      testExamples: counts.test,
    });
    expect(result.accuracy).toBeGreaterThan(0.9);
    expect(result.loss).toBeLessThan(0.5);
    expect(result.history).toHaveLength(3);
    expect(result.history[2].validation).toEqual({ loss: result.loss, accuracy: result.accuracy });
    expect(trained.err).toMatch(
      /Epoch 3\/3 - \d+s \d+[mu]s\/step - accuracy: [\d.]+ - loss: [\d.e-]+ - val_accuracy: [\d.]+ - val_loss: [\d.e-]+\n/,
    );
    expect(await readdir(join(folder, "runs/first"))).toEqual([
      "checkpoint.safetensors",
      "config.json",
      expect.stringMatching(/^events\.out\.tfevents\.\d+\.fovea$/),
      "metrics.jsonl",
      "model.safetensors",
    ]);
    const lines = (await readFile(join(folder, "runs/first/metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).type)).toEqual([
      "trainBegin",
      "epochEnd",
      "epochEnd",
      "epochEnd",
      "trainEnd",
      "test",
    ]);
  });

  it("trains with rates of layers, class weights, averages and batches in pieces, and goes on so", async () => {
    const words = ["--learning-rates", "fc1:0.5", "--class-weights", "balanced", "--ema", "0.9"];
    const pieces = ["--gradient-accumulation", "4"];
    const first = documentOf(
      await run(folder, "train", ...training, ...words, ...pieces, "--out", "runs/careful", "--json"),
    );
    expect(first.config).toMatchObject({
      learningRates: [{ layers: "fc1", factor: 0.5 }],
      classWeights: "balanced",
      ema: 0.9,
      gradientAccumulation: 4,
    });
    expect(first.accuracy).toBeGreaterThan(0.9);
    const more = documentOf(
      await run(folder, "train", "--resume", "runs/careful", "--epochs", "4", "--json"),
    );
    expect(more.history).toHaveLength(4);
    expect(more.history.slice(0, 3)).toEqual(first.history);
  });

  it("finds a learning rate, and keeps nothing", async () => {
    const words = ["--data", "./data", "--model", "dense", "--out", "runs/none", "--find-rate"];
    const sweep = documentOf(await run(folder, "train", ...words, "--json"));
    expect(sweep.suggestion).toBeGreaterThan(1e-4);
    expect(sweep.suggestion).toBeLessThan(sweep.lowest);
    expect(sweep.rates).toHaveLength(sweep.losses.length);
    const { out } = await run(folder, "train", ...words);
    expect(out).toContain(`Try --learning-rate ${sweep.suggestion.toExponential(1)}: `);
    expect(await readdir(join(folder, "runs"))).not.toContain("none");
  });

  it("trains by a recipe, flags winning over its settings", async () => {
    const { config, model, history } = documentOf(
      await run(
        folder,
        "train",
        "--recipe",
        "fast",
        "--data",
        "./data",
        "--epochs",
        "1",
        "--out",
        "fast",
        "--json",
      ),
    );
    expect(model).toBe("convnet-bn");
    expect(config).toMatchObject({ ...recipes.fast.settings, epochs: 1, data: "./data" });
    expect(history).toHaveLength(1);
  });

  it("evaluates what it has trained", async () => {
    const still = documentOf(await run(folder, "evaluate", "runs/first", "--json"));
    const { accuracy, loss } = JSON.parse(
      (await readFile(join(folder, "runs/first/metrics.jsonl"), "utf8")).trimEnd().split("\n")[5],
    );
    expect(still).toEqual({
      model: "runs/first",
      data: "./data",
      examples: counts.test,
      accuracy,
      loss,
      shift: null,
      consistency: null,
    });
    const unmoved = documentOf(await run(folder, "evaluate", "runs/first", "--shift", "0,0", "--json"));
    expect(unmoved).toMatchObject({ accuracy, consistency: 1 });
  });

  it("moves images up and left, so that the lower right quarter looks like the upper left one", async () => {
    const half = `${side / 2},${side / 2}`;
    const file = "runs/first/model.safetensors";
    const moved = documentOf(
      await run(folder, "evaluate", file, "--data", "./data", "--shift", half, "--json"),
    );
    expect(moved.shift).toEqual({ up: side / 2, left: side / 2 });
    expect(moved.accuracy).toBeLessThan(0.6);
    expect(moved.consistency).toBeLessThan(0.6);
  });

  it("predicts images and arrays", async () => {
    const pixels = new Uint8Array(side * side).map((_, index) => {
      const lowerLeft = index >= (side * side) / 2 && index % side < side / 2;
      return lowerLeft ? 180 : 60;
    });
    const header = new TextEncoder().encode(`P5 ${side} ${side} 255\n`);
    await writeFile(join(folder, "quarter.pgm"), Buffer.concat([header, pixels]));
    const scaled = Float32Array.from([...pixels, ...pixels], (pixel) => pixel / 255);
    await writeFile(join(folder, "two.npy"), encodeNpy(new Tensor("float32", [2, side, side, 1], scaled)));
    const words = ["quarter.pgm", "two.npy", "--top", "2", "--logits", "logits.npy", "--json"];
    const { predictions } = documentOf(await run(folder, "predict", "runs/first", ...words));
    expect(
      predictions.map(({ input, index }: { input: string; index: number | null }) => [input, index]),
    ).toEqual([
      ["quarter.pgm", null],
      ["two.npy", 0],
      ["two.npy", 1],
    ]);
    for (const { top } of predictions) {
      expect(top).toHaveLength(2);
      expect(top[0]).toMatchObject({ class: 2, name: "2" });
      expect(top[0].probability).toBeGreaterThan(0.5);
      expect(top[0].probability).toBeCloseTo(predictions[0].top[0].probability, 5);
    }
    const logits = decodeNpy(await readFile(join(folder, "logits.npy")), { name: "logits.npy" });
    expect([logits.dtype, logits.shape]).toEqual(["float32", [3, 4]]);
    const plain = await run(folder, "predict", "runs/first", "quarter.pgm", "--top", "1");
    expect(plain.out).toMatch(/^quarter\.pgm: 2 \d+\.\d\d %\n$/);
  });

  it("converts a trained model, for PyTorch and as it is", async () => {
    const there = documentOf(
      await run(folder, "convert", "runs/first", "torch.npz", "--to", "pytorch", "--json"),
    );
    expect(there).toMatchObject({ input: "runs/first", format: "safetensors", from: "fovea", to: "pytorch" });
    // The zoo's net of that name takes other images than this small data set has.
    const refused = await run(
      folder,
      "convert",
      "torch.npz",
      "back.safetensors",
      "--model",
      "dense",
      "--from",
      "pytorch",
    );
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(
      /^fovea: torch\.npz: the weights do not fit model "dense": \d+ mismatched \(/,
    );
    const words = ["quarter.pgm", "two.npy", "--logits", "copy.npy"];
    expect((await run(folder, "convert", "runs/first", "copy.safetensors")).code).toBe(0);
    expect((await run(folder, "predict", "copy.safetensors", ...words)).code).toBe(0);
    const bytes = await Promise.all(["copy.npy", "logits.npy"].map((name) => readFile(join(folder, name))));
    expect(bytes[0].equals(bytes[1])).toBe(true);
  });

  it("sums up a model by name and by folder", async () => {
    const lenet = documentOf(await run(folder, "summary", "lenet5", "--json"));
    expect(lenet.parameters).toBe(61_706);
    expect(lenet.plan.convolutions.length).toBeGreaterThanOrEqual(5);
    expect(lenet.plan.workingBytes).toBeGreaterThan(0);
    const text = await run(folder, "summary", "runs/first");
    expect(text.code).toBe(0);
    expect(text.out).toContain("Model runs/first");
    expect(text.out).toMatch(/A training step of 128: \d+ operations, [\d.]+ MFLOP/);
  });

  it("times the operations of a step", async () => {
    const { profile, plan } = documentOf(
      await run(folder, "summary", "lenet5", "--batch-size", "32", "--profile", "--json"),
    );
    const flops = profile.operations.reduce(
      (sum: number, operation: { flops: number }) => sum + operation.flops,
      0,
    );
    expect(flops).toBe(plan.flops);
    expect(profile.batchSize).toBe(32);
    expect(profile.milliseconds).toBeGreaterThan(0);
    expect(profile.peakGigaflops).toBeGreaterThan(flops / (1e6 * profile.milliseconds));
  });

  it("adds epochs to a finished run", async () => {
    const more = documentOf(await run(folder, "train", "--resume", "runs/first", "--epochs", "4", "--json"));
    expect(more).toMatchObject({ epochs: 4, interrupted: false });
    const afresh = documentOf(
      await run(
        folder,
        "train",
        ...training,
        "--epochs",
        "4",
        "--threads",
        "1",
        "--quiet",
        "--out",
        "runs/four",
        "--json",
      ),
    );
    expect(afresh.loss).toBe(more.loss);
    const weights = (run: string) => readFile(join(folder, run, "model.safetensors"));
    expect((await weights("runs/four")).equals(await weights("runs/first"))).toBe(true);
    const again = await run(folder, "train", "--resume", "runs/first");
    expect(again.err).toContain("This run has trained its 4 epochs; --epochs adds more.");
    expect(again.out).toMatch(/^Test: accuracy [01]\.\d{4}, loss/);
  });
});

describe("output", () => {
  it("is silent on standard error with --quiet", async () => {
    const { code, err, out } = await run(
      folder,
      "train",
      ...training,
      "--limit",
      "64",
      "--quiet",
      "--out",
      "runs/quiet",
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^Test: accuracy /);
  });

  it("ends quietly when its reader has seen enough", async () => {
    const line = `"${process.execPath}" "${commandPath}" backprop --width 16 --depth 4 --json | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { out, err } = await startProcess(folder, "bash", ["-c", line]).ended;
    expect({ out, err }).toEqual({ out: "{\n0\n", err: "" });
  });

  it("chooses a folder that is free when none is named", async () => {
    const words = [...training, "--limit", "64", "--epochs", "1", "--quiet", "--json"];
    const first = documentOf(await run(folder, "train", ...words));
    const second = documentOf(await run(folder, "train", ...words));
    expect([first.run, second.run]).toEqual(["runs/dense", "runs/dense-2"]);
  });
});
