import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pc from "picocolors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy, encodeSafetensors } from "../formats/index.ts";
import { exportWeights } from "../interop/index.ts";
import { Model } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { idxFile } from "../testing/idx-file.ts";
import { sharedData } from "../testing/shared-data.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { modelNames } from "./names.ts";
import { runCommandLine } from "./program.ts";
import { FileProgress, fileLine } from "./terminal/file-progress.ts";

let folder: string;
const at = (name: string) => join(folder, name);

async function run(...words: string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(words, terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-weights-"));
  const { tensors } = await exportWeights(models.create("lenet5"), { convention: "pytorch" });
  await writeFile(at("lenet.safetensors"), encodeSafetensors(tensors, { format: "pt" }));
  await writeFile(at("image.npy"), encodeNpy(Tensor.zeros("uint8", [1, 28, 28, 1])));
  await mkdir(at("data"));
  for (const [name, count] of Object.entries({ train: 64, t10k: 32 })) {
    const labels = Array.from({ length: count }, (_, index) => index % 4);
    const pixels = labels.flatMap((label) => Array.from({ length: 28 * 28 }, () => label * 60));
    await writeFile(at(`data/${name}-images-idx3-ubyte`), idxFile([count, 28, 28], pixels));
    await writeFile(at(`data/${name}-labels-idx1-ubyte`), idxFile([count], labels));
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe("--weights FILE", () => {
  test("predict", async () => {
    const words = ["predict", "lenet5", at("image.npy"), "--weights", at("lenet.safetensors")];
    const { code, out, err } = await run(...words, "--threads", "1");
    expect({ code, err }).toEqual({
      code: 0,
      err: `${at("lenet.safetensors")}: how images were prepared for these weights is not known; bytes become 0 to 1\n`,
    });
    expect(out).toMatch(/^.*image\.npy\[0\]: \d \d+\.\d\d %, \d \d+\.\d\d %, \d \d+\.\d\d %\n$/);
  });

  test("summary and evaluate", async () => {
    const weights = ["--weights", at("lenet.safetensors"), "--json", "--threads", "1"];
    expect(JSON.parse((await run("summary", "lenet5", ...weights)).out).parameters).toBe(61_706);
    const evaluated = await run("evaluate", "lenet5", ...weights, "--data", at("data"), "--classes", "10");
    expect(JSON.parse(evaluated.out)).toMatchObject({ model: "lenet5", examples: 32, shift: null });
  });

  test("train: another number of classes with --no-strict; a run that goes on is the same run", async () => {
    const words = ["train", "--model", "lenet5", "--data", at("data"), "--epochs", "1", "--threads", "1"];
    const from = ["--weights", at("lenet.safetensors")];
    // Strict is what it is without a word, and with one.
    for (const [index, flags] of [[], ["--strict"]].entries()) {
      const out = at(`strict${index}`);
      expect(await run(...words, ...from, ...flags, "--out", out, "--quiet")).toMatchObject({
        code: 2,
        err: expect.stringContaining(
          "2 mismatched (fc3.bias must be [4], is [10]; fc3.weight must be [4, 84], is [10, 84])",
        ),
      });
    }
    const trained = await run(...words, ...from, "--no-strict", "--out", at("run"), "--json");
    expect(trained.err).toContain(
      "lenet.safetensors: 8 tensors taken; fresh weights: fc3.bias, fc3.weight\n",
    );
    expect(JSON.parse(trained.out).config).toMatchObject({ weights: at("lenet.safetensors"), strict: false });
    expect(JSON.parse(await readFile(at("run/config.json"), "utf8"))).toMatchObject({ strict: false });
    await rm(at("lenet.safetensors"));
    const resumed = await run("train", "--resume", at("run"), "--epochs", "2", "--threads", "1", "--json");
    expect(resumed).toMatchObject({ code: 0 });
    expect(JSON.parse(resumed.out)).toMatchObject({ epochs: 2, interrupted: false });
    expect((await Model.load(at("run/model.safetensors"))).outputShape).toEqual([4]);
  });

  test("goes with a model's name", async () => {
    expect(await run("predict", at("run"), "a.png", "--weights", "torchvision")).toMatchObject({
      code: 2,
      err: "fovea: --weights: a run or a model file has weights already. Give the name of a model (fovea models lists them), or leave --weights out.\n",
    });
    expect(await run("predict", at("run"), "a.png", "--no-strict")).toMatchObject({
      code: 2,
      err: "fovea: --no-strict: goes with --weights only. A run or a model file holds a whole model.\n",
    });
    expect(await run("predict", "resnet50", "a.png")).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "Or give it weights by --weights: fovea models resnet50 lists what there is.",
      ),
    });
  });
});

const weights = sharedData("mobilenet_v1_0.25_224/model.json");
const photos = sharedData("photos");

