import { describe, expect, test } from "vitest";
import { decodeOnnxModel } from "../../formats/index.ts";
import { layers } from "../../layers/index.ts";
import { functional, input, type Model, normalized, sequential } from "../../models/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { messageOf } from "../../testing/error-message.ts";
import { OnnxDraft } from "../../testing/onnx-draft.ts";
import { channelsFirst, expectAlike, imagesFor, unsettle } from "../../testing/onnx-export.ts";
import { channelsLast, runOnnxOutputs } from "../../testing/onnx-runtime.ts";
import { models } from "../../zoo/index.ts";
import { type ExportOnnxOptions, exportOnnx } from "./export.ts";
import { importOnnx } from "./import.ts";

async function fileOf(model: Model, options: ExportOnnxOptions = {}) {
  await unsettle(model);
  const bytes = await exportOnnx(model, options);
  const file = await decodeOnnxModel(bytes, { name: "model.onnx" });
  const { graph } = file;
  if (graph === undefined) throw new Error("no graph");
  const dimensions = Object.fromEntries(
    [...graph.input, ...graph.output].map(({ name, type }) => [
      name,
      type?.value.value?.shape?.dim.map(({ value }) => value.value),
    ]),
  );
  const ops = graph.node.map(({ opType }) => opType).filter((op) => op !== "Constant");
  return { bytes, file, graph, dimensions, ops };
}

/** Bytes of images for a net of 3 channels. */
function drawnBytes({ inputShape }: Model): Tensor<"uint8"> {
  const shape = [2, ...inputShape];
  const { data } = imagesFor({ inputShape });
  return new Tensor(
    "uint8",
    shape,
    Uint8Array.from(data, (value) => Math.abs(value) * 80),
  );
}

function asFloats({ shape, data }: Tensor): Tensor<"float32"> {
  return new Tensor("float32", shape, Float32Array.from(data));
}

function residual(): Model {
  const x = input({ shape: [6, 6, 3], name: "image" });
  const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 1, activation: "relu", name: "conv" });
  const once = shared.apply(x);
  const twice = layers.add({ name: "sum" }).apply([shared.apply(once), x]);
  const y = layers.dense({ units: 4, name: "fc" }).apply(layers.globalAveragePool2d().apply(twice));
  const head = layers.dense({ units: 4, name: "head" }).apply(layers.flatten().apply(once));
  return functional({
    inputs: x,
    outputs: y,
    taps: { stage: twice },
    auxiliaries: { aux: { output: head, weight: 0.3 } },
  });
}

describe("the file", () => {
  test("has the names, sizes and versions that its readers look for", async () => {
    const { file, graph, dimensions, ops } = await fileOf(models.create("lenet5"));
    expect(file).toMatchObject({ irVersion: 8n, producerName: "fovea" });
    expect(file.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 17n]]);
    expect(graph.name).toBe("lenet5");
    expect(dimensions).toEqual({ input: ["batch", 1n, 28n, 28n], output: ["batch", 10n] });
    expect(graph.initializer.map(({ name, dims }) => [name, dims.map(Number)])).toEqual([
      ["conv1.weight", [6, 1, 5, 5]],
      ["conv1.bias", [6]],
      ["conv2.weight", [16, 6, 5, 5]],
      ["conv2.bias", [16]],
      ["fc1.weight", [120, 400]],
      ["fc1.bias", [120]],
      ["fc2.weight", [84, 120]],
      ["fc2.bias", [84]],
      ["fc3.weight", [10, 84]],
      ["fc3.bias", [10]],
    ]);
    // The flattened image goes into the dense layer as it lies: nothing is transposed.
    expect(ops.join(" ")).toBe("Conv Relu MaxPool Conv Relu MaxPool Flatten Gemm Relu Gemm Relu Gemm");
    expect(graph.node.at(-1)).toMatchObject({ opType: "Gemm", name: "/fc3/Gemm", output: ["output"] });
  });

  test("has a batch of its own where one is asked for, and the operator set", async () => {
    const { file, dimensions } = await fileOf(models.create("dense"), { batch: 8, opset: 21 });
    expect(dimensions).toEqual({ input: [8n, 1n, 28n, 28n], output: [8n, 10n] });
    expect([file.irVersion, file.opsetImport[0].version]).toEqual([10n, 21n]);
  });

  test("holds no auxiliary heads, and a layer that is used twice once", async () => {
    const { graph, ops } = await fileOf(residual());
    expect(ops.join(" ")).toBe("Conv Relu Conv Relu Add GlobalAveragePool Flatten Gemm");
    expect(graph.initializer.map(({ name }) => name)).toEqual([
      "conv.weight",
      "conv.bias",
      "fc.weight",
      "fc.bias",
    ]);
  });

  test("holds a layer's weights twice where two uses need them in another order", async () => {
    const x = input({ shape: [2, 3, 2], name: "image" });
    const row = layers.flatten().apply(x);
    const straight = layers.flatten().apply(layers.reshape({ targetShape: [4, 3] }).apply(x));
    const shared = layers.dense({ units: 3, name: "fc" });
    const y = layers.subtract().apply([shared.apply(row), shared.apply(straight)]);
    const model = functional({ inputs: x, outputs: y });
    const { bytes, graph } = await fileOf(model);
    expect(graph.initializer.map(({ name }) => name)).toEqual(["fc.weight", "fc.bias", "fc.weight_1"]);
    const outputs = await runOnnxOutputs(bytes, channelsFirst(imagesFor(model)));
    expect(outputs.get("output")?.data.some((value) => Math.abs(value) > 0.01)).toBe(false);
  });
});

