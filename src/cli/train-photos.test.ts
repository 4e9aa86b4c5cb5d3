import { copyFile, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSafetensors } from "../formats/index.ts";
import { exportWeights } from "../interop/index.ts";
import { writePhoto, writePhotoFolder } from "../testing/photo-folder.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { configFromFlags } from "./config.ts";
import { runCommandLine } from "./program.ts";
import { openTrainingPhotos } from "./train-photos.ts";

let folder: string;
const at = (name: string) => join(folder, name);

async function run(...words: string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine([...words, "--threads", "1"], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

/** Trains a small net on the photos, into a folder of that name. */
async function train(photos: string, out: string, ...words: string[]) {
  const what = ["--data", at(photos), "--model", "dense", "--image-size", "12x12x3", "--batch-size", "8"];
  return await run("train", ...what, "--out", at(out), ...words);
}

const jsonOf = async (name: string) => JSON.parse(await readFile(at(name), "utf8"));

/** Photo and part of each line of a run's table. */
async function partsOf(name: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await readFile(at(`${name}/photos.csv`), "utf8")).trim().split("\r\n").slice(1);
  return new Map(
    lines.map((line) => {
      const [path = "", , part = ""] = line.split(",");
      return [path, part];
    }),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-train-"));
  await writePhotoFolder(at("my photos"), { rot: 20, grün: 20 });
  await writeFile(at("my photos/rot/broken.ppm"), "P6 9 9 255\n");
  for (const part of ["train", "val", "test"])
    await writePhotoFolder(at(`parts/${part}`), { rot: part === "train" ? 8 : 3, grün: 4 });
  for (const part of ["train", "val"]) await writePhotoFolder(at(`two/${part}`), { rot: 6, grün: 5 });
});
afterAll(() => rm(folder, { recursive: true }));

describe("fovea train on photos", () => {
  test("deals them out, trains, judges by the test part, and evaluate judges by the same", async () => {
    const { code, out, err } = await train("my photos", "run", "--epochs", "8");
    expect(code).toBe(0);
    const [heading, problem, counts, begin] = err.split("\n");
    expect(heading).toBe("1 left out:");
    expect(problem).toContain("rot/broken.ppm: ");
    expect(counts).toBe(
      "40 photos of 2 classes: 32 to train on, 0 for validation, 8 to test; each becomes 12x12, RGB",
    );
    expect(begin).toMatch(/^dense, .* parameters, on my photos; .*; into /);
    expect(err).toMatch(/Epoch 8\/8 - .*accuracy.*val_?[aA]ccuracy/);
    expect(out).toMatch(/^Test: accuracy 1\.0+, loss [\d.e-]+ on 8 examples\. Saved in .*run\.\n$/);
    expect(await jsonOf("run/config.json")).toMatchObject({
      data: at("my photos"),
      imageSize: [12, 12, 3],
      testSplit: null,
      photos: { count: 40, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const evaluated = await run("evaluate", at("run"), "--json");
    expect(JSON.parse(evaluated.out)).toMatchObject({ examples: 8, accuracy: 1, data: at("run/photos.csv") });
    await writePhoto(at("new.ppm"), 0, 77);
    expect((await run("predict", at("run"), at("new.ppm"), "--top", "1")).out).toMatch(/new\.ppm: rot \d\d/);
  });

  test("a run that goes on has the same photos in the same parts, and the same weights in the end", async () => {
    const flags = [
      "--validation-split",
      "0.1",
      "--augment",
      "flip",
      "--class-weights",
      "balanced",
      "--quiet",
    ];
    await train("my photos", "whole", "--epochs", "2", ...flags);
    await train("my photos", "halves", "--epochs", "1", ...flags);
    const resumed = await run("train", "--resume", at("halves"), "--epochs", "2", "--json");
    const document = JSON.parse(resumed.out);
    expect(document).toMatchObject({ epochs: 2, examples: 28, testExamples: 8, interrupted: false });
    expect(document.problems).toEqual([{ path: "rot/broken.ppm", problem: expect.any(String) }]);
    expect(resumed.err).toContain("28 to train on, 4 for validation, 8 to test");
    const bytes = async (name: string) => await readFile(at(`${name}/model.safetensors`));
    expect((await bytes("halves")).equals(await bytes("whole"))).toBe(true);
    expect(await partsOf("halves")).toEqual(await partsOf("whole"));
  });

  test("photos that have changed are an error of the run that goes on", async () => {
    await writePhotoFolder(at("changing"), { rot: 5, grün: 5 });
    expect((await train("changing", "changed", "--epochs", "1")).code).toBe(0);
    const resume = () => run("train", "--resume", at("changed"), "--epochs", "2");
    const [photo, other] = [at("changing/rot/photo 0.ppm"), at("changing/rot/photo 1.ppm")];
    await rename(photo, at("away.ppm"));
    const hint = `Bring back those that ${at("changed/photos.csv")} lists, or start a new run with --out.\n`;
    const started = `fovea: ${at("changing")}: the photos have changed since the run was started: `;
    expect(await resume()).toEqual({
      code: 1,
      out: "",
      err: `${started}there were 10, and are 9 that can be read. ${hint}`,
    });
    await copyFile(other, photo);
    expect(await resume()).toMatchObject({
      err: `${started}some of them have another name, class or content. ${hint}`,
    });
    await copyFile(at("away.ppm"), photo);
    expect((await resume()).code).toBe(0);
  });

  test("parts of the folder stay: validation is watched, the test part is the judge", async () => {
    const { out, err } = await train("parts", "parts run", "--epochs", "1", "--json");
    expect(err).toContain("26 photos of 2 classes: 12 to train on, 7 for validation, 7 to test");
    const document = JSON.parse(out);
    expect(document).toMatchObject({ examples: 12, testExamples: 7, problems: [] });
    expect(document.history[0].validation.loss).toEqual(expect.any(Number));
    for (const [path, part] of await partsOf("parts run"))
      expect(path).toContain(`/${part === "validation" ? "val" : part}/`);
  });

  test("without a test part the validation part is the judge", async () => {
    const { out, err } = await train("two", "two run", "--epochs", "1");
    expect(err).toContain("there is no test part: the run is judged by the validation part\n");
    expect(err).toContain("11 to train on, 0 for validation, 11 to test");
    expect(out).toContain(" on 11 examples. ");
    const evaluated = await run("evaluate", at("two run"), "--json");
    expect(JSON.parse(evaluated.out)).toMatchObject({ examples: 11 });
  });

  test("a folder of train alone, and a CSV file, are dealt out by the share that is asked for", async () => {
    await writePhotoFolder(at("lone/train"), { rot: 10, grün: 10 });
    const lone = await train("lone", "lone run", "--epochs", "1", "--test-split", "0.3", "--json");
    expect(JSON.parse(lone.out)).toMatchObject({ examples: 14, testExamples: 6 });
    const lines = Array.from({ length: 20 }, (_, index) => {
      const name = index < 10 ? "rot" : "grün";
      return `my photos/${name}/photo ${index % 10}.ppm,${name}\n`;
    });
    await writeFile(at("list.csv"), lines.join(""));
    const listed = await train("list.csv", "list run", "--epochs", "1", "--json");
    expect(JSON.parse(listed.out)).toMatchObject({ examples: 16, testExamples: 4 });
  });

  test("photos that are the same go to one side", async () => {
    await writePhotoFolder(at("twins"), { rot: 10, grün: 10 });
    for (const name of ["rot", "grün"])
      for (let index = 0; index < 10; index++)
        await copyFile(at(`twins/${name}/photo ${index}.ppm`), at(`twins/${name}/copy of ${index}.ppm`));
    const { err } = await train("twins", "twins run", "--epochs", "1");
    expect(err).toContain("photos that are the same or nearly so: ");
    const parts = await partsOf("twins run");
    expect(parts.size).toBe(40);
    for (const [path, part] of parts) expect(parts.get(path.replace("photo ", "copy of "))).toBe(part);
    expect([...parts.values()].filter((part) => part === "test")).toHaveLength(8);
  });

  test("--find-rate tells rates, and keeps nothing", async () => {
    const { out } = await train("two", "never", "--find-rate", "--json");
    expect(JSON.parse(out).rates.length).toBeGreaterThan(10);
    await expect(stat(at("never"))).rejects.toThrow("ENOENT");
  });

  test("--limit takes of each class its share", async () => {
    const { out, err } = await train("my photos", "few", "--epochs", "1", "--limit", "9", "--json");
    expect(err).toContain("9 to train on, 0 for validation, 8 to test");
    expect(JSON.parse(out)).toMatchObject({ examples: 9, testExamples: 8 });
  });

  test("a net for gray images has gray ones, of its own size; weights from a file", async () => {
    const { tensors } = await exportWeights(models.create("lenet5"), { convention: "pytorch" });
    await writeFile(at("lenet.safetensors"), encodeSafetensors(tensors, { format: "pt" }));
    const flags = ["--weights", at("lenet.safetensors"), "--no-strict", "--epochs", "1"];
    const words = ["train", "--data", at("my photos"), "--out", at("gray"), ...flags];
    const { code, err } = await run(...words);
    expect(code).toBe(0);
    expect(err).toContain("; each becomes 28x28, gray\n");
    expect(err).toContain("fresh weights: fc3.bias, fc3.weight\n");
  });
});

test("a photo that is gone when it is needed is listed, and the next of its class stands for it", async () => {
  await writePhotoFolder(at("going"), { rot: 5, grün: 5 });
  const config = configFromFlags({ data: at("going"), model: "dense" });
  const terminal = createTestTerminal();
  const data = await openTrainingPhotos(config, {}, terminal);
  const { train } = data.partsFor(models.create("dense", { classes: 2, inputShape: [28, 28, 1] }));
  if (!("read" in train)) throw new Error("photos are a stream");
  expect(data.problems()).toEqual([]);
  const [first, second] = [...(data.table ?? "").matchAll(/^(.*(grün\/.*)),grün,train\r$/gm)];
  await rename(first[1], at("gone.ppm"));
  const [size, before] = [28 * 28, await train.read(Int32Array.of(1))];
  const both = await train.read(Int32Array.of(0, 1));
  expect(both.slice(0, size)).toEqual(before);
  expect(both.slice(size)).toEqual(before);
  expect(second[2]).not.toBe(first[2]);
  expect(data.problems()).toEqual([{ path: first[2], problem: "there is no such file" }]);
});

describe("what is refused, before there is a folder", () => {
  test.each([
    ["parts", ["--test-split", "0.3"], "--test-split: "],
    ["parts", ["--validation-split", "0.3"], "has photos for validation already. Leave the flag out"],
    ["my photos", ["--test-split", "0.5", "--validation-split", "0.5"], "leave none to train on"],
    ["my photos", ["--test-split", "0"], "--test-split: a number above 0 and below 1"],
    ["one", [], 'there is one class only, "only"'],
    ["single", [], "there are no photos to be used for: test"],
  ])("%s %j", async (photos, flags, message) => {
    await writePhotoFolder(at("one"), { only: 2 });
    await writePhotoFolder(at("single"), { a: 1, b: 1 });
    const { code, err } = await train(photos, "refused", ...flags);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(message);
    await expect(stat(at("refused"))).rejects.toThrow("ENOENT");
  });

  test.each([
    [["--image-size", "64"], "--image-size: goes with photos only: mnist holds none. "],
    [["--test-split", "0.2"], "--test-split: goes with photos only: mnist holds none. "],
  ])("mnist %j", async (flags, message) => {
    expect(await run("train", ...flags)).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  });
});
