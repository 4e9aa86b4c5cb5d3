import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError, FormatError, TrainingError } from "../tensor/index.ts";
import { isRunFolder, RunFolder, readRunCheckpoint, readRunConfig, runModelFile } from "./run-folder.ts";

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fovea-run-"));
  path = join(root, "runs", "first");
});
afterEach(() => rm(root, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a new run", () => {
  it("has a folder with its configuration, and no other files when released", async () => {
    const run = await RunFolder.create(path, { model: "lenet5" });
    await run.release();
    expect(await readRunConfig(path)).toEqual({ model: "lenet5" });
    expect(await readdir(path)).toEqual(["config.json"]);
    expect(await isRunFolder(path)).toBe(true);
    expect(await readRunCheckpoint(path)).toBeNull();
  });

  it("may not take a folder that is in use", async () => {
    const run = await RunFolder.create(path, {});
    await expect(RunFolder.open(path)).rejects.toThrow(TrainingError);
    await expect(RunFolder.open(path)).rejects.toThrow(
      `${path}: output folder in use by process ${process.pid}`,
    );
    await run.release();
    await (await RunFolder.open(path)).release();
  });

  it("may not take the folder of another run", async () => {
    const first = await RunFolder.create(path, { seed: 1 });
    await first.writeCheckpoint(bytes("state"));
    await first.release();
    const again = RunFolder.create(path, { seed: 2 });
    await expect(again).rejects.toThrow(TrainingError);
    await expect(again).rejects.toThrow(
      `${path}: the output folder holds another run. Go on with it by --resume, replace it by --overwrite, or choose`,
    );
    await expect(RunFolder.create(path, { seed: 2 }, { resumable: false })).rejects.toThrow(
      "the output folder holds another run. Replace it by --overwrite, or choose another folder with --out.",
    );
    expect(await readRunConfig(path)).toEqual({ seed: 1 });
    // The refusal gave the folder free.
    await (await RunFolder.open(path)).release();
  });

  it("replaces a run that has come to nothing", async () => {
    await (await RunFolder.create(path, { seed: 1 })).release();
    await (await RunFolder.create(path, { seed: 2 })).release();
    expect(await readRunConfig(path)).toEqual({ seed: 2 });
  });

  it("replaces another run when asked, leaving nothing of it to go on from", async () => {
    const first = await RunFolder.create(path, { seed: 1 });
    await first.writeCheckpoint(bytes("old"));
    await writeFile(first.file("model"), bytes("old"));
    await first.record({ type: "epoch", epoch: 0 });
    await first.release();
    const second = await RunFolder.create(path, { seed: 2 }, { overwrite: true });
    await second.release();
    expect(await readRunConfig(path)).toEqual({ seed: 2 });
    expect(await readRunCheckpoint(path)).toBeNull();
    expect(await readFile(join(path, "metrics.jsonl"), "utf8")).toBe("");
    await expect(runModelFile(path)).rejects.toThrow(`${path}: this run has no model yet`);
  });

  it("may not take a folder of something else", async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "holiday.jpg"), "");
    const create = RunFolder.create(path, {}, { overwrite: true });
    await expect(create).rejects.toThrow(FileError);
    await expect(create).rejects.toThrow("the output folder is not empty and holds no run (holiday.jpg)");
    expect(await readdir(path)).toEqual(["holiday.jpg"]);
  });

  it("says that a file is in the way", async () => {
    await writeFile(join(root, "runs"), "");
    await expect(RunFolder.create(path, {})).rejects.toThrow(FileError);
  });
});

describe("what a run leaves", () => {
  it("is its model, or else its checkpoint", async () => {
    const run = await RunFolder.create(path, {});
    await run.writeCheckpoint(bytes("checkpoint"));
    expect(await runModelFile(path)).toBe(join(path, "checkpoint.safetensors"));
    await writeFile(run.file("model"), bytes("model"));
    expect(await runModelFile(path)).toBe(join(path, "model.safetensors"));
    expect(await readRunCheckpoint(path)).toEqual(bytes("checkpoint"));
    await run.release();
  });

  it("is a line an epoch; lines after the checkpoint are dropped when it goes on", async () => {
    const run = await RunFolder.create(path, {});
    for (const epoch of [0, 1, 2]) await run.record({ type: "epoch", epoch, loss: 1 / (epoch + 1) });
    await writeFile(run.file("metrics"), '{"type": "epo', { flag: "a" });
    await run.keepRecordsBefore(2);
    const lines = (await readFile(run.file("metrics"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { type: "epoch", epoch: 0, loss: 1 },
      { type: "epoch", epoch: 1, loss: 0.5 },
    ]);
    await run.release();
  });
});

describe("what is no run", () => {
  it("is a folder that is missing", async () => {
    await expect(RunFolder.open(path)).rejects.toThrow(
      `${path}: there is no such run. A run's folder has a config.json`,
    );
    await expect(readRunConfig(path)).rejects.toThrow(FileError);
  });

  it("is a folder without a configuration", async () => {
    await expect(runModelFile(root)).rejects.toThrow(`${root}: this folder holds no run.`);
  });

  it("is one with a damaged configuration", async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "config.json"), '{"model": "len');
    const config = readRunConfig(path);
    await expect(config).rejects.toThrow(FormatError);
    await expect(config).rejects.toThrow(
      `${path}/config.json: the run's configuration is damaged: it is not JSON. Mend it by hand`,
    );
  });
});
