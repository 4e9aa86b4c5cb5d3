import { describe, expect, test } from "vitest";
import type { Shape } from "../../tensor/index.ts";
import { type AttributeDraft, float, OnnxDraft } from "../../testing/onnx-draft.ts";
import { expectAsRuntime } from "../../testing/onnx-runtime.ts";

/** Sets in which these ops have another form, and the ends of what is supported. */
const opsets = [7, 11, 13, 21];
const image: Shape = [2, 4, 9, 8];

type Attributes = Readonly<Record<string, AttributeDraft>>;

describe("Conv", () => {
  test.each<[string, Shape, Attributes]>([
    ["plain", [6, 4, 3, 3], {}],
    [
      "kernel_shape, strides and pads",
      [6, 4, 3, 2],
      { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 1, 1] },
    ],
    ["asymmetric pads", [3, 4, 3, 3], { pads: [0, 1, 2, 3] }],
    ["SAME_UPPER", [3, 4, 4, 3], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
    ["SAME_LOWER", [3, 4, 4, 3], { auto_pad: "SAME_LOWER", strides: [2, 2] }],
    ["VALID", [3, 4, 4, 3], { auto_pad: "VALID" }],
    ["dilations", [3, 4, 3, 3], { dilations: [2, 3], pads: [2, 3, 2, 3] }],
    ["groups", [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
    ["depthwise", [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }],
    ["depthwise with several filters a channel", [8, 1, 3, 3], { group: 4 }],
    ["pointwise", [7, 4, 1, 1], {}],
  ])("%s", async (_, kernel, attributes) => {
    for (const opset of opsets) {
      for (const bias of [false, true]) {
        const draft = new OnnxDraft(opset, image);
        const inputs = ["x", draft.weights(kernel), ...(bias ? [draft.weights([kernel[0]])] : [])];
        await expectAsRuntime(draft.output(draft.node("Conv", inputs, attributes)));
      }
    }
  });

  test("a bias that a node of its own adds", async () => {
    for (const shape of [
      [6, 1, 1],
      [1, 6, 1, 1],
    ]) {
      const draft = new OnnxDraft(13, image);
      const convolved = draft.node("Conv", ["x", draft.weights([6, 4, 3, 3])]);
      const sum = draft.node("Add", [draft.weights(shape), convolved]);
      const model = await expectAsRuntime(draft.output(draft.node("Relu", [sum])));
      expect(model.architecture.layers.map(({ layer }) => layer.kind)).toEqual([
        "input",
        "conv2d",
        "activation",
      ]);
    }
  });
});

describe("ConvTranspose", () => {
  test.each<[string, Shape, Attributes]>([
    ["plain", [4, 3, 3, 3], {}],
    ["strides and pads", [4, 3, 3, 2], { strides: [2, 3], pads: [1, 0, 1, 1] }],
    ["output_padding", [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }],
    ["dilations", [4, 3, 3, 3], { dilations: [2, 2] }],
    ["groups", [4, 3, 2, 2], { strides: [2, 2], group: 2 }],
    ["output_shape", [4, 3, 3, 3], { strides: [2, 2], output_shape: [18, 16] }],
    ["an output_shape beyond the full output", [4, 3, 2, 2], { strides: [3, 3], output_shape: [27, 24] }],
    ["SAME_UPPER", [4, 3, 3, 3], { strides: [2, 2], auto_pad: "SAME_UPPER" }],
    ["SAME_UPPER beyond the full output", [4, 3, 1, 2], { strides: [3, 3], auto_pad: "SAME_UPPER" }],
    ["SAME_LOWER", [4, 3, 3, 3], { strides: [2, 2], auto_pad: "SAME_LOWER" }],
  ])("%s", async (_, kernel, attributes) => {
    for (const opset of opsets) {
      const draft = new OnnxDraft(opset, image);
      const group = Number(attributes["group"] ?? 1);
      const inputs = ["x", draft.weights(kernel), draft.weights([kernel[1] * group])];
      await expectAsRuntime(draft.output(draft.node("ConvTranspose", inputs, attributes)));
    }
  });
});

describe("pooling", () => {
  test.each<[string, Attributes]>([
    ["plain", { kernel_shape: [2, 2] }],
    ["strides and pads", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
    ["asymmetric pads", { kernel_shape: [3, 3], strides: [2, 1], pads: [0, 1, 1, 0] }],
    ["SAME_UPPER", { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER" }],
    ["SAME_LOWER", { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_LOWER" }],
    ["VALID", { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "VALID" }],
  ])("%s", async (_, attributes) => {
    for (const opset of opsets) {
      for (const op of ["MaxPool", "AveragePool"]) {
        const draft = new OnnxDraft(opset, image);
        await expectAsRuntime(draft.output(draft.node(op, ["x"], attributes)));
      }
      const counted = new OnnxDraft(opset, image);
      const options = { ...attributes, count_include_pad: 1 };
      await expectAsRuntime(counted.output(counted.node("AveragePool", ["x"], options)));
    }
  });

  test.each<[string, Attributes]>([
    ["a last window that is partly inside", { kernel_shape: [3, 3], strides: [2, 2] }],
    ["with pads", { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
    [
      "a window that would begin in the padding",
      { kernel_shape: [2, 2], strides: [3, 3], pads: [0, 1, 0, 1] },
    ],
  ])("ceil_mode: %s", async (_, attributes) => {
    for (const opset of [10, 11, 19, 21]) {
      for (const [op, options] of [
        ["MaxPool", {}],
        ["AveragePool", {}],
        ["AveragePool", { count_include_pad: 1 }],
      ] as const) {
        const draft = new OnnxDraft(opset, image);
        await expectAsRuntime(
          draft.output(draft.node(op, ["x"], { ...attributes, ceil_mode: 1, ...options })),
        );
      }
    }
  });

  test("over the whole image", async () => {
    for (const opset of opsets) {
      for (const op of ["GlobalAveragePool", "GlobalMaxPool"]) {
        const draft = new OnnxDraft(opset, image);
        const pooled = draft.node(op);
        await expectAsRuntime(draft.output(draft.node("Flatten", [pooled])));
      }
    }
  });

  test.each<[string, Shape, readonly number[] | null, number]>([
    ["height and width", image, [2, 3], 1],
    ["height and width, dropped", image, [-1, -2], 0],
    ["channels", image, [1], 1],
    ["height", image, [2], 0],
    ["all but the batch", image, [1, 2, 3], 1],
    ["features of a row", [3, 5], [1], 1],
    ["the first of two axes", [3, 5, 4], [1], 0],
  ])("ReduceMean over %s", async (_, shape, axes, keepdims) => {
    for (const opset of [7, 13, 18, 21]) {
      const draft = new OnnxDraft(opset, shape);
      const isInput = opset >= 18 && axes !== null;
      const inputs = isInput ? ["x", draft.integers(axes)] : ["x"];
      const attributes = { keepdims, ...(!isInput && axes !== null && { axes }) };
      await expectAsRuntime(draft.output(draft.node("ReduceMean", inputs, attributes)));
    }
  });
});

describe("normalization", () => {
  test("BatchNormalization of images, rows and sequences", async () => {
    for (const opset of [7, 9, 14, 15, 21]) {
      for (const shape of [image, [3, 4], [2, 4, 5]]) {
        const draft = new OnnxDraft(opset, shape);
        const variance = draft.weights([4], [0.5, 1, 2, 0.1]);
        const inputs = ["x", draft.weights([4]), draft.weights([4]), draft.weights([4]), variance];
        await expectAsRuntime(
          draft.output(draft.node("BatchNormalization", inputs, { epsilon: float(1e-3) })),
        );
      }
    }
  });

  test("LRN", async () => {
    for (const opset of [7, 13, 21]) {
      for (const attributes of [
        { size: 3, alpha: float(0.5), beta: float(0.6), bias: float(2) },
        { size: 5 },
      ]) {
        const draft = new OnnxDraft(opset, [2, 7, 3, 4]);
        await expectAsRuntime(draft.output(draft.node("LRN", ["x"], attributes)));
      }
    }
  });
});
