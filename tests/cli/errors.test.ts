import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { commandPath, documentOf, run, side, startProcess, writeIdxFolder } from "./command.ts";

let folder: string;
const training = ["--data", "./data", "--model", "dense", "--epochs", "1"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-cli-"));
  await writeIdxFolder(join(folder, "data"));
  documentOf(await run(folder, "train", ...training, "--out", "good", "--json"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** Writes a changed copy of a file. */
async function damage(from: string, to: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await mkdir(join(folder, to, ".."), { recursive: true });
  await writeFile(join(folder, to), change(await readFile(join(folder, from))));
}

/** A folder of data, one file of which is changed. */
async function damageData(name: string, file: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await mkdir(join(folder, name));
  for (const part of ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]) {
    await copyFile(join(folder, "data", `${part}-ubyte`), join(folder, name, `${part}-ubyte`));
  }
  await damage(`data/${file}`, `${name}/${file}`, change);
}

/** Expects one message on standard error that begins so, and no stack trace. */
async function expectFailure(code: 1 | 2, message: string, words: readonly string[]): Promise<void> {
  const ended = await run(folder, ...words);
  expect(ended.err).toContain(message);
  expect(ended).toMatchObject({ code, out: "" });
  expect(ended.err.match(/fovea: /g)).toHaveLength(1);
  expect(ended.err).not.toContain("    at ");
}

describe("data that cannot be used", () => {
  it("is missing", async () => {
    await expectFailure(1, "fovea: ./none: there is no file train-images-idx3-ubyte", [
      "train",
      "--data",
      "./none",
    ]);
    await expectFailure(2, 'fovea: data: there is no data set and no folder "mnits". Did you mean "mnist"?', [
      "train",
      "--data",
      "mnits",
    ]);
  });

  it("is cut short", async () => {
    await damageData("short", "train-images-idx3-ubyte", (bytes) => bytes.subarray(0, 1000));
    await expectFailure(1, "fovea: ./short/train-images-idx3-ubyte: ", ["train", "--data", "./short"]);
  });

  it("has a wrong magic number", async () => {
    await damageData("magic", "t10k-labels-idx1-ubyte", (bytes) =>
      Buffer.concat([Buffer.from([1]), bytes.subarray(1)]),
    );
    await expectFailure(1, "fovea: ./magic/t10k-labels-idx1-ubyte: ", ["train", "--data", "./magic"]);
  });

  it("leaves no folder behind", async () => {
    await expectFailure(1, "fovea: ./none: ", ["train", "--data", "./none", "--out", "nothing"]);
    const split = ["--limit", "10", "--validation-split", "0.999"];
    await expectFailure(2, "fovea: validation split: 0.999 of 10 images leaves 0 to train", [
      "train",
      ...training,
      ...split,
      "--out",
      "nothing",
    ]);
    await expectFailure(1, "nothing: there is no such run and no such model file.", ["evaluate", "nothing"]);
  });

  it("does not suit the model", async () => {
    await expectFailure(1, "fovea: ", ["evaluate", "good", "--data", "mnist"]);
  });
});

describe("names and options that are not known", () => {
  it.each<[string, readonly string[]]>([
    ['there is no model "lenet6". Did you mean "lenet5"? Known: dense', ["train", "--model", "lenet6"]],
    ['there is no model "lenet6". Did you mean "lenet5"? Known: dense', ["summary", "lenet6"]],
    ['--optimizer: unknown name "adan". Did you mean "adam"?', ["train", "--optimizer", "adan"]],
    ['--loss: unknown name "hinge". Known: sparse_categorical_crossentropy', ["train", "--loss", "hinge"]],
    ["unknown option '--epoch'. Did you mean --epochs?", ["train", "--epoch", "3"]],
    ["unknown command 'trian'. Did you mean train?", ["trian"]],
    [
      "--batch-size: the run was started with 128, and cannot go on with 64.",
      ["train", "--resume", "good", "--batch-size", "64"],
    ],
  ])("%s", async (message, words) => {
    await expectFailure(2, message, words);
  });
});

describe("models and runs that are damaged", () => {
  it("are cut short", async () => {
    await damage("good/model.safetensors", "short.safetensors", (bytes) =>
      bytes.subarray(0, bytes.length / 2),
    );
    await expectFailure(1, "fovea: short.safetensors, tensor ", [
      "evaluate",
      "short.safetensors",
      "--data",
      "./data",
    ]);
  });

  it("are something else", async () => {
    await expectFailure(1, "fovea: data/t10k-labels-idx1-ubyte: ", [
      "predict",
      "data/t10k-labels-idx1-ubyte",
      "x.npy",
    ]);
  });

  it("have a damaged configuration", async () => {
    await damage("good/config.json", "torn/config.json", (bytes) => bytes.subarray(0, 40));
    await expectFailure(1, "fovea: torn/config.json: the run's configuration is damaged: it is not JSON.", [
      "train",
      "--resume",
      "torn",
    ]);
    await damage("good/config.json", "odd/config.json", (bytes) =>
      Buffer.from(bytes.toString().replace("128", '"many"')),
    );
    await expectFailure(1, "fovea: odd/config.json: the run's configuration is damaged: batchSize: ", [
      "train",
      "--resume",
      "odd",
    ]);
  });

  it("have a damaged checkpoint", async () => {
    await damage("good/config.json", "bad/config.json", (bytes) => bytes);
    await damage("good/checkpoint.safetensors", "bad/checkpoint.safetensors", (bytes) =>
      bytes.subarray(0, 100),
    );
    await expectFailure(1, "fovea: bad/checkpoint.safetensors: ", [
      "train",
      "--resume",
      "bad",
      "--epochs",
      "2",
    ]);
  });

  it("are names without weights", async () => {
    const message =
      "fovea: lenet5: this is a model without trained weights. Train it (fovea train --model lenet5";
    await expectFailure(1, message, ["evaluate", "lenet5"]);
  });

  it("are not there", async () => {
    await expectFailure(1, "fovea: nowhere: there is no such run.", ["train", "--resume", "nowhere"]);
    await expectFailure(1, "fovea: good: the output folder holds another run.", [
      "train",
      ...training,
      "--out",
      "good",
    ]);
  });
});

describe("arrays that cannot be predicted", () => {
  const sizeOf = (count: number) => [count, side, side, 1];
  it.each<[string, Tensor, string]>([
    [
      "flat.npy",
      Tensor.zeros("float32", [2, side * side]),
      "the array is [2, 144], [N, 12, 12, 1] was expected.",
    ],
    ["whole.npy", Tensor.zeros("int32", sizeOf(1)), "the array is int32, float32 or uint8 was expected."],
    [
      "nan.npy",
      new Tensor("float32", sizeOf(2), new Float32Array(2 * side * side).fill(Number.NaN, 150, 151)),
      "image 1 has the value NaN, finite numbers were expected.",
    ],
  ])("%s", async (name, tensor, message) => {
    await writeFile(join(folder, name), encodeNpy(tensor));
    await expectFailure(1, `fovea: ${name}: ${message}`, ["predict", "good", name]);
  });

  it("empty.npy", async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 12, 12, 1), }".padEnd(117);
    const prefix = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length + 1, 0]);
    await writeFile(join(folder, "empty.npy"), Buffer.concat([prefix, Buffer.from(`${header}\n`)]));
    await expectFailure(1, "fovea: empty.npy: there are no images in it.", ["predict", "good", "empty.npy"]);
  });
});

