import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createReferenceEngine } from "../../engine/index.ts";
import { curvesIn } from "../../testing/event-file.ts";
import { drawnResult } from "../../testing/finetune-result.ts";
import type { EpochRecord } from "../../train/index.ts";
import { RunFolder } from "../../train/run-folder.ts";
import { summarizeRun } from "../../train/run-summary.ts";
import { FinetuneRecorder } from "./finetune-records.ts";

test("what a classifier made of photos came to is in the records of its run", async () => {
  const root = mkdtempSync(join(tmpdir(), "fovea-finetune-records-"));
  try {
    const run = await RunFolder.create(join(root, "pets"), { backbone: "mobilenet-v1-0.25", photos: "pets" });
    const photos = [
      { path: "a/1.jpg", label: 0, taken: 0 },
      { path: "b/2.jpg", label: 1, taken: 0 },
    ];
    const engine = createReferenceEngine();
    const result = drawnResult({ folder: root, engine, classNames: ["a", "b"], photos });
    const began = new Date("2026-05-01T12:00:00Z");
    const recorder = new FinetuneRecorder(run, { began, versions: result.versions });
    const learned = (phase: "head" | "unfreeze", attempt: number, epoch: EpochRecord) =>
      recorder.tell({ type: "learning", phase, attempt, event: { type: "epochEnd", step: 1, ...epoch } });
    const { head, unfrozen } = result;
    recorder.tell({ type: "split", counts: result.counts, problems: [], notes: [], duplicates: 0 });
    // Two weight decays, of which the first is kept.
    for (const epoch of head.epochs) learned("head", 1, epoch);
    learned("head", 2, { ...head.epochs[0], loss: 9 });
    const lines = () => readFileSync(run.file("metrics"), "utf8").trimEnd().split("\n");
    // Before all is done.
    await expect.poll(() => lines().length).toBe(14);
    expect(await summarizeRun(run.path)).toMatchObject({
      state: "running",
      epochs: 1,
      loss: 9,
      backbone: null,
    });
    recorder.tell({ type: "kept", phase: "head", attempt: 1, epoch: head.bestEpoch });
    for (const epoch of unfrozen?.epochs ?? []) learned("unfreeze", 1, epoch);
    await recorder.finish(result);
    const kept = head.epochs[head.bestEpoch];
    expect(await summarizeRun(run.path)).toMatchObject({
      ...{ backbone: "frozen", epochs: 15, loss: kept.loss, validationLoss: kept.validation?.loss },
      bestValidationAccuracy: kept.validation?.["accuracy"],
    });
    recorder.tell({ type: "kept", phase: "unfreeze", attempt: 1, epoch: 1 });
    await recorder.finish(result);
    await run.release();
    const records = lines().map((line) => JSON.parse(line));
    expect(records.map(({ type }) => type)).toEqual([
      "trainBegin",
      ...new Array(13).fill("epochEnd"),
      "kept",
      ...new Array(3).fill("epochEnd"),
      ...["trainEnd", "test", "kept", "trainEnd", "test"],
    ]);
    expect(records[0]).toMatchObject({ examples: 6, versions: { engine: "wasm" } });
    expect(records.at(-1)).toEqual({ type: "test", epoch: 8, accuracy: 0.5, loss: 0.321, examples: 2 });
    expect(await summarizeRun(run.path)).toMatchObject({
      ...{ state: "finished", model: "mobilenet-v1-0.25", data: "pets", epochs: 15, testAccuracy: 0.5 },
      ...{ began: "2026-05-01T12:00:00.000Z", milliseconds: 120 + 12_345 + 950, versions: result.versions },
      ...{ backbone: "unfrozen", loss: unfrozen?.epochs[1]?.loss },
    });
    const curves = curvesIn(run.path);
    expect(Object.keys(curves).filter((tag) => tag.includes("/head"))).toHaveLength(5);
    expect(curves["loss/unfreeze/train"]?.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(curves["loss/unfreeze/train"]?.[1]?.value).toBeCloseTo(0.4 * 0.8, 6);
    expect(curves["accuracy/head/validation"]?.[0]?.value).toBeCloseTo(0.98 - 0.4 * 1.1, 6);
    expect(curves["learning_rate/head"]).toHaveLength(12);
  } finally {
    rmSync(root, { recursive: true });
  }
});
