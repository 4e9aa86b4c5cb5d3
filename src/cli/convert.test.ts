import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeTensors, readTensors } from "../formats/index.ts";
import { exportWeights, importKeras } from "../interop/index.ts";
import { Model } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { drawn } from "../testing/drawn.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { runCommandLine } from "./program.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const golden = (name: string) => fileURLToPath(new URL(`../formats/golden/${name}`, import.meta.url));

async function run(...words: string[]) {
  const terminal = createTestTerminal();
  const code = await runCommandLine(["convert", ...words], terminal);
  return { code, out: terminal.outText(), err: terminal.errText() };
}

async function succeed(...words: string[]): Promise<string> {
  const { code, out, err } = await run(...words);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

/** What a conversion says on standard error where nothing is known of how images are prepared for the weights. */
const unprepared = (name: string) =>
  `${at(name)}: how images were prepared for these weights is not known; bytes become 0 to 1\n`;

async function read(name: string) {
  return await readTensors(await readFile(at(name)), { name });
}

const lenet = models.create("lenet5", { classes: 4 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-convert-"));
  await lenet.save(at("lenet.safetensors"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("tensors as they are", () => {
  test("from PyTorch's file to safetensors: names, layouts, values", async () => {
    const out = await succeed(golden("zip.pth"), at("zip.safetensors"));
    expect(out).toBe(
      `${golden("zip.pth")}: PyTorch (.pth, .pt), 20 tensors of 161 numbers, names and layouts of pytorch\n` +
        `${at("zip.safetensors")}: 1.91 KiB, names and layouts of pytorch\n`,
    );
    const { convention, metadata, tensors } = await read("zip.safetensors");
    expect([convention, metadata]).toEqual(["pytorch", { format: "pt" }]);
    const original = await readTensors(await readFile(golden("zip.pth")), { name: "zip.pth" });
    expect(new Map([...tensors].sort())).toEqual(new Map([...original.tensors].sort()));
  });

  test("a checkpoint to npz, with one JSON document", async () => {
    const out = await succeed(golden("checkpoint.pth"), at("checkpoint.npz"), "--json", "--to", "pytorch");
    const { bytes, ...document } = JSON.parse(out);
    expect(document).toEqual({
      input: golden("checkpoint.pth"),
      output: at("checkpoint.npz"),
      format: "pytorch",
      from: "pytorch",
      to: "pytorch",
      model: null,
      tensors: 7,
      numbers: 15,
      report: null,
    });
    expect(bytes).toBe((await readFile(at("checkpoint.npz"))).length);
    const { tensors } = await read("checkpoint.npz");
    expect(tensors.get("0.weight")).toEqual(Tensor.from([-1, -0.75, -0.5, -0.25], [2, 2]));
  });

  test("--from says what a file does not", async () => {
    await writeFile(
      at("plain.npz"),
      await encodeTensors("npz", { tensors: new Map([["w", Tensor.from([1])]]) }),
    );
    expect(await succeed(at("plain.npz"), at("plain.safetensors"))).toBe(
      `${at("plain.npz")}: NumPy (.npz), 1 tensors of 1 numbers\n${at("plain.safetensors")}: 68 B\n`,
    );
    await succeed(at("plain.npz"), at("marked.safetensors"), "--from", "keras");
    expect((await read("marked.safetensors")).convention).toBe("keras");
  });

  test("a model file stays one", async () => {
    await succeed(at("lenet.safetensors"), at("same.safetensors"));
    expect(await readFile(at("same.safetensors"))).toEqual(await readFile(at("lenet.safetensors")));
  });
});

describe("names and layouts of another framework", () => {
  test.each(["pytorch", "keras"] as const)(
    "a model file for %s, and back by the network's name",
    async (framework) => {
      const there = `there-${framework}.safetensors`;
      expect(await succeed(at("lenet.safetensors"), at(there), "--to", framework)).toContain(
        `${at("lenet.safetensors")}: safetensors (.safetensors), 10 tensors of 61,196 numbers, names and layouts of fovea\n`,
      );
      const { tensors, convention } = await read(there);
      expect([convention, tensors]).toEqual([
        framework,
        (await exportWeights(lenet, { convention: framework })).tensors,
      ]);
      const back = `back-${framework}.safetensors`;
      const { code, out, err } = await run(at(there), at(back), "--model", "lenet5", "--classes", "4");
      expect({ code, err }).toEqual({ code: 0, err: unprepared(there) });
      expect(out).toContain("\nlenet5: 10 weights applied\n");
      const model = await Model.load(at(back));
      expect(await model.getWeights()).toEqual(await lenet.getWeights());
    },
  );

  test("without strict what fits is taken, and the rest is named", async () => {
    await succeed(at("lenet.safetensors"), at("strict.npz"), "--to", "pytorch");
    const words = [at("strict.npz"), at("ten.safetensors"), "--model", "lenet5", "--from", "pytorch"];
    const { code, err } = await run(...words);
    expect(code).toBe(2);
    expect(await run(...words, "--strict")).toMatchObject({ code, err });
    expect(err).toContain(
      `fovea: ${at("strict.npz")}: the weights do not fit model "lenet5": 2 mismatched (fc3.weight must be [10, 84], is [4, 84]; fc3.bias must be [10], is [4]). Another number of classes?`,
    );
    const lenient = await run(...words, "--no-strict");
    expect([lenient.code, lenient.err]).toEqual([0, unprepared("strict.npz")]);
    expect(lenient.out).toContain(
      "lenet5: 8 weights applied\nlenet5: 2 mismatched (fc3.weight must be [10, 84], is [4, 84]; fc3.bias must be [10], is [4])\n",
    );
    const { report, model, to } = JSON.parse((await run(...words, "--no-strict", "--json")).out);
    expect([report.convention, report.applied.length, model, to]).toEqual(["pytorch", 8, "lenet5", "fovea"]);
    expect((await Model.load(at("ten.safetensors"))).outputShape).toEqual([10]);
  });
});

test("what is published for a net goes into its model: torchvision's preprocessing and ImageNet's classes", async () => {
  const net = models.create("squeezenet1-1");
  await writeFile(
    at("squeezenet.safetensors"),
    await encodeTensors("safetensors", await exportWeights(net, { convention: "pytorch" })),
  );
  expect(
    await succeed(at("squeezenet.safetensors"), at("ready.safetensors"), "--model", "squeezenet1-1"),
  ).toContain("\nsqueezenet1-1: 52 weights applied\n");
  const model = await Model.load(at("ready.safetensors"));
  expect(model.classNames?.[281]).toBe("tabby");
  const { scale, offset } = model.preprocessing;
  // (x / 255 - mean) / deviation, of red.
  expect([scale, offset].map((values) => (Array.isArray(values) ? values[0] : values))).toEqual([
    expect.closeTo(1 / 255 / 0.229, 6),
    expect.closeTo(-0.485 / 0.229, 6),
  ]);
});

describe("whole networks", () => {
  const keras = fileURLToPath(new URL("../formats/keras/golden/net.keras", import.meta.url));

  test("a Keras model becomes one of ours, and one of TensorFlow.js", async () => {
    const { model } = await importKeras(await readFile(keras), { name: "net.keras" });
    const expected = [...(await model.predict(drawn([2, ...model.inputShape], 1))).data];
    const outputOf = async (path: string) =>
      (await Model.load(path)).predict(drawn([2, ...model.inputShape], 1));
    await succeed(keras, at("net.safetensors"), "--to", "fovea");
    expect(await outputOf(at("net.safetensors"))).toBeCloseToTensor(expected, { absolute: 1e-6 });
    const out = JSON.parse(await succeed(keras, at("web/net/model.json"), "--json"));
    expect(out).toMatchObject({ format: "keras", from: "keras", to: "keras", report: null });
    const files = await readdir(at("web/net"));
    expect(files).toEqual(["group1-shard1of1.bin", "model.json"]);
    const sizes = await Promise.all(
      files.map(async (name) => (await readFile(at(`web/net/${name}`))).length),
    );
    expect(out.bytes).toBe(sizes[0] + sizes[1]);
    // The folder stands for the model, read and written.
    expect(JSON.parse(await succeed(keras, `${at("web/other")}/`, "--json")).output).toBe(
      at("web/other/model.json"),
    );
    expect(await readdir(at("web/other"))).toEqual(files);
    await succeed(at("web/net"), at("again.safetensors"), "--to", "fovea");
    expect(await outputOf(at("again.safetensors"))).toBeCloseToTensor(expected, { absolute: 1e-6 });
  });

  test("summary takes them as they are", async () => {
    const terminal = createTestTerminal();
    expect(await runCommandLine(["summary", keras, "--json"], terminal)).toBe(0);
    const { parameters } = JSON.parse(terminal.outText());
    const { model } = await importKeras(await readFile(keras), { name: "net.keras" });
    expect(parameters).toBe(model.summary().parameters);
  });

  test("a file that was cut short is told by what it is, not as a damaged one of ours", async () => {
    const whole = await readFile(golden("zip.pth"));
    await writeFile(at("short.keras"), whole.subarray(0, whole.length / 2));
    const terminal = createTestTerminal();
    expect(await runCommandLine(["summary", at("short.keras")], terminal)).toBe(1);
    expect(terminal.errText()).toBe(
      `fovea: ${at("short.keras")}: the file begins as a zip archive, but its directory, which should be at its end, is missing or damaged. It was cut short: download or save it again.\n`,
    );
  });

  test("a slip in the name of a network is told from a missing file", async () => {
    const errorOf = async (word: string) => {
      const terminal = createTestTerminal();
      expect(await runCommandLine(["summary", at(word)], terminal)).toBe(1);
      const beside = createTestTerminal();
      expect(await runCommandLine(["predict", word, "a.png"], beside)).toBe(1);
      return [terminal.errText().includes("Did you mean"), beside.errText()];
    };
    const missing = (word: string, meant: string) =>
      `fovea: ${word}: there is no such run and no such model file. ${meant}Give a run's folder (fovea train --out) or a model file (.safetensors, .onnx, .keras, .h5, model.json).\n`;
    expect(await errorOf("resnt18")).toEqual([
      false,
      missing("resnt18", 'Did you mean "resnet18", with --weights? '),
    ]);
    expect(await errorOf("resnet18.pt")).toEqual([false, missing("resnet18.pt", "")]);
  });

  test("weights without a network say what to do", async () => {
    const terminal = createTestTerminal();
    expect(await runCommandLine(["summary", golden("zip.pth")], terminal)).toBe(1);
    expect(terminal.errText()).toBe(
      `fovea: ${golden("zip.pth")}: a file of the format PyTorch (.pth, .pt) holds weights, but no network. Name the network that they are of: --weights FILE behind its name, or fovea convert FILE model.safetensors --model NAME\n`,
    );
    const { code, err } = await run(golden("zip.pth"), at("net.json"));
    expect(code).toBe(2);
    expect(err).toContain("a .json file needs the network, and the file holds tensors alone.");
    expect((await run(at("lenet.safetensors"), at("x.json"), "--to", "pytorch")).err).toBe(
      "fovea: --to: .json files have names and layouts of keras. Leave it out.\n",
    );
  });
});

describe("wrong usage and wrong files", () => {
  test.each<[string[], number, string]>([
    [["a.npz", "a.npz"], 2, "a.npz: input and output are the same file. Give another name."],
    [
      ["a.npz", "out.pth"],
      2,
      "out.pth: the name does not say a format that can be written. Give it one of the extensions .safetensors, .npz, .json, .onnx, or end it with / for TensorFlow.js.",
    ],
    [
      ["a.npz", "out.npz", "--classes", "3"],
      2,
      "--classes: it says how weights are fitted to a network, and none is named. Add --model NAME",
    ],
    [["a.npz", "out.npz", "--no-strict"], 2, "--no-strict: it says how weights are fitted to a network"],
    [
      ["a.npz", "out.npz", "--to", "torch"],
      2,
      '--to: unknown name "torch". Did you mean "pytorch"? Known: pytorch, keras, fovea.',
    ],
    [["a.npz", "out.npz"], 1, "a.npz: there is no such file"],
    [
      [golden("zip.pth"), "out.npz", "--to", "fovea"],
      2,
      `${golden("zip.pth")}: giving them names and layouts of fovea needs the network, and the file holds tensors alone. Name a network that they are the weights of: --model resnet18`,
    ],
    [[golden("zip.pth"), "out.npz", "--model", "lenet"], 2, 'there is no model "lenet". Did you mean'],
    [[golden("zip.pth"), "out.npz", "--model", "resnet18"], 2, `${golden("zip.pth")}: `],
    [[golden("module.pth"), "out.npz"], 1, "the file holds a whole module (torch.nn.modules.linear.Linear)"],
  ])("%j", async (words, expected, message) => {
    const { code, out, err } = await run(...words);
    expect({ code, out }).toEqual({ code: expected, out: "" });
    expect(err).toContain(message);
  });

  test("folders without a run or a model", async () => {
    await mkdir(at("empty"));
    const { code, err } = await run(at("empty"), at("out.npz"));
    expect(code).toBe(1);
    expect(err).toBe(
      `fovea: ${at("empty")}: this folder holds neither a run nor a model.json. Give a file, a run's folder (fovea train --out) or the folder of a TensorFlow.js model.\n`,
    );
  });
});
