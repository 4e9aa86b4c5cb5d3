import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestTerminal } from "../../testing/test-terminal.ts";
import { RunFolder, type RunRecord } from "../../train/run-folder.ts";
import { summarizeRun } from "../../train/run-summary.ts";
import type { RunsDocument } from "../actions/runs.ts";
import { runCommandLine } from "../program.ts";

let root: string;
let held: RunFolder[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fovea-runs-"));
});
afterEach(async () => {
  await Promise.all(held.map((run) => run.release()));
  held = [];
  rmSync(root, { recursive: true });
});

const bytes = new Uint8Array(1);
const config = { version: 1, model: "lenet5", data: "mnist", epochs: 3, seed: 1, learningRate: null };
const began = (time: string, versions = {}): RunRecord => ({ type: "trainBegin", epoch: -1, time, versions });
const ended = (reason: string): RunRecord => ({ type: "trainEnd", epoch: 3, reason });
const epoch = (number: number, accuracy: number): RunRecord => ({
  ...{ type: "epochEnd", epoch: number, loss: 0.5, accuracy: 0.8 },
  ...{ validation: { loss: 0.25, accuracy }, learningRate: 0.001, milliseconds: 61_000 },
});

interface Draft {
  readonly config?: unknown;
  readonly records?: readonly RunRecord[];
  readonly checkpoint?: boolean;
  readonly model?: boolean;
  /** Whether this process goes on holding it. */
  readonly held?: boolean;
}

async function make(name: string, draft: Draft): Promise<string> {
  const path = join(root, name);
  const run = await RunFolder.create(path, draft.config ?? config);
  for (const record of draft.records ?? []) await run.record(record);
  if (draft.checkpoint === true) await run.writeCheckpoint(bytes);
  if (draft.model === true) writeFileSync(run.file("model"), bytes);
  if (draft.held === true) held.push(run);
  else await run.release();
  return path;
}

const finished: Draft = {
  records: [
    began("2026-03-01T10:00:00Z", { fovea: "0.1.0", runtime: "Node 20.20.2" }),
    ...[epoch(0, 0.9), epoch(1, 0.97), epoch(2, 0.95)],
    ended("completed"),
    { type: "test", epoch: 3, accuracy: 0.96, loss: 0.125, examples: 10 },
  ],
  checkpoint: true,
  model: true,
};

