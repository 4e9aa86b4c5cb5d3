import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { layers } from "../layers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { modelParameters } from "./architecture.ts";
import { functional, input } from "./functional.ts";
import { sequential } from "./sequential.ts";

describe("sequential", () => {
  test("layers are named as Keras names them, parameters after their layers", () => {
    const model = sequential([
      layers.conv2d({ filters: 1, kernelSize: 1, inputShape: [4, 4, 1] }),
      layers.conv2d({ filters: 1, kernelSize: 1, name: "conv2d_1" }),
      layers.conv2d({ filters: 1, kernelSize: 1 }),
      layers.batchNormalization(),
      layers.flatten(),
      layers.dense({ units: 2, useBias: false }),
    ]);
    expect(model.architecture.layers.map(({ name }) => name)).toEqual([
      "input",
      "conv2d",
      "conv2d_1",
      "conv2d_2",
      "batchNormalization",
      "flatten",
      "dense",
    ]);
    expect(modelParameters(model.architecture).map(({ name }) => name)).toEqual([
      "conv2d.weight",
      "conv2d.bias",
      "conv2d_1.weight",
      "conv2d_1.bias",
      "conv2d_2.weight",
      "conv2d_2.bias",
      "batchNormalization.weight",
      "batchNormalization.bias",
      "batchNormalization.running_mean",
      "batchNormalization.running_var",
      "dense.weight",
    ]);
    expect(model).toMatchObject({ name: "model", inputShape: [4, 4, 1], outputShape: [2], classNames: null });
  });

  test("an input layer does as well as inputShape", () => {
    const model = sequential([layers.input({ shape: [2, 2, 1], name: "x" }), layers.flatten()]);
    expect(model.inputShape).toEqual([2, 2, 1]);
    expect(model.architecture.layers[0].name).toBe("x");
  });

  const conv = () => layers.conv2d({ filters: 1, kernelSize: 5 });
  test.each([
    [() => sequential([]), "OptionError: sequential: there is no layer. Give at least one."],
    [
      () => sequential([layers.flatten()]),
      "OptionError: sequential: the first layer (flatten) has no inputShape. Give it one, { inputShape: [28, 28, 1] }, or begin with layers.input({ shape: [28, 28, 1] }).",
    ],
    [
      () => sequential([layers.flatten({ name: "a", inputShape: [1] }), layers.flatten({ name: "a" })]),
      'OptionError: model: two layers are named "a". Give each layer a name of its own, or none.',
    ],
    [
      () => sequential([layers.input({ shape: [8, 8, 1] }), conv(), conv()]),
      'ShapeError: layer "conv2d_1" (conv2d): a window of height 5 does not fit into an image of shape [4, 4, 1] with padding 0 and 0. Use padding "same", a smaller window, or fewer poolings and strides before it.',
    ],
    [
      () => sequential([layers.flatten({ inputShape: [1] })], Object({ nam: "x" })),
      'OptionError: sequential: unknown option "nam". Did you mean "name"? Known: name, seed, preprocessing, classNames.',
    ],
    [
      () => sequential([layers.flatten({ inputShape: [1] })], { preprocessing: { scale: Number.NaN } }),
      'OptionError: preprocessing: option "scale" must be a number, or a list with one for each channel, got NaN.',
    ],
    [
      () => sequential([layers.flatten({ inputShape: [1] }), Object({})]),
      "OptionError: sequential: layers must be a list of layers. Make them with layers.conv2d({ ... }) and the like; a model may stand in place of layers.",
    ],
    [
      () => sequential([layers.maxPool2d({ inputShape: [4, 4, 2] })]).compile(),
      'ShapeError: model "model": a classifier must end in one score a class, [classes], got [2, 2, 2]. Put layers.flatten() or global pooling and layers.dense({ units: classes }) at the end.',
    ],
  ])("errors %#", async (make, message) => {
    expect(await messageOf(make)).toBe(message);
  });
});

