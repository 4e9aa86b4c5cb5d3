import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decodeSafetensors, readTensors } from "../formats/index.ts";
import { layers } from "../layers/index.ts";
import { sequential } from "../models/index.ts";
import { writePhoto, writePhotoFolder } from "../testing/photo-folder.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { runCommandLine } from "./program.ts";

let folder: string;
const at = (name: string) => join(folder, name);

async function run(...words: string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(
    [...words, ...(words[0] === "predict" ? [] : ["--threads", "1"])],
    terminal,
  );
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-photos-"));
  vi.stubEnv("FOVEA_CACHE", at("cache"));
  const net = sequential(
    [
      layers.conv2d({
        name: "conv",
        inputShape: [12, 12, 3],
        filters: 16,
        kernelSize: 3,
        activation: "relu",
      }),
      layers.globalAveragePool2d({ name: "mean" }),
      layers.dense({ name: "scores", units: 3 }),
    ],
    { name: "tiny", seed: 1, preprocessing: { resize: { size: [12, 12] } } },
  );
  await net.save(at("tiny.safetensors"));
  await writePhotoFolder(at("my photos"), { rot: 20, grün: 20 });
  await writeFile(at("my photos/rot/broken.ppm"), "P6 9 9 255\n");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const backbone = () => ["--backbone", at("tiny.safetensors")];

describe("fovea finetune", () => {
  test("what cannot be begun makes no folder, and leaves the run that is there as it is", async () => {
    const words = ["finetune", at("my photos"), "--out", at("kept"), "--quiet"];
    expect((await run(...words, "--backbone", "mobilenet", "--weights", at("none.npz"))).err).toContain(
      'there is no model "mobilenet". Did you mean "mobilenet-v1"?',
    );
    expect(await readdir(folder)).not.toContain("kept");
    expect((await run(...words, ...backbone())).code).toBe(0);
    const model = await readFile(at("kept/model.safetensors"));
    expect(model.length).toBeGreaterThan(1000);
    for (const mistake of [
      ["--backbone", "resnet18", "--weights", at("none.npz")],
      [...backbone(), "--unfreeze", "nowhere"],
    ]) {
      expect((await run(...words, "--overwrite", ...mistake)).code).not.toBe(0);
      expect(await readFile(at("kept/model.safetensors"))).toEqual(model);
    }
  });

  test("a run's folder that predict and evaluate know, and a report", async () => {
    const { code, out, err } = await run(
      "finetune",
      at("my photos"),
      ...backbone(),
      "--out",
      at("run"),
      "--folds",
      "3",
    );
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(/^accuracy 100\.00 % of 8 held-out photos \(/);
    expect(out).toContain("over 3 folds: ");
    expect(out).toContain("No mistakes.");
    expect(err).toContain("41 photos of 2 classes");
    expect(err).toContain("1 left out:\n  rot/broken.ppm: ");
    expect((await readdir(at("run"))).filter((name) => !/^\.|tfevents/.test(name)).sort()).toEqual([
      "config.json",
      "metrics.jsonl",
      "model.safetensors",
      "photos.csv",
      "report.html",
    ]);
    expect(JSON.parse(await readFile(at("run/config.json"), "utf8"))).toMatchObject({
      kind: "finetune",
      photos: at("my photos"),
      seed: 1,
      folds: 3,
    });
    const lines = (await readFile(at("run/metrics.jsonl"), "utf8")).trim().split("\n");
    expect(JSON.parse(lines[1])).toMatchObject({ type: "epochEnd", phase: "head", epoch: 0 });
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "test", accuracy: 1, examples: 8 });

    await writePhoto(at("new.ppm"), 1, 77);
    expect((await run("predict", at("run"), at("new.ppm"), "--top", "1")).out).toMatch(/new\.ppm: grün \d\d/);
    const evaluated = await run("evaluate", at("run"), "--json");
    expect(JSON.parse(evaluated.out)).toMatchObject({ examples: 8, accuracy: 1, data: at("run/photos.csv") });
    const all = await run("evaluate", at("run"), "--data", at("my photos"));
    expect(all).toMatchObject({ code: 0, err: expect.stringContaining("1 left out") });
    expect(all.out).toMatch(/run on 40 test examples of .*my photos: accuracy /);
    expect(await run("evaluate", at("run"), "--shift", "1,1")).toMatchObject({
      code: 2,
      err: "fovea: --shift: photos are not moved. It goes with data sets whose images are of the model's size.\n",
    });
  });

  test("--json: one document; the second run takes features from the cache", async () => {
    const { out } = await run(
      "finetune",
      at("my photos"),
      ...backbone(),
      "--out",
      at("run2"),
      "--json",
      "--quiet",
      "--no-report",
    );
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      run: at("run2"),
      features: { cached: 40, computed: 0 },
      backbone: { name: "tiny", tap: "mean", features: 16 },
      test: { accuracy: 1 },
      versions: { fovea: expect.any(String), engine: expect.any(String) },
    });
    expect(document.test.predictions).toBeUndefined();
    expect(await readdir(at("run2"))).not.toContain("report.html");
  });

  test("a folder that is taken, and one that cannot be written to", async () => {
    expect(await run("finetune", at("my photos"), ...backbone(), "--out", at("run"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("the output folder holds another run"),
    });
    await writeFile(at("file"), "");
    expect(await run("finetune", at("my photos"), ...backbone(), "--out", at("file/run"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("a part of this path is a file, a folder was expected"),
    });
  });

  test.each([
    ["none", [], "there is no such folder"],
    ["empty", [], "there are no photos in folders of classes"],
    ["one", [], 'there is one class only, "only"'],
    ["my photos", ["--test", "1"], "--test: a number"],
    ["my photos", ["--weights", "torchvision"], "--weights: goes with a backbone by name only"],
    ["my photos", ["--unfreeze-epochs", "3"], "--unfreeze-epochs: goes with --unfreeze"],
    ["my photos", ["--no-augment"], "--no-augment: goes with --unfreeze"],
    ["my photos", ["--tap", "meen"], 'there is no layer "meen". Did you mean "mean"?'],
  ])("%s %j", async (photos, flags, message) => {
    await mkdir(at("empty"), { recursive: true });
    await writePhotoFolder(at("one"), { only: 2 });
    const { code, err } = await run("finetune", at(photos), ...backbone(), "--out", at("never"), ...flags);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(message);
  });
});

