import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { curvesIn, eventFilesIn } from "../testing/event-file.ts";
import type { EpochEndEvent, ProgressEvent, TrainBeginEvent, TrainingControl } from "../train/index.ts";
import { RunFolder } from "../train/run-folder.ts";
import { RunRecorder } from "./recorder.ts";

let folder: RunFolder;
let path: string;
beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), "fovea-recorder-"));
  folder = await RunFolder.create(join(path, "run"), {});
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.release();
  rmSync(path, { recursive: true });
});

/** Progress after so many steps of the second epoch of ten steps. */
function progress(step: number, losses: readonly number[]): ProgressEvent {
  const common = { type: "progress", epoch: 1, stepsPerEpoch: 10, elapsedMilliseconds: 0 } as const;
  return { ...common, step, losses, loss: 0, metrics: {}, engineBusy: 1, learningRate: 0.1 };
}

/** Seconds at which checkpoints were begun in a minute of progress, when one takes so many milliseconds. */
async function checkpointsOf(duration: number): Promise<number[]> {
  const begun: number[] = [];
  const start = performance.now();
  const control: TrainingControl = {
    stop: () => {},
    learningRate: 1,
    readWeights: async () => new Map(),
    writeWeights: async () => {},
    saveCheckpoint: async () => {
      begun.push(Math.round((performance.now() - start) / 1000));
      vi.advanceTimersByTime(duration);
      return new Uint8Array(1);
    },
  };
  const recorder = new RunRecorder(folder, { fovea: "0.1.0" });
  while (performance.now() - start < 60_000) {
    vi.advanceTimersByTime(500);
    await recorder.onProgress(progress(1, []), control);
  }
  return begun;
}

test("a checkpoint within an epoch comes every ten seconds", async () => {
  expect(await checkpointsOf(0)).toEqual([10, 20, 30, 40, 50, 60]);
});

test("one that takes a second comes every twenty", async () => {
  expect(await checkpointsOf(1000)).toEqual([10, 31, 52]);
});

describe("the records of a run", () => {
  const control: TrainingControl = {
    stop: () => {},
    learningRate: 1,
    readWeights: async () => new Map(),
    writeWeights: async () => {},
    saveCheckpoint: async () => new Uint8Array(1),
  };
  const begin = (epoch: number, step: number): TrainBeginEvent => ({
    ...{ type: "trainBegin", model: "m", examples: 99, epochs: 3, batchSize: 10 },
    ...{ stepsPerEpoch: 10, epoch, step },
  });
  const end = (epoch: number, loss: number): EpochEndEvent => ({
    ...{ type: "epochEnd", epoch, step: 10, loss, metrics: { accuracy: 0.5 } },
    ...{ validation: { loss: 2 * loss, accuracy: 0.25 }, learningRate: 0.125, milliseconds: 5 },
  });
  const lines = () =>
    readFileSync(folder.file("metrics"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("figures of epochs and of steps lie over the steps of the run", async () => {
    const recorder = new RunRecorder(folder, { fovea: "0.1.0", engine: "e" });
    await recorder.onTrainBegin(begin(0, 0));
    await recorder.onEpochEnd(end(0, 1), control);
    await recorder.onProgress(progress(2, [8, 7]), control);
    await recorder.onTrainEnd(
      { type: "trainEnd", reason: "interrupted", epoch: 1, step: 2, history: [] },
      control,
    );
    expect(curvesIn(folder.path)).toEqual({
      "loss/train": [{ step: 10, value: 1 }],
      "loss/validation": [{ step: 10, value: 2 }],
      "accuracy/train": [{ step: 10, value: 0.5 }],
      "accuracy/validation": [{ step: 10, value: 0.25 }],
      learning_rate: [{ step: 10, value: 0.125 }],
      "loss/step": [
        { step: 11, value: 8 },
        { step: 12, value: 7 },
      ],
    });
    expect(lines()[0]).toMatchObject({
      ...{ type: "trainBegin", epoch: -1, epochs: 3, examples: 99 },
      versions: { fovea: "0.1.0", engine: "e" },
    });
  });

  test("of a thousand steps an epoch a hundred are shown, the same ones whenever news of them come", async () => {
    const recorder = new RunRecorder(folder, {});
    await recorder.onTrainBegin({ ...begin(0, 0), stepsPerEpoch: 1000 });
    for (const [step, count] of [
      [7, 7],
      [25, 18],
      [30, 5],
    ] as const) {
      const losses = Array.from({ length: count }, (_, index) => step - count + 1 + index);
      await recorder.onProgress({ ...progress(step, losses), epoch: 0 }, control);
    }
    await recorder.onTrainEnd(
      { type: "trainEnd", reason: "completed", epoch: 1, step: 0, history: [] },
      control,
    );
    expect(curvesIn(folder.path)["loss/step"]).toEqual([10, 20, 30].map((step) => ({ step, value: step })));
  });

  test("a run that was killed and goes on: a file for each start, each epoch once", async () => {
    const killed = new RunRecorder(folder, { runtime: "Node 20" });
    await killed.onTrainBegin(begin(0, 0));
    await killed.onEpochEnd(end(0, 1), control);
    await killed.onEpochEnd(end(1, 9), control);
    // Its last checkpoint is the one before: the second epoch is trained again, by another Node.
    const resumed = new RunRecorder(folder, { runtime: "Node 24" });
    await resumed.onTrainBegin(begin(1, 0));
    await resumed.onEpochEnd(end(1, 0.5), control);
    await resumed.onTrainEnd(
      { type: "trainEnd", reason: "completed", epoch: 2, step: 0, history: [] },
      control,
    );
    expect(eventFilesIn(folder.path)).toHaveLength(2);
    expect(curvesIn(folder.path)["loss/train"]).toEqual([
      { step: 10, value: 1 },
      { step: 20, value: 0.5 },
    ]);
    const told = lines().map(({ type, epoch, versions }) => [type, epoch, versions?.runtime]);
    expect(told).toEqual([
      ["trainBegin", -1, "Node 20"],
      ["epochEnd", 0, undefined],
      ["trainResume", -1, "Node 24"],
      ["epochEnd", 1, undefined],
      ["trainEnd", 2, undefined],
    ]);
    expect(lines()[2].from).toEqual({ epoch: 1, step: 0 });
  });
});
