import { describe, expect, test } from "vitest";
import { data } from "../../index.ts";
import { losses } from "../../losses/index.ts";
import { Model } from "../../models/index.ts";
import { optimizers } from "../../optimizers/index.ts";
import { OptionError, RandomStream, Tensor } from "../../tensor/index.ts";
import { drawnValues, OnnxDraft } from "../../testing/onnx-draft.ts";
import { smallNet } from "../../testing/onnx-net.ts";
import { channelsLast, expectAsRuntime, runOnnx } from "../../testing/onnx-runtime.ts";
import { importOnnx } from "./import.ts";

const names = [
  "conv1.weight",
  "bn1.weight",
  "bn1.bias",
  "bn1.running_mean",
  "bn1.running_var",
  "layer1.0.conv1.weight",
  "layer1.0.bn1.weight",
  "layer1.0.bn1.bias",
  "layer1.0.bn1.running_mean",
  "layer1.0.bn1.running_var",
  "fc.weight",
  "fc.bias",
];

describe("a net", () => {
  test("has the names of the file, and gives the same in every operator set", async () => {
    for (const opset of [7, 9, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21]) {
      const model = await expectAsRuntime(smallNet(opset), { name: "nets/small.onnx" });
      expect(model.name).toBe("small");
      expect([...(await model.getWeights()).keys()]).toEqual(names);
      expect(model.architecture.layers.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["x", "relu", "layer1.0", "layer1.0.relu"]),
      );
    }
  });

  test("with its initializers among the inputs, as old files have them", async () => {
    const draft = smallNet(9);
    draft.old = true;
    await expectAsRuntime(draft);
  });

  test("with a fixed batch takes any other", async () => {
    const draft = smallNet();
    draft.dimensions = [2, 3, 8, 8];
    const model = await importOnnx(await draft.bytes());
    const images = channelsLast(drawnValues([5, 3, 8, 8]));
    expect((await model.predict(images)).shape).toEqual([5, 3]);
  });

  test("of open sizes takes images of the size that is asked for", async () => {
    const draft = new OnnxDraft(13, [2, 3, 7, 9]);
    draft.dimensions = ["batch", 3, "height", "width"];
    const convolved = draft.node("Conv", ["x", draft.weights([4, 3, 3, 3])]);
    draft.output(draft.node("Flatten", [draft.node("GlobalAveragePool", [convolved])]));
    await expect(importOnnx(await draft.bytes())).rejects.toThrow(
      'model.onnx, input "x": leaves sizes open: [batch, 3, height, width]. Give inputShape: [height, width, channels]',
    );
    await expectAsRuntime(draft, { inputShape: [7, 9, 3] });
    await expect(importOnnx(await draft.bytes(), { inputShape: [7, 9, 4] })).rejects.toThrow(
      "inputShape [7, 9, 4] does not fit [batch, 3, height, width]. Give [height, width, channels] with as many",
    );
  });

  test("is saved, loaded and trained on: the loss falls", async () => {
    const imported = await importOnnx(await smallNet().bytes(), {
      preprocessing: { scale: 1 / 128, offset: -1 },
      classNames: ["dark", "medium", "bright"],
    });
    const model = Model.fromBytes(await imported.toBytes());
    const probe = channelsLast(drawnValues([2, 3, 8, 8], 99));
    expect(await model.predict(probe)).toBeCloseToTensor(await imported.predict(probe));
    expect(model.classNames).toEqual(["dark", "medium", "bright"]);
    const count = 60;
    const pixels = new Uint8Array(count * 192);
    const stream = new RandomStream(1);
    for (let index = 0; index < pixels.length; index++) {
      pixels[index] = 80 * (Math.floor(index / 192) % 3) + 60 * stream.uniform();
    }
    const dataset = data.fromArrays({
      images: new Tensor("uint8", [count, 8, 8, 3], pixels),
      labels: Int32Array.from({ length: count }, (_, index) => index % 3),
      classes: 3,
    });
    model.compile({
      optimizer: optimizers.adam({ learningRate: 0.003 }),
      loss: losses.sparseCategoricalCrossentropy(),
    });
    const before = await model.evaluate(dataset);
    await model.fit(dataset, { epochs: 25, batchSize: 20, seed: 3 });
    const after = await model.evaluate(dataset);
    expect(after.loss).toBeLessThan(before.loss / 2);
    // The statistics went on from those of the file.
    const { data: mean } = (await model.getWeights()).get("bn1.running_mean") ?? Tensor.from([0]);
    const { data: old } = (await imported.getWeights()).get("bn1.running_mean") ?? Tensor.from([0]);
    expect([...mean]).not.toEqual([...old]);
  });
});