describe("training that fails", () => {
  it("says at which step the loss stopped being a number", async () => {
    const words = [
      "train",
      ...training,
      "--optimizer",
      "sgd",
      "--learning-rate",
      "1e30",
      "--out",
      "nan",
      "--quiet",
    ];
    await expectFailure(1, "fovea: epoch 1, step ", words);
    // Nothing came of it, so the folder may be used again.
    documentOf(await run(folder, "train", ...training, "--out", "nan", "--json"));
  });

  it("shows a stack trace with --verbose, and one JSON document with --json", async () => {
    const { code, out, err } = await run(folder, "evaluate", "nowhere", "--verbose", "--json");
    expect(code).toBe(1);
    expect(err).toContain("\n    at ");
    expect(JSON.parse(out).error).toMatchObject({ name: "FileError", where: "nowhere", exitCode: 1 });
  });

  it("says that its output cannot be written", async (context) => {
    if (process.platform !== "linux") context.skip("only Linux has a device that is always full");
    const words = ["-c", '"$0" "$@" > /dev/full', process.execPath, commandPath, "backprop", "--json"];
    const { code, err } = await startProcess(folder, "sh", words).ended;
    expect(err).toMatch(/^fovea: standard output: it cannot be written \(.*ENOSPC.*\)\. Free some space/);
    expect(code).toBe(1);
  });

  it("says that the disk is full", async (context) => {
    // A file system of its own that holds nothing big: a mount namespace of this process alone.
    const script = 'mount -t tmpfs -o size=300k tmpfs full && cd full && "$0" "$@"';
    const inNamespace = (...words: readonly string[]) =>
      startProcess(folder, "unshare", ["-rm", "sh", "-c", script, ...words]).ended;
    await mkdir(join(folder, "full"), { recursive: true });
    const possible = await inNamespace("true").catch(() => ({ code: 1, err: "no unshare" }));
    if (possible.code !== 0) context.skip(`no file system of one's own can be mounted here: ${possible.err}`);
    const words = ["train", "--data", join(folder, "data"), "--model", "dense", "--out", "run", "--quiet"];
    const { code, err } = await inNamespace(process.execPath, commandPath, ...words);
    expect(err).toContain("fovea: run/checkpoint.safetensors: no space is left on the disk. Free some space");
    expect(code).toBe(1);
  });
});