describe("options", () => {
  test("taps are outputs too, images with their channels first", async () => {
    const model = residual();
    const { bytes, dimensions } = await fileOf(model, { taps: ["stage", "fc", "image"] });
    expect(dimensions).toEqual({
      input: ["batch", 3n, 6n, 6n],
      output: ["batch", 4n],
      stage: ["batch", 3n, 6n, 6n],
      fc: ["batch", 4n],
      image: ["batch", 3n, 6n, 6n],
    });
    const images = imagesFor(model);
    const outputs = await runOnnxOutputs(bytes, channelsFirst(images));
    const expected = await model.activations(images, { layers: ["stage", "fc", "image"] });
    for (const [name, value] of expected) {
      expectAlike(channelsLast(outputs.get(name) ?? Tensor.zeros("float32", [1])), value);
    }
    const chosen = await importOnnx(bytes, { output: "stage" });
    expectAlike(await chosen.predict(images), expected.get("stage") ?? images);
  });

  test("images may come and go with their channels last", async () => {
    const model = residual().tap("stage");
    const { bytes, dimensions, ops } = await fileOf(model, { layout: "nhwc" });
    expect(dimensions).toEqual({ input: ["batch", 6n, 6n, 3n], output: ["batch", 6n, 6n, 3n] });
    // One Transpose serves both that take the input.
    expect(ops.join(" ")).toBe("Transpose Conv Relu Conv Relu Add Transpose");
    const images = imagesFor(model);
    const expected = await model.predict(images);
    const outputs = await runOnnxOutputs(bytes, images);
    expectAlike(outputs.get("output") ?? images, expected);
    expectAlike(await (await importOnnx(bytes)).predict(images), expected);
  });

  test.each(["uint8", "float32"] as const)(
    "images of 0 to 255 as %s are preprocessed in the file",
    async (type) => {
      const preprocessing = {
        ...normalized({ mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.3] }),
        channelOrder: "bgr",
      } as const;
      const model = sequential(
        [
          layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [5, 4, 3] }),
          layers.flatten(),
          layers.dense({ units: 3 }),
        ],
        { preprocessing },
      );
      const { bytes, ops } = await fileOf(model, { includePreprocessing: type });
      expect(ops.join(" ")).toBe(`${type === "uint8" ? "Cast " : ""}Gather Mul Add Conv Flatten Gemm`);
      const images = drawnBytes(model);
      const expected = await model.predict(images);
      const { shape, data } = channelsFirst(asFloats(images));
      const given =
        type === "uint8"
          ? new Tensor("uint8", shape, Uint8Array.from(data))
          : asFloats({ shape, data } as Tensor);
      expectAlike((await runOnnxOutputs(bytes, given)).get("output") ?? expected, expected);
      if (type === "uint8") return;
      // Read back, the model does to bytes what is left to be done: nothing.
      const again = await importOnnx(bytes);
      expect(again.preprocessing).toMatchObject({ scale: 1, offset: 0, channelOrder: "rgb" });
      expectAlike(await again.predict(images), expected);
    },
  );

  test("preprocessing and names of classes come back", async () => {
    const given = { scale: [1, 2, 3], offset: -1, channelOrder: "bgr" } as const;
    const classNames = ["cat", "dog", "parrot"];
    const model = sequential([layers.flatten({ inputShape: [2, 2, 3] }), layers.dense({ units: 3 })], {
      preprocessing: given,
      classNames,
    });
    const { bytes, file } = await fileOf(model);
    expect(file.metadataProps.map(({ key }) => key)).toEqual([
      "fovea.preprocessing",
      "fovea.class_names",
      "fovea.layout",
    ]);
    const again = await importOnnx(bytes);
    expect(again.preprocessing).toEqual(model.preprocessing);
    expect(again.classNames).toEqual(classNames);
    const asked = await importOnnx(bytes, { preprocessing: { scale: 2 }, classNames: ["a", "b", "c"] });
    expect(asked.preprocessing.scale).toBe(2);
    expect(asked.classNames).toEqual(["a", "b", "c"]);
  });

  test.each<[ExportOnnxOptions, string]>([
    [{ opset: 12 }, 'OptionError: exportOnnx: option "opset" must be a whole number from 13 to 21, got 12.'],
    [
      { batch: 0 },
      'OptionError: exportOnnx: option "batch" must be "dynamic" or a whole number of at least 1, got 0.',
    ],
    [
      { taps: ["stag"] },
      'OptionError: model "model": there is no tap or layer "stag". Did you mean "stage"? Known: stage, image, conv, sum, globalAveragePool2d, fc, flatten, head.',
    ],
    [
      { taps: ["stage", "stage"] },
      'OptionError: exportOnnx: two values would have the name "stage". Name each tap once, and none of them "input" or "output".',
    ],
    [
      { taps: ["head"] },
      'OptionError: exportOnnx, model "model": "head" is not on the way from the input to the output. Auxiliary heads are left out: tap a layer that the output is computed from.',
    ],
  ])("%j is refused", async (options, message) => {
    expect(await messageOf(() => exportOnnx(residual(), options))).toBe(message);
  });
});

test.each([
  ["fovea.preprocessing", '{"scale": "much"}'],
  ["fovea.preprocessing", "{"],
  ["fovea.class_names", "[1]"],
  ["fovea.layout", "cnhw"],
])("metadata %s that are damaged are refused", async (key, value) => {
  const draft = new OnnxDraft(17, [1, 4]);
  const bytes = await draft.output(draft.node("Relu")).bytes({ metadataProps: [{ key, value }] });
  expect(await messageOf(() => importOnnx(bytes))).toBe(
    `FormatError: model.onnx: its metadata "${key}" is damaged. Export the model again, or take the entry out of metadata_props.`,
  );
});