describe("weights", () => {
  test("that two layers share stay shared; equal constants of normalizations do not", async () => {
    const draft = new OnnxDraft(13, [2, 4, 5, 5]);
    const kernel = draft.weights([4, 4, 1, 1], undefined, "shared.weight");
    const ones = draft.weights([4], [1, 1, 1, 1]);
    const zeros = draft.weights([4], [0, 0, 0, 0]);
    const statistics = [ones, zeros, zeros, ones];
    const first = draft.node(
      "BatchNormalization",
      [draft.node("Conv", ["x", kernel]), ...statistics],
      {},
      "a",
    );
    const second = draft.node(
      "BatchNormalization",
      [draft.node("Conv", [first, kernel]), ...statistics],
      {},
      "b",
    );
    const model = await expectAsRuntime(draft.output(second));
    expect([...(await model.getWeights()).keys()].filter((name) => name.endsWith("weight"))).toEqual([
      "shared.weight",
      "a.weight",
      "b.weight",
    ]);
  });

  test("in files beside the model", async () => {
    const draft = new OnnxDraft(13, [2, 6]);
    draft.output(draft.node("MatMul", ["x", draft.weights([6, 4], undefined, "w")]));
    const whole = await draft.bytes();
    const matrix = drawnValues([6, 4], 0);
    const outside = new OnnxDraft(13, [2, 6]);
    outside.external("w", [6, 4], "data/weights.bin");
    outside.output(outside.node("MatMul", ["x", "w"]));
    const asked: string[] = [];
    const model = await importOnnx(await outside.bytes(), {
      sibling: async (name) => {
        asked.push(name);
        return new Uint8Array(matrix.data.buffer);
      },
    });
    const input = drawnValues([2, 6], 99);
    expect(await model.predict(input)).toBeCloseToTensor(await runOnnx(whole, input));
    expect(asked).toEqual(["data/weights.bin"]);
    const upwards = new OnnxDraft(13, [2, 6]);
    upwards.external("w", [6, 4], "../weights.bin");
    upwards.output(upwards.node("MatMul", ["x", "w"]));
    const sibling = async () => new Uint8Array(matrix.data.buffer);
    await expect(importOnnx(await upwards.bytes(), { sibling })).rejects.toThrow(
      'it refers to "../weights.bin", which is no plain name of a file beside it',
    );
    await expect(importOnnx(await outside.bytes())).rejects.toThrow(
      'model.onnx, tensor "w": its elements lie in the file "data/weights.bin" beside the model.',
    );
  });
});

describe("outputs", () => {
  const twoHeads = () => {
    const draft = new OnnxDraft(13, [2, 6]);
    draft.output(draft.node("MatMul", ["x", draft.weights([6, 4])]));
    return draft.output(draft.node("MatMul", ["x", draft.weights([6, 3])]));
  };

  test("one of several is chosen by name; what the others need is not looked at", async () => {
    const draft = twoHeads();
    draft.output(draft.node("NonMaxSuppression"));
    const bytes = await draft.bytes();
    await expect(importOnnx(bytes)).rejects.toThrow(
      'model.onnx: the file has 3 outputs. Choose one with the option output: "v1", "v3", "v4".',
    );
    expect((await importOnnx(bytes, { output: "v3" })).outputShape).toEqual([3]);
    await expect(importOnnx(bytes, { output: "v2" })).rejects.toThrow(
      'there is no output "v2". Did you mean "v1"?',
    );
    await expect(importOnnx(bytes, { output: "v2" })).rejects.toThrow(OptionError);
  });
});