test.skipIf(weights === null || photos === null)(
  "predict names what is on photos (skipped where ../shared/data is not there)",
  async () => {
    const files = ["cat_720p.jpg", "parrot.jpg", "sunflower.bmp"].map((name) => join(photos ?? "", name));
    const words = ["predict", "mobilenet-v1-0.25", ...files, "--weights", weights ?? "", "--top", "1"];
    const { code, out, err } = await run(...words, "--threads", "1");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const found = [
      /cat_720p\.jpg: tabby 4\d\.\d\d %/,
      /parrot\.jpg: macaw 98\.\d\d %/,
      /flower\.bmp: daisy 9\d\.\d\d %/,
    ];
    for (const [line, expected] of found.entries()) expect(out.split("\n")[line]).toMatch(expected);
  },
);

describe("fovea models", () => {
  test("lists every model", async () => {
    const { code, out } = await run("models");
    expect(code).toBe(0);
    for (const name of modelNames) expect(out).toContain(` ${name} `);
    expect(out).toMatch(
      /resnet50 +25,557,032 +8\.2\d GFLOP +\[224, 224, 3\] +torchvision:v2, torchvision:v1 +80\.86 %/,
    );
    const document = JSON.parse((await run("models", "--json")).out);
    const squeezenet = document.models.find(({ name }: { name: string }) => name === "squeezenet1-1");
    expect(squeezenet).toMatchObject({ parameters: 1_235_496, classes: 1000, inputShape: [224, 224, 3] });
    expect(squeezenet.weights[0]).toMatchObject({ label: "torchvision:v1", accuracy: { top1: 0.58178 } });
    // Twice torchvision's 0.349 billion multiply-adds, and what it does not count.
    expect(squeezenet.flops / 1e9).toBeGreaterThan(0.698);
    expect(squeezenet.flops / 1e9).toBeLessThan(0.72);
  });

  test("tells all of one", async () => {
    const { out } = await run("models", "vgg16");
    expect(out).toContain("138,357,544 parameters");
    expect(out).toContain(
      "https://download.pytorch.org/models/vgg16-397923af.pth, 527.796 MiB, sha256 397923af",
    );
    expect(out).toContain(
      "images: shorter side to 256 pixels (bilinear), middle 224 x 224, BGR, bytes times 1 plus -103.9 -116.8 -123.7",
    );
    expect((await run("models", "lenet5")).out).toContain("No weights are published for it");
    const papers = [
      ["alexnet:paper", "top-1 59.30 %, top-5 81.80 % on ImageNet's validation images, ten crops of each"],
      ["zfnet", "top-1 61.60 %, top-5 83.50 % on ImageNet's validation images"],
      ["googlenet:paper", "top-5 89.93 % on ImageNet's validation images, one crop of each"],
      ["lenet5:1998", "top-1 99.05 % on MNIST's test digits"],
    ];
    for (const [name, accuracy] of papers) {
      const { out: described } = await run("models", name);
      expect(described).toMatch(/^images: RGB, bytes times 0.00\d+ plus /m);
      expect(described).toContain(`its paper reports ${accuracy}`);
    }
    const { weights } = JSON.parse((await run("models", "mobilenet-v1-0.25", "--json")).out);
    expect(weights[0]).toMatchObject({ label: "keras:v1", checksum: null, licence: "Apache-2.0" });
    expect(weights[0].file).toMatch(/storage\.googleapis\.com.*mobilenet_2_5_224_tf\.h5$/);
    expect(await run("models", "resnet5")).toMatchObject({
      code: 2,
      err: expect.stringContaining('fovea models: there is no model "resnet5". Did you mean "resnet50"?'),
    });
  });
});

describe("files that are fetched are shown", () => {
  const colors = pc.createColors(false);
  const state = { name: "a.pth", before: 0, received: 5 * 2 ** 20, total: 10 * 2 ** 20, milliseconds: 2000 };

  test("as a line that fits the screen", () => {
    expect(fileLine(state, 80, colors)).toBe(`a.pth ${"━".repeat(20)} 5.00 MiB of 10.0 MiB, 2.50 MiB/s, 2s`);
    expect(fileLine(state, 50, colors)).toHaveLength(49);
    expect(fileLine(state, 30, colors)).toBe("a.pth 5.00 MiB of 10.0 MiB, 2");
    expect(fileLine({ ...state, total: null }, 80, colors)).toBe("a.pth 5.00 MiB, 2.50 MiB/s");
  });

  test("drawn again on a screen, told once elsewhere", () => {
    const screen = createTestTerminal({ live: true });
    const onScreen = new FileProgress(screen);
    for (const received of [0, 100, 2048]) onScreen.show({ name: "a.pth", received, total: 2048 });
    onScreen.closeLine();
    expect(screen.errText()).toMatch(
      /^\ra\.pth .*0 B of 2\.00 KiB.*\ra\.pth ━+ 2\.00 KiB of 2\.00 KiB.*\n$/s,
    );
    const file = createTestTerminal();
    const inFile = new FileProgress(file);
    for (const received of [0, 100, 2048]) inFile.show({ name: "a.pth", received, total: 2048 });
    inFile.closeLine();
    expect(file.errText()).toBe("Fetching a.pth (2.00 KiB)\n");
  });
});