test("what is told in part says where all of it is", async () => {
  await writePhotoFolder(at("torn"), { blau: 6, gelb: 6, selten: 1 });
  for (let index = 0; index < 7; index++) await writeFile(at(`torn/blau/${index}.jpg`), "");
  const words = [at("torn"), ...backbone()];
  const made = await run("finetune", ...words, "--out", at("torn-run"));
  expect(made.err).toContain("7 left out:\n  blau/0.jpg: the file is empty\n");
  expect(made.err).toContain("  and 2 more: the report lists all\n");
  expect(made.out).toMatch(/selten +0 +– +– +– /);
  for (const command of [["features", "--out", at("torn.npz")], ["similar"]])
    expect((await run(...command, ...words)).err).toContain("  and 2 more: --json lists all\n");
});

describe("fovea features", () => {
  test(".npz, .safetensors, .npy and .csv hold the same", async () => {
    for (const ending of ["npz", "safetensors", "npy", "csv"]) {
      const { code, out, err } = await run(
        "features",
        at("my photos"),
        ...backbone(),
        "--out",
        at(`features.${ending}`),
      );
      expect({ code, out }).toEqual({
        code: 0,
        out: `${at(`features.${ending}`)}: 40 photos, 16 features each, of tiny at mean\n`,
      });
      expect(err).toContain("rot/broken.ppm");
    }
    const bytes = async (name: string) => new Uint8Array(await readFile(at(name)));
    const { tensors, metadata } = decodeSafetensors(await bytes("features.safetensors"), { name: "f" });
    const features = tensors.get("features");
    expect(features?.shape).toEqual([40, 16]);
    expect([...(tensors.get("labels")?.data ?? [])]).toEqual(
      Array.from({ length: 40 }, (_, row) => (row < 20 ? 0 : 1)),
    );
    const paths: string[] = JSON.parse(metadata["paths"] ?? "[]");
    expect(paths[0]).toBe("grün/photo 0.ppm");
    const lines = (await readFile(at("features.csv"), "utf8")).trim().split("\r\n");
    expect(lines).toHaveLength(41);
    expect(lines[1].split(",").slice(0, 3)).toEqual(["grün/photo 0.ppm", "grün", String(features?.data[0])]);
    const npy = await readTensors(await bytes("features.safetensors"), { name: "f" });
    expect(npy.tensors.get("features")).toEqual(features);
    const text = new TextDecoder("latin1").decode(await bytes("features.npz"));
    expect(text).toContain("'descr': '<U17'");
  });

  test("another ending", async () => {
    expect(await run("features", at("my photos"), ...backbone(), "--out", at("features.txt"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("Give a name that ends in .npz, .npy, .safetensors, .csv."),
    });
  });
});

describe("fovea similar", () => {
  test("the nearest photos, the query itself not among them", async () => {
    const query = at("my photos/rot/photo 3.ppm");
    const { code, out } = await run("similar", at("my photos"), query, ...backbone(), "--top", "3", "--json");
    expect(code).toBe(0);
    const [{ nearest }] = JSON.parse(out).queries;
    expect(nearest).toHaveLength(3);
    for (const { path, similarity } of nearest) {
      expect(path).toContain("/rot/");
      expect(path).not.toBe(query);
      expect(similarity).toBeGreaterThan(0.9);
      expect(similarity).toBeLessThanOrEqual(1);
    }
    expect(nearest[0].similarity).toBeGreaterThanOrEqual(nearest[2].similarity);
  });

  test("photos without classes; those that are the same", async () => {
    for (const [name, index] of [
      ["a.ppm", 1],
      ["b.ppm", 2],
      ["copy of a.ppm", 1],
    ] as const)
      await writePhoto(at(`flat/${name}`), 1, index);
    const { out } = await run("similar", at("flat"), ...backbone());
    expect(out).toBe(
      `1 group of photos that are the same or nearly so:\n  ${at("flat/a.ppm")} = ${at("flat/copy of a.ppm")}\n`,
    );
    const asked = await run("similar", at("flat"), at("new.jpg"), at("flat/b.ppm"), ...backbone());
    expect(asked.out).toMatch(/new\.jpg: there is no such file\n.*b\.ppm:\n {2}0\.\d{4} {2}.*a\.ppm\n/);
  });
});