describe("functional", () => {
  test("a residual connection adds what goes around to what goes through", async () => {
    const x = input({ shape: [1, 1, 2] });
    const through = layers.conv2d({ filters: 2, kernelSize: 1, name: "conv", useBias: false }).apply(x);
    const sum = layers.add().apply([x, through]);
    const model = functional(
      { inputs: x, outputs: layers.flatten().apply(sum) },
      { preprocessing: { scale: 1 } },
    );
    model.compile({ engine: createReferenceEngine() });
    await model.setWeights(new Map([["conv.weight", Tensor.from([1, 2, 3, 4], [1, 1, 2, 2])]]));
    const images = new Tensor("uint8", [1, 1, 1, 2], Uint8Array.of(5, 7));
    // x + x W = [5 + 5 + 21, 7 + 10 + 28].
    expect((await model.predict(images)).data).toEqual(Float32Array.of(31, 45));
  });

  test("a layer that is used twice has one set of weights, and learns from both uses", async () => {
    const x = input({ shape: [1, 1, 2] });
    const shared = layers.dense({ units: 2, name: "shared", useBias: false });
    const y = shared.apply(shared.apply(layers.flatten().apply(x)));
    const model = functional({ inputs: x, outputs: y }, { preprocessing: { scale: 1 } });
    model.compile({ engine: createReferenceEngine() });
    expect(modelParameters(model.architecture).map(({ name }) => name)).toEqual(["shared.weight"]);
    await model.setWeights(new Map([["shared.weight", Tensor.from([1, 2, 3, 4], [2, 2])]]));
    // W W = [[7, 10], [15, 22]].
    const images = new Tensor("uint8", [1, 1, 1, 2], Uint8Array.of(1, 1));
    expect((await model.predict(images)).data).toEqual(Float32Array.of(22, 32));
    const summary = model.summary();
    expect(summary.parameters).toBe(4);
    expect(summary.layers.map(({ name }) => name)).toEqual(["input", "flatten", "shared"]);
  });

  test("branches of several layers join", () => {
    const x = input({ shape: [8, 8, 1] });
    const a = layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }).apply(x);
    const b = layers.conv2d({ filters: 3, kernelSize: 5, padding: "same" }).apply(x);
    const joined = layers
      .concatenate()
      .apply([a, b, layers.maxPool2d({ poolSize: 3, strides: 1, padding: "same" }).apply(x)]);
    const gate = layers
      .activation({ activation: "sigmoid" })
      .apply(layers.globalAveragePool2d({ keepDimensions: true }).apply(joined));
    const y = layers.globalMaxPool2d().apply(layers.multiply().apply([joined, gate]));
    expect(functional({ inputs: x, outputs: y }).outputShape).toEqual([6]);
  });

  test("errors say what is wrong with the graph", async () => {
    const [x, other] = [input({ shape: [2, 2, 1] }), input({ shape: [2, 2, 1] })];
    const flat = layers.flatten().apply(x);
    expect(await messageOf(() => functional({ inputs: other, outputs: flat }))).toBe(
      "OptionError: functional: the output does not depend on the input. Pass the tensor of input() from which the output was made.",
    );
    expect(await messageOf(() => functional({ inputs: x, outputs: layers.add().apply([x, other]) }))).toBe(
      "OptionError: functional: the output depends on 2 inputs, one is allowed.",
    );
    expect(await messageOf(() => functional(Object({ inputs: x, outputs: [flat] })))).toBe(
      "OptionError: functional: inputs and outputs must each be one tensor of the graph. Use const x = input({ shape }) and layer.apply(x).",
    );
    const dense = layers.dense({ units: 3 });
    expect(await messageOf(() => functional({ inputs: x, outputs: dense.apply(dense.apply(flat)) }))).toBe(
      'ShapeError: layer "dense" (dense): is used with inputs that need weight [4, 3] and [3, 3]. A layer that is used twice shares its weights.',
    );
    expect(await messageOf(() => layers.add().apply([x, flat]))).toMatch(
      /^ShapeError: layer "add" \(add\): inputs must have as many axes/,
    );
  });

  test("a net of thousands of layers does not exhaust the call stack", () => {
    const x = input({ shape: [3] });
    let y = x;
    for (let index = 0; index < 5000; index++) y = layers.activation({ activation: "relu" }).apply(y);
    expect(functional({ inputs: x, outputs: y }).architecture.calls).toHaveLength(5001);
  });
});

test("the summary lists layers, shapes, parameters and work", () => {
  const model = sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [10, 10, 3], name: "conv1" }),
      layers.batchNormalization({ name: "bn1" }),
      layers.globalAveragePool2d(),
      layers.dense({ units: 100, name: "fc" }),
    ],
    { name: "sample" },
  );
  const summary = model.summary();
  expect(summary).toMatchObject({
    name: "sample",
    parameters: 224 + 32 + 900,
    trainableParameters: 224 + 16 + 900,
  });
  expect(summary.layers[1]).toMatchObject({
    name: "conv1",
    kind: "conv2d",
    outputShape: [8, 8, 8],
    parameters: 224,
  });
  // 64 pixels of 8 sums of 27 products, and a bias each.
  expect(summary.layers[1].flops).toBe(64 * 8 * 27 * 2 + 64 * 8);
  expect(summary.flops).toBe(summary.layers.reduce((sum, { flops }) => sum + flops, 0));
  const table = String(summary).split("\n");
  expect(table[0]).toBe('Model "sample"');
  expect(table[1]).toMatch(/^Layer \(kind\) +Output shape +Parameters +FLOPs$/);
  expect(table.find((line) => line.startsWith("conv1"))).toMatch(
    /^conv1 \(conv2d\) +\[8, 8, 8\] +224 +28,160$/,
  );
  expect(table.at(-2)).toBe("Parameters: 1,156 (1,140 trainable, 16 not)");
});