async function runs(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["runs", ...words], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

describe("the state of a run", () => {
  test("finished, with its figures", async () => {
    const run = await make("a", finished);
    expect(await summarizeRun(run)).toEqual({
      ...{
        run,
        state: "finished",
        problem: null,
        model: "lenet5",
        data: "mnist",
        epochs: 3,
        plannedEpochs: 3,
        backbone: null,
      },
      ...{ loss: 0.5, validationLoss: 0.25, validationAccuracy: 0.95, bestValidationAccuracy: 0.97 },
      ...{ testLoss: 0.125, testAccuracy: 0.96, began: "2026-03-01T10:00:00Z", milliseconds: 183_000 },
      ...{ resumed: 0, versions: { fovea: "0.1.0", runtime: "Node 20.20.2" }, config },
    });
  });

  test.each<[string, Draft, string]>([
    ["nothing has come of it", {}, "begun"],
    ["stopped", { records: [began(""), epoch(0, 1), ended("interrupted")], checkpoint: true }, "interrupted"],
    ["killed", { records: [began(""), epoch(0, 1)], checkpoint: true }, "killed"],
    ["killed in its first epoch", { records: [began("")], checkpoint: true }, "killed"],
    ["held by a process", { records: [began(""), epoch(0, 1)], held: true }, "running"],
    ["stopped early by its own will", { records: [epoch(0, 1), ended("stoppedEarly")] }, "finished"],
    [
      "stopped, gone on, and killed",
      { records: [ended("interrupted"), { type: "trainResume", epoch: -1 }, epoch(1, 1)] },
      "killed",
    ],
    [
      "of another kind, with a model",
      { config: { backbone: "resnet18", photos: "pets" }, model: true },
      "finished",
    ],
  ])("%s", async (_, draft, state) => {
    expect((await summarizeRun(await make("a", draft))).state).toBe(state);
  });

  test("what is damaged is said, and the rest holds", async () => {
    const run = await make("a", finished);
    writeFileSync(
      join(run, "metrics.jsonl"),
      `{"type":"epochEnd","epoch":0,"loss":1}\n{"type":"epo\n[1]\n\u0000\n`,
    );
    expect(await summarizeRun(run)).toMatchObject({
      ...{ state: "finished", epochs: 1, loss: 1, validationLoss: null },
      problem: "3 lines of metrics.jsonl cannot be read",
    });
    writeFileSync(join(run, "config.json"), "{");
    expect(await summarizeRun(run)).toMatchObject({
      ...{ state: "damaged", model: null, config: {} },
      problem: "the run's configuration is damaged: it is not JSON; 3 lines of metrics.jsonl cannot be read",
    });
  });
});

describe("fovea runs", () => {
  async function makeSome(): Promise<void> {
    await make("old", finished);
    const better = [began("2026-04-01T10:00:00Z"), epoch(0, 0.99), ended("interrupted")];
    await make("deep/er/new", { config: { ...config, seed: 2 }, records: better, checkpoint: true });
    await make("deep/er/too/deep", {});
    writeFileSync(join(root, "a file"), "");
    symlinkSync(root, join(root, "loop"));
    writeFileSync(join(await make("bad", {}), "config.json"), "?");
  }
  const namesIn = (out: string) =>
    (JSON.parse(out) as RunsDocument).runs.map(({ run }) => run.slice(root.length + 1));

  test("lists, the latest first, or as it is told", async () => {
    await makeSome();
    const { code, out } = await runs(root);
    expect(code).toBe(0);
    const lines = out.split("\n").map((line) => line.trim().split(/ {2,}/));
    const [, bad, newest, old] = lines.filter(({ length }) => length > 3);
    expect(bad.slice(1, 4)).toEqual(["–", "–", "damaged"]);
    expect(newest.slice(1, 8)).toEqual(["lenet5", "mnist", "interrupted", "1 of 3", "99.00 %", "–", "1:01"]);
    expect(old.slice(1, 8)).toEqual(["lenet5", "mnist", "finished", "3", "95.00 %", "96.00 %", "3:03"]);
    expect(out).toContain(`${root}/bad: the run's configuration is damaged: it is not JSON\n`);
    const sorted = async (by: string) => namesIn((await runs(root, "--json", "--sort", by)).out);
    expect(await sorted("accuracy")).toEqual(["deep/er/new", "old", "bad"]);
    expect(await sorted("name")).toEqual(["bad", "deep/er/new", "old"]);
  });

  test("compares: what differs in settings, all figures", async () => {
    await makeSome();
    const { out } = await runs(join(root, "old"), join(root, "deep/er/new"), "--json");
    const { comparison }: RunsDocument = JSON.parse(out);
    expect(comparison?.settings).toEqual([{ name: "seed", values: ["1", "2"] }]);
    expect(comparison?.figures).toContainEqual({ name: "test accuracy", values: ["96.00 %", "–"] });
    expect(comparison?.figures).toContainEqual({ name: "epochs", values: ["3", "1 of 3"] });
    expect(comparison?.versions).toContainEqual({ name: "fovea", values: ["0.1.0", "–"] });
    const text = (await runs(join(root, "old"), join(root, "deep/er/new"))).out;
    expect(text).toMatch(/ seed +1 +2 /);
    expect(text).toMatch(/ best validation accuracy +97\.00 % +99\.00 % /);
    const one = (await runs(join(root, "old"))).out;
    expect(one).toMatch(/ model +lenet5 /);
    expect((await runs(join(root, "old"), join(root, "old"))).out).toContain(
      "Their settings are the same.\n",
    );
  });

  test("what is not there is told", async () => {
    expect(await runs(join(root, "none"))).toMatchObject({
      code: 1,
      err: `fovea: ${root}/none: there is no such folder. Give the folder that runs are in (fovea train puts them into runs), or the folders of runs.\n`,
    });
    expect((await runs(root)).out).toBe(`There are no runs in ${root}.\n`);
    expect((await runs(root, root)).err).toContain(
      "this folder holds no run. A run's folder has a config.json",
    );
  });
});
