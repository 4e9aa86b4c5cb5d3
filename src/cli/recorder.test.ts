import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TrainingControl } from "../train/index.ts";
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
  const recorder = new RunRecorder(folder);
  while (performance.now() - start < 60_000) {
    vi.advanceTimersByTime(500);
    await recorder.onProgress(null, control);
  }
  return begun;
}

test("a checkpoint within an epoch comes every ten seconds", async () => {
  expect(await checkpointsOf(0)).toEqual([10, 20, 30, 40, 50, 60]);
});

test("one that takes a second comes every twenty", async () => {
  expect(await checkpointsOf(1000)).toEqual([10, 31, 52]);
});
