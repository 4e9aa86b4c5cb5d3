import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy, encodeTensors } from "../formats/index.ts";
import { exportWeights } from "../interop/index.ts";
import { Model } from "../models/index.ts";
import { drawnValues, OnnxDraft } from "../testing/onnx-draft.ts";
import { channelsFirst, expectAlike, imagesFor } from "../testing/onnx-export.ts";
import { smallNet } from "../testing/onnx-net.ts";
import { channelsLast, runOnnx } from "../testing/onnx-runtime.ts";
import { createTestTerminal } from "../testing/test-terminal.ts";
import { models } from "../zoo/index.ts";
import { runCommandLine } from "./program.ts";

let folder: string;
const at = (name: string) => join(folder, name);
const input = drawnValues([2, 3, 8, 8]);

async function succeed(...words: string[]): Promise<string> {
  const terminal = createTestTerminal();
  const code = await runCommandLine(words, terminal);
  expect({ code, err: terminal.errText() }).toEqual({ code: 0, err: "" });
  return terminal.outText();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-onnx-"));
  await writeFile(at("small.onnx"), await smallNet().bytes());
  await writeFile(at("images.npy"), encodeNpy(channelsLast(input)));
});
afterAll(() => rm(folder, { recursive: true }));

describe("commands take ONNX files", () => {
  test("summary", async () => {
    const { layers, parameters } = JSON.parse(await succeed("summary", at("small.onnx"), "--json"));
    expect(layers[1]).toMatchObject({ name: "conv1", kind: "conv2d", outputShape: [8, 8, 4] });
    expect(parameters).toBe(108 + 16 + 144 + 16 + 195);
  });

  test("summary of a net that ends in a softmax", async () => {
    const draft = new OnnxDraft(13, [1, 1, 2, 3]);
    const logits = draft.node("Gemm", [draft.node("Flatten"), draft.weights([6, 3])]);
    await writeFile(at("softmax.onnx"), await draft.output(draft.node("Softmax", [logits])).bytes());
    expect(JSON.parse(await succeed("summary", at("softmax.onnx"), "--json")).parameters).toBe(18);
  });

  test("predict: onnxruntime's logits", async () => {
    await succeed("predict", at("small.onnx"), at("images.npy"), "--logits", at("logits.npy"));
    const expected = await runOnnx(await smallNet().bytes(), input);
    const logits = decodeNpy(await readFile(at("logits.npy")), { name: "logits.npy" });
    expect(logits).toBeCloseToTensor(expected, { absolute: 1e-5 });
  });

  test("convert: a model file of ours", async () => {
    await succeed("convert", at("small.onnx"), at("small.safetensors"), "--to", "fovea");
    const model = await Model.load(at("small.safetensors"));
    const expected = await runOnnx(await smallNet().bytes(), input);
    expect(await model.predict(channelsLast(input))).toBeCloseToTensor(expected, { absolute: 1e-5 });
  });

  test("convert: a model file of ours, back to an ONNX file", async () => {
    await succeed("convert", at("small.onnx"), at("small.safetensors"), "--to", "fovea");
    await succeed("convert", at("small.safetensors"), at("again.onnx"));
    const expected = await runOnnx(await smallNet().bytes(), input);
    expect(await runOnnx(await readFile(at("again.onnx")), input)).toBeCloseToTensor(expected, {
      absolute: 1e-5,
    });
  });

  test("convert: weights and the name of their network become an ONNX file", async () => {
    const lenet = models.create("lenet5");
    const { tensors } = await exportWeights(lenet, { convention: "pytorch" });
    await writeFile(at("lenet.npz"), await encodeTensors("npz", { tensors }));
    const terminal = createTestTerminal();
    const words = ["--model", "lenet5", "--from", "pytorch", "--json"];
    expect(await runCommandLine(["convert", at("lenet.npz"), at("lenet.onnx"), ...words], terminal)).toBe(0);
    expect(terminal.errText()).toContain("how images were prepared for these weights is not known");
    const document = JSON.parse(terminal.outText());
    expect(document).toMatchObject({ to: "pytorch", model: "lenet5", tensors: 10 });
    const digits = imagesFor(lenet);
    expectAlike(
      await runOnnx(await readFile(at("lenet.onnx")), channelsFirst(digits)),
      await lenet.predict(digits),
    );
  });
});
