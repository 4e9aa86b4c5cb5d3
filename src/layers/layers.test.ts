import { describe, expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import type { Shape } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { runLayer } from "../testing/run-layer.ts";
import * as layers from "./factories.ts";
import { type Layer, layerWhere, outputShapeOf, parametersOf } from "./layer.ts";

const image: Shape = [5, 6, 3];
const shapeOf = (layer: Layer, ...inputs: Shape[]) =>
  outputShapeOf(layer, inputs, layerWhere("l", layer.kind));

describe("values", () => {
  test("dense is activation(x W + b)", () => {
    // x = [-1, -0.9], [-0.8, -0.7]; W = [[-1, -0.9], [-0.8, -0.7]]; b = 0.
    const expected = [1 + 0.72, 0.9 + 0.63, 0.8 + 0.56, 0.72 + 0.49];
    expect(runLayer(layers.dense({ units: 2 }), [[2]]).output()).toBeCloseToTensor(expected);
    expect(runLayer(layers.dense({ units: 2, activation: "sigmoid" }), [[2]]).output()).toBeCloseToTensor(
      expected.map((z) => 1 / (1 + Math.exp(-z))),
    );
    expect(parametersOf(layers.dense({ units: 2, useBias: false }), [[2]]).map(({ name }) => name)).toEqual([
      "weight",
    ]);
  });

  test("conv2d with one 1 x 1 kernel scales, a bias is added", () => {
    const layer = layers.conv2d({ filters: 1, kernelSize: 1, biasInitializer: "ones" });
    // The only weight is -1, the bias 1: 1 - x, with x = -1, -0.9, ...
    const expected = Array.from({ length: 8 }, (_, index) => 1 - (index / 10 - 1));
    expect(runLayer(layer, [[2, 2, 1]]).output()).toBeCloseToTensor(expected);
  });

  test("pools take the greatest value, or the mean without the padding", () => {
    const max = runLayer(layers.maxPool2d({ poolSize: 2 }), [[2, 2, 1]]).output();
    expect(max).toBeCloseToTensor([-0.7, -0.3]);
    const mean = runLayer(layers.averagePool2d({ poolSize: 2 }), [[2, 2, 1]]).output();
    expect(mean).toBeCloseToTensor([-0.85, -0.45]);
    // 3 x 3 windows around each pixel of 2 x 2: all four pixels lie in each, the padding does not count.
    const padded = layers.averagePool2d({ poolSize: 3, strides: 1, padding: "same" });
    expect(runLayer(padded, [[2, 2, 1]]).output()).toBeCloseToTensor([
      -0.85, -0.85, -0.85, -0.85, -0.45, -0.45, -0.45, -0.45,
    ]);
    // In ceil mode a window larger than the image sees what there is.
    const ceil = layers.maxPool2d({ poolSize: 3, strides: 2, ceilMode: true });
    expect(runLayer(ceil, [[2, 2, 1]]).output()).toBeCloseToTensor([-0.7, -0.3]);
    const counted = layers.averagePool2d({ poolSize: 3, strides: 3, padding: 1, countPadding: true });
    expect(runLayer(counted, [[2, 2, 1]]).output()).toBeCloseToTensor([-3.4 / 9, -1.8 / 9]);
  });

  test("adaptive pools take the mean of even shares, whichever op they are made of", () => {
    const pool = (outputSize: number, inputs: Shape) =>
      runLayer(layers.adaptiveAveragePool2d({ outputSize }), [inputs]);
    // Rows of x: -1, -0.9, -0.8 | -0.7, -0.6, -0.5 | -0.4, -0.3, -0.2; windows of 2 x 2 that overlap by one.
    expect(pool(2, [3, 3, 1]).output().slice(0, 4)).toBeCloseToTensor([-0.8, -0.7, -0.5, -0.4]);
    expect(pool(1, [2, 2, 1]).output()).toBeCloseToTensor([-0.85, -0.45]);
    expect(pool(2, [1, 1, 1]).output()).toBeCloseToTensor([...Array(4).fill(-1), ...Array(4).fill(-0.9)]);
    const kinds = [pool(2, [3, 3, 1]), pool(1, [2, 2, 1]), pool(2, [2, 2, 1])].map(({ node }) => node.kind);
    expect(kinds).toEqual(["adaptiveAveragePool2d", "averagePool2d", "input"]);
  });

  test("global pools reduce each channel", () => {
    // Channels alternate: -1, -0.9 | -0.8, -0.7 | ...
    expect(runLayer(layers.globalMaxPool2d(), [[1, 2, 2]]).output()).toBeCloseToTensor([
      -0.8, -0.7, -0.4, -0.3,
    ]);
    expect(runLayer(layers.globalAveragePool2d(), [[1, 2, 2]]).output()).toBeCloseToTensor([
      -0.9, -0.8, -0.5, -0.4,
    ]);
  });

  test("merging layers", () => {
    const shapes: Shape[] = [[2], [2]];
    expect(runLayer(layers.add(), shapes).output()).toBeCloseToTensor([-2, -1.8, -1.6, -1.4]);
    expect(runLayer(layers.multiply(), shapes).output()).toBeCloseToTensor([1, 0.81, 0.64, 0.49]);
    expect(runLayer(layers.concatenate(), shapes).output()).toBeCloseToTensor([
      -1, -0.9, -1, -0.9, -0.8, -0.7, -0.8, -0.7,
    ]);
  });

  test("zero padding surrounds", () => {
    const layer = layers.zeroPadding2d({ padding: { top: 1, bottom: 0, left: 0, right: 1 } });
    expect(runLayer(layer, [[1, 1, 1]]).output()).toBeCloseToTensor([0, 0, -1, 0, 0, 0, -0.9, 0]);
  });

  test.each([
    ["linear", (x: number) => x],
    ["relu", (x: number) => Math.max(0, x)],
    ["tanh", Math.tanh],
    ["sigmoid", (x: number) => 1 / (1 + Math.exp(-x))],
  ] as const)("activation %s", (activation, of) => {
    const { output, values, node } = runLayer(
      layers.activation({ activation }),
      [[3]],
      false,
      (index) => index - 2,
    );
    expect(node.scope === "l" || activation === "linear").toBe(true);
    const [x] = values.values();
    expect(output()).toBeCloseToTensor([...x].map(of));
  });

  test("gelu is x Phi(x), softmax sums to 1", () => {
    const gelu = runLayer(
      layers.activation({ activation: "gelu" }),
      [[1]],
      false,
      (index) => index + 1,
    ).output();
    // Phi(1) = 0.8413447460685429, Phi(2) = 0.9772498680518208.
    expect(gelu).toBeCloseToTensor([0.8413447460685429, 2 * 0.9772498680518208]);
    const softmax = runLayer(
      layers.activation({ activation: "softmax" }),
      [[2]],
      false,
      (index) => index,
    ).output();
    expect(softmax).toBeCloseToTensor([
      1 / (1 + Math.E),
      Math.E / (1 + Math.E),
      1 / (1 + Math.E),
      Math.E / (1 + Math.E),
    ]);
  });

  test("dropout drops in training alone, and scales what stays", () => {
    const layer = layers.dropout({ rate: 0.75 });
    const input = runLayer(layer, [[400]], false, () => 1).output();
    expect(input.every((value) => value === 1)).toBe(true);
    const dropped = runLayer(layer, [[400]], true, () => 1).output();
    expect(dropped.every((value) => value === 0 || value === 4)).toBe(true);
    const kept = dropped.filter((value) => value === 4).length;
    expect(kept).toBeGreaterThan(150);
    expect(kept).toBeLessThan(250);
    expect(runLayer(layers.dropout({ rate: 0 }), [[4]], true).output()).toEqual(
      runLayer(layer, [[4]]).output(),
    );
  });
});

describe("batch normalization", () => {
  test("training uses the batch's moments, and moves the running ones towards them", () => {
    const layer = layers.batchNormalization({ momentum: 0.9, epsilon: 1e-3 });
    // Two examples with two channels: -1, -0.9 and -0.8, -0.7: means -0.9, -0.8, variances 0.01.
    const { output, updates, values } = runLayer(layer, [[2]], true);
    const scaled = 0.1 / Math.sqrt(0.01 + 1e-3);
    expect(output()).toBeCloseToTensor([-scaled, -scaled, scaled, scaled]);
    expect(
      updates.map(({ kind, variable, attributes }) => [kind, variable.attributes.name, attributes]),
    ).toEqual([
      ["movingAverage", "running_mean", { momentum: 0.9 }],
      ["movingAverage", "running_var", { momentum: 0.9 }],
    ]);
    const [mean, variance] = evaluate(
      updates.map(({ value }) => value),
      values,
    );
    expect(mean).toBeCloseToTensor([-0.9, -0.8]);
    expect(variance).toBeCloseToTensor([0.01, 0.01]);
  });

  test("the running variance follows the unbiased one where asked: 0.01 of two values is 0.02", () => {
    const layer = layers.batchNormalization({ epsilon: 1e-3, runningVariance: "unbiased" });
    const { output, updates, values } = runLayer(layer, [[2]], true);
    const scaled = 0.1 / Math.sqrt(0.01 + 1e-3);
    expect(output()).toBeCloseToTensor([-scaled, -scaled, scaled, scaled]);
    const [mean, variance] = evaluate(
      updates.map(({ value }) => value),
      values,
    );
    expect(mean).toBeCloseToTensor([-0.9, -0.8]);
    expect(variance).toBeCloseToTensor([0.02, 0.02]);
  });

  test("inference uses the running moments, and changes nothing", () => {
    const { node, values, parameters, updates } = runLayer(layers.batchNormalization({ epsilon: 0.25 }), [
      [2],
    ]);
    const { running_mean: mean, running_var: variance, weight, bias } = parameters;
    values.set(mean, Float64Array.of(1, 2));
    values.set(variance, Float64Array.of(2, 6));
    values.set(weight, Float64Array.of(3, 5));
    values.set(bias, Float64Array.of(0.5, 0));
    const expected = [
      (3 * (-1 - 1)) / 1.5 + 0.5,
      (5 * (-0.9 - 2)) / 2.5,
      (3 * (-0.8 - 1)) / 1.5 + 0.5,
      (5 * (-0.7 - 2)) / 2.5,
    ];
    expect(evaluate([node], values)[0]).toBeCloseToTensor(expected);
    expect(updates).toEqual([]);
  });

  test("without scale and center there are statistics alone; a frozen one infers in training too", () => {
    const bare = layers.batchNormalization({ scale: false, center: false });
    expect(parametersOf(bare, [[2]]).map(({ name }) => name)).toEqual(["running_mean", "running_var"]);
    const frozen = runLayer(layers.batchNormalization({ trainable: false }), [[2]], true);
    expect(frozen.updates).toEqual([]);
    const root = Math.sqrt(1.001);
    expect(frozen.output()).toBeCloseToTensor([-1 / root, -0.9 / root, -0.8 / root, -0.7 / root]);
    expect(
      parametersOf(layers.batchNormalization({ trainable: false }), [[2]]).some(({ trainable }) => trainable),
    ).toBe(false);
  });
});

describe("errors name the layer, what came and how to mend it", () => {
  const cases: [layer: Layer, inputs: Shape[], message: string][] = [
    [
      layers.conv2d({ filters: 4, kernelSize: 3 }),
      [[12]],
      'layer "l" (conv2d): expected images of shape [height, width, channels], got [12] (without the batch). Place it before layers.flatten() and global pooling, or use layers.reshape() first.',
    ],
    [
      layers.conv2d({ filters: 4, kernelSize: [6, 1] }),
      [image],
      'layer "l" (conv2d): a window of height 6 does not fit into an image of shape [5, 6, 3] with padding 0 and 0. Use padding "same", a smaller window, or fewer poolings and strides before it.',
    ],
    [
      layers.conv2d({ filters: 4, kernelSize: 1, groups: 2 }),
      [image],
      'layer "l" (conv2d): 2 groups do not divide 3 input channels and 4 filters. Choose groups that divide both.',
    ],
    [
      layers.maxPool2d({ poolSize: 2, padding: 2 }),
      [image],
      'layer "l" (maxPool2d): padding of a pool must be smaller than its window of 2 x 2. A window that lies in the padding alone has no maximum and no average. Use layers.zeroPadding2d().',
    ],
    [
      layers.reshape({ targetShape: [4, -1] }),
      [image],
      'layer "l" (reshape): cannot reshape [5, 6, 3] (90 values) to [4, -1]. The product of all sizes, the batch not counted, must stay the same.',
    ],
    [
      layers.add(),
      [image, [5, 5, 3]],
      'layer "l" (add): cannot broadcast [5, 6, 3] with [5, 5, 3]. Sizes aligned at the end must be equal or 1; here axis 1 has 6 and 5.',
    ],
    [
      layers.multiply(),
      [image, [3]],
      'layer "l" (multiply): inputs must have as many axes, got [5, 6, 3] and [3]. Use layers.reshape() or keepDimensions: true of global pooling.',
    ],
    [
      layers.concatenate(),
      [image, [5, 5, 3]],
      'layer "l" (concatenate): cannot concatenate [5, 6, 3] and [5, 5, 3] along axis -1. All sizes but those of that axis must be equal (axes are counted with the batch as 0).',
    ],
    [
      layers.concatenate(),
      [image, image, image, [5, 4, 3], image, [5, 3, 3]],
      'layer "l" (concatenate): cannot concatenate [5, 6, 3] and [5, 4, 3] along axis -1. All sizes but those of that axis must be equal (axes are counted with the batch as 0).',
    ],
    [
      layers.concatenate({ axis: 4 }),
      [image, image],
      'layer "l" (concatenate): cannot concatenate [5, 6, 3] and [5, 6, 3] along axis 4. All sizes but those of that axis must be equal (axes are counted with the batch as 0).',
    ],
    [
      layers.add(),
      [image],
      'layer "l" (add): takes 2 or more inputs, got 1. Apply it to a list in a functional model: layers.add().apply([a, b]).',
    ],
    [
      layers.flatten(),
      [image, image],
      'layer "l" (flatten): takes 1 input, got 2. Join several with layers.add() or layers.concatenate() first.',
    ],
  ];
  test.each(cases)("%#", async (layer, inputs, message) => {
    expect(await messageOf(() => shapeOf(layer, ...inputs))).toBe(`ShapeError: ${message}`);
  });
});

test("a layer keeps its options with all defaults, as JSON can", () => {
  const layer = layers.conv2d({ filters: 4, kernelSize: 3, name: "conv1" });
  expect(layer).toMatchObject({ kind: "conv2d", name: "conv1", inputShape: null, trainable: true });
  expect(JSON.parse(JSON.stringify(layer.options))).toEqual({
    filters: 4,
    kernelSize: 3,
    strides: 1,
    padding: "valid",
    dilationRate: 1,
    groups: 1,
    activation: "linear",
    useBias: true,
    kernelInitializer: "glorotUniform",
    biasInitializer: "zeros",
  });
});

test("names are checked", async () => {
  expect(await messageOf(() => layers.flatten({ name: "a/b" }))).toBe(
    'OptionError: layers.flatten: option "name" must be up to 200 letters, digits, dots, dashes and underscores, got "a/b".',
  );
});

test("decay is for kernels alone", () => {
  const decays = (layer: Layer) => parametersOf(layer, [image]).map(({ name, decays: does }) => [name, does]);
  expect(decays(layers.conv2d({ filters: 1, kernelSize: 1 }))).toEqual([
    ["weight", true],
    ["bias", false],
  ]);
  expect(decays(layers.batchNormalization()).every(([, does]) => does === false)).toBe(true);
});
