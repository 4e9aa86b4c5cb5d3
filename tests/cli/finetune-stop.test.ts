import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, sequential } from "fovea";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writePhoto, writePhotoFolder } from "../../src/testing/photo-folder.ts";
import { documentOf, run, start } from "./command.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-cli-"));
  const net = sequential(
    [
      layers.conv2d({ name: "conv", inputShape: [12, 12, 3], filters: 8, kernelSize: 3, activation: "relu" }),
      layers.globalAveragePool2d({ name: "mean" }),
      layers.dense({ name: "scores", units: 3 }),
    ],
    { name: "tiny", seed: 1, preprocessing: { resize: { size: [12, 12] } } },
  );
  await net.save(join(folder, "tiny.safetensors"));
  await writePhotoFolder(join(folder, "photos"), { red: 40, green: 40 });
});
afterAll(() => rm(folder, { recursive: true }));

it("fovea finetune that is stopped while layers are unfrozen keeps what was best, and says how it stands", async () => {
  const unfreezing = ["--unfreeze", "conv", "--unfreeze-epochs", "5000", "--unfreeze-rate", "1e-6"];
  const words = ["finetune", "photos", "--backbone", "tiny.safetensors", "--no-cache", "--out", "run"];
  const running = start(folder, ...words, ...unfreezing, "--validation", "0");
  await running.sees("unfrozen, epoch 2");
  // While it goes on.
  const { runs: before } = documentOf(await run(folder, "runs", ".", "--json"));
  expect(before).toMatchObject([
    { run: "./run", state: "running", model: "tiny.safetensors", backbone: "frozen" },
  ]);
  expect(before[0].epochs).toBeGreaterThan(60);
  running.process.kill("SIGINT");
  const { code, err } = await running.ended;
  expect(code).toBe(1);
  expect(err).toContain("What was best so far is kept: fovea predict run PHOTO\n");
  const lines = (await readFile(join(folder, "run/metrics.jsonl"), "utf8")).trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line));
  expect(records.at(-1)).toMatchObject({ type: "trainEnd", reason: "interrupted" });
  expect(records.filter(({ phase }) => phase === "unfreeze").length).toBeGreaterThan(1);
  const { runs } = documentOf(await run(folder, "runs", ".", "--json"));
  expect(runs).toMatchObject([{ state: "interrupted" }]);
  await writePhoto(join(folder, "new.ppm"), 0, 77);
  expect((await run(folder, "predict", "run", "new.ppm", "--top", "1")).out).toMatch(/new\.ppm: red \d\d/);
}, 60_000);
