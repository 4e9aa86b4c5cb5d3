import { describe, expect, test } from "vitest";
import type { Shape } from "../../tensor/index.ts";
import { type AttributeDraft, float, OnnxDraft } from "../../testing/onnx-draft.ts";
import { expectAsRuntime } from "../../testing/onnx-runtime.ts";

const image: Shape = [2, 4, 5, 3];

type Attributes = Readonly<Record<string, AttributeDraft>>;

/** Kinds of layers behind the input. */
async function kindsOf(draft: OnnxDraft): Promise<string[]> {
  const model = await expectAsRuntime(draft);
  return model.architecture.layers.slice(1).map(({ layer }) => layer.kind);
}

/** Sizes as the attribute of older operator sets, or as an input. */
function listInput(draft: OnnxDraft, name: string, values: readonly number[], since: number) {
  const isInput = draft.opset >= since;
  return {
    inputs: isInput ? [draft.integers(values)] : [],
    attributes: isInput ? {} : { [name]: values },
  };
}

describe("a flattened image", () => {
  test("keeps its order, and the dense layer behind gets its rows in that order", async () => {
    for (const opset of [7, 9, 11, 13, 21]) {
      for (const transB of [0, 1]) {
        const draft = new OnnxDraft(opset, image);
        const flat = draft.node("Relu", [draft.node("Flatten")]);
        const inputs = [flat, draft.weights(transB === 1 ? [7, 60] : [60, 7]), draft.weights([7])];
        expect(await kindsOf(draft.output(draft.node("Gemm", inputs, { transB })))).toEqual([
          "flatten",
          "activation",
          "dense",
        ]);
      }
    }
  });

  test("is put in ONNX's order where that matters", async () => {
    const output = new OnnxDraft(13, image);
    expect(await kindsOf(output.output(output.node("Flatten")))).toEqual([
      "flatten",
      "reshape",
      "permute",
      "flatten",
    ]);
    const normalized = new OnnxDraft(13, image);
    const inputs = Array.from({ length: 4 }, (_, index) =>
      normalized.weights(
        [60],
        Array.from({ length: 60 }, (_unused, i) => 1 + ((i * (index + 2)) % 11)),
      ),
    );
    const flat = normalized.node("BatchNormalization", [normalized.node("Flatten"), ...inputs]);
    await expectAsRuntime(normalized.output(normalized.node("MatMul", [flat, normalized.weights([60, 3])])));
    const rows = new OnnxDraft(13, image);
    const scaled = rows.node("Mul", [rows.node("Flatten"), rows.weights([60])]);
    const summed = rows.node("Add", [scaled, rows.node("Flatten")]);
    const joined = rows.node("Concat", [summed, rows.node("Relu", [scaled])], { axis: 1 });
    await expectAsRuntime(rows.output(rows.node("Softmax", [joined])));
  });

  test("of one pixel or one channel needs no other order", async () => {
    for (const shape of [
      [2, 6, 1, 1],
      [2, 1, 3, 4],
    ]) {
      const draft = new OnnxDraft(13, shape);
      expect(await kindsOf(draft.output(draft.node("Flatten")))).toEqual(["flatten"]);
    }
  });
});

describe("Reshape", () => {
  test.each<[string, Shape, readonly number[]]>([
    ["to rows", image, [2, 60]],
    ["to rows, worked out", image, [0, -1]],
    ["to rows, with the batch worked out", image, [-1, 60]],
    ["pixels in a row", image, [0, 4, 15]],
    ["channels in groups", image, [0, 2, 2, 5, 3]],
    ["copying sizes", image, [0, 0, -1]],
    ["across channels and rows", image, [0, 20, 3]],
    ["anything", image, [0, 6, 10]],
    ["rows to images", [2, 60], [0, 4, 5, 3]],
    ["rows to images of one pixel", [2, 60], [0, 60, 1, 1]],
    ["with axes of one", image, [0, 1, 4, 1, 15, 1]],
  ])("%s", async (_, shape, target) => {
    for (const opset of [7, 13, 14, 21]) {
      const draft = new OnnxDraft(opset, shape);
      await expectAsRuntime(draft.output(draft.node("Reshape", ["x", draft.integers(target)])));
    }
  });

  test("by a shape that is computed", async () => {
    for (const opset of [7, 13, 15, 21]) {
      const draft = new OnnxDraft(opset, image);
      draft.dimensions = ["batch", 4, 5, 3];
      const sizes = draft.node("Shape");
      const first = draft.node("Gather", [sizes, draft.integer(0)], { axis: 0 });
      const axes = listInput(draft, "axes", [0], 13);
      const row = draft.node("Unsqueeze", [first, ...axes.inputs], axes.attributes);
      const rest = draft.node("Unsqueeze", [draft.integer(-1), ...axes.inputs], axes.attributes);
      const target = draft.node("Concat", [row, rest], { axis: 0 });
      const flat = draft.node("Reshape", ["x", target]);
      const logits = draft.node("Gemm", [flat, draft.weights([60, 3]), draft.weights([3])]);
      expect(await kindsOf(draft.output(logits))).toEqual(["flatten", "dense"]);
    }
  });

  test("a channel shuffle moves only what it must", async () => {
    const draft = new OnnxDraft(13, [2, 6, 5, 3]);
    const active = draft.node("Relu");
    const groups = draft.node("Reshape", [active, draft.integers([2, 2, 3, 5, 3])]);
    const shuffled = draft.node("Transpose", [groups], { perm: [0, 2, 1, 3, 4] });
    const joined = draft.node("Reshape", [shuffled, draft.integers([2, -1, 5, 3])]);
    const convolved = draft.node("Conv", [joined, draft.weights([2, 6, 1, 1])]);
    const kinds = await kindsOf(draft.output(convolved));
    expect(kinds.filter((kind) => kind === "permute")).toHaveLength(1);
  });
});

describe("axes", () => {
  test.each<[string, Shape, Attributes]>([
    ["channels last", image, { perm: [0, 2, 3, 1] }],
    ["height and width", image, { perm: [0, 1, 3, 2] }],
    ["three", [2, 3, 5], { perm: [0, 2, 1] }],
  ])("Transpose: %s", async (_, shape, attributes) => {
    for (const opset of [7, 13, 21]) {
      const draft = new OnnxDraft(opset, shape);
      const moved = draft.node("Transpose", [draft.node("Relu")], attributes);
      await expectAsRuntime(draft.output(draft.node("Flatten", [moved])));
    }
  });

  test("an input with its channels last is taken as it is", async () => {
    const draft = new OnnxDraft(13, [2, 5, 3, 4]);
    const moved = draft.node("Transpose", ["x"], { perm: [0, 3, 1, 2] });
    const convolved = draft.node("Conv", [moved, draft.weights([6, 4, 3, 3])]);
    const back = draft.node("Transpose", [convolved], { perm: [0, 2, 3, 1] });
    const flat = draft.node("Reshape", [back, draft.integers([0, -1])]);
    const model = await expectAsRuntime(draft.output(draft.node("MatMul", [flat, draft.weights([18, 2])])), {
      name: "tensorflow.onnx",
    });
    expect(model.inputShape).toEqual([5, 3, 4]);
    expect(model.architecture.layers.map(({ layer }) => layer.kind)).toEqual([
      "input",
      "conv2d",
      "flatten",
      "dense",
    ]);
  });

  test("Squeeze and Unsqueeze, with axes as attribute and as input", async () => {
    for (const opset of [7, 11, 13, 21]) {
      const draft = new OnnxDraft(opset, image);
      const pooled = draft.node("GlobalAveragePool");
      const squeezeAxes = listInput(draft, "axes", [2, 3], 13);
      const row = draft.node("Squeeze", [pooled, ...squeezeAxes.inputs], squeezeAxes.attributes);
      const dense = draft.node("Gemm", [row, draft.weights([4, 4]), draft.weights([4])]);
      const gateAxes = listInput(draft, "axes", [2, 3], 13);
      const gate = draft.node("Unsqueeze", [dense, ...gateAxes.inputs], gateAxes.attributes);
      // Squeeze and excitation: the gate meets the image that it was made of.
      const gated = draft.node("Mul", ["x", draft.node("Sigmoid", [gate])]);
      expect(await kindsOf(draft.output(gated))).toEqual([
        "globalAveragePool2d",
        "flatten",
        "dense",
        "reshape",
        "activation",
        "multiply",
      ]);
    }
    const all = new OnnxDraft(13, image);
    await expectAsRuntime(all.output(all.node("Squeeze", [all.node("GlobalMaxPool")])));
  });

  test("Concat of channels, rows and features", async () => {
    for (const opset of [7, 11, 13, 21]) {
      for (const axis of [1, 2, 3]) {
        const draft = new OnnxDraft(opset, image);
        const parts = [draft.node("Relu"), "x", draft.node("Tanh")];
        await expectAsRuntime(draft.output(draft.node("Concat", parts, { axis })));
      }
      const rows = new OnnxDraft(opset, [3, 4]);
      await expectAsRuntime(rows.output(rows.node("Concat", ["x", rows.node("Relu")], { axis: 1 })));
    }
  });

  test.each<[string, readonly number[], readonly number[], readonly number[]]>([
    ["channels", [1], [3], [1]],
    ["from the end", [-2], [2 ** 31 - 1], [2]],
    ["all of the batch and a part of the image", [0, 1, 0], [2 ** 31 - 1, 4, -1], [0, 2, 3]],
  ])("Slice: %s", async (_, starts, ends, axes) => {
    for (const opset of [7, 10, 13, 21]) {
      const draft = new OnnxDraft(opset, image);
      const parts = [
        listInput(draft, "starts", starts, 10),
        listInput(draft, "ends", ends, 10),
        listInput(draft, "axes", axes, 10),
      ];
      const inputs = ["x", ...parts.flatMap((part) => part.inputs)];
      const attributes = Object.assign({}, ...parts.map((part) => part.attributes));
      await expectAsRuntime(draft.output(draft.node("Slice", inputs, attributes)));
    }
  });

  test("Split, evenly and by sizes", async () => {
    for (const opset of [7, 11, 13, 18, 21]) {
      const draft = new OnnxDraft(opset, image);
      const even = { axis: 1, ...(opset >= 18 && { num_outputs: 2 }) };
      const [a, b] = draft.nodes("Split", ["x"], even, 2);
      const product = draft.node("Concat", [draft.node("Mul", [a, b]), b], { axis: 1 });
      const sizes = listInput(draft, "split", [1, 3], 13);
      const [c, d] = draft.nodes("Split", [product, ...sizes.inputs], { axis: 1, ...sizes.attributes }, 2);
      await expectAsRuntime(draft.output(draft.node("Concat", [d, c], { axis: 1 })));
    }
  });

  test("Gather of a channel, of channels in another order, of rows", async () => {
    for (const opset of [7, 11, 13, 21]) {
      const draft = new OnnxDraft(opset, image);
      const turned = draft.node("Gather", ["x", draft.integers([2, 1, 0, 3])], { axis: 1 });
      await expectAsRuntime(draft.output(turned));
      // torchvision's transform_input: each channel on its own, then joined again.
      const input = new OnnxDraft(opset, image);
      const axes = listInput(input, "axes", [1], 13);
      const channels = [0, 1, 2, 3].map((channel) => {
        const plane = input.node("Gather", ["x", input.integer(channel)], { axis: 1 });
        const kept = input.node("Unsqueeze", [plane, ...axes.inputs], axes.attributes);
        const scaled = input.node("Mul", [kept, input.weights([], [channel + 0.5])]);
        return input.node("Add", [scaled, input.weights([], [channel / 8])]);
      });
      await expectAsRuntime(input.output(input.node("Concat", channels, { axis: 1 })));
      const row = new OnnxDraft(opset, image);
      await expectAsRuntime(row.output(row.node("Gather", ["x", row.integers([1])], { axis: 2 })));
    }
  });
});

describe("Pad", () => {
  test.each<[string, readonly number[], Attributes, number]>([
    ["zeros", [0, 0, 1, 2, 0, 0, 3, 0], {}, 0],
    ["a value", [0, 0, 1, 2, 0, 0, 3, 0], {}, 0.75],
    ["the border", [0, 0, 1, 2, 0, 0, 3, 0], { mode: "edge" }, 0],
    ["mirrored", [0, 0, 1, 2, 0, 0, 3, 0], { mode: "reflect" }, 0],
    ["cut off", [0, 0, -1, 1, 0, 0, 0, -1], {}, 0],
    ["channels", [0, 2, 0, 0, 0, 1, 0, 0], {}, 0],
    ["all axes", [0, 2, 1, 1, 0, 1, 0, 2], {}, 0.5],
    ["nothing", [0, 0, 0, 0, 0, 0, 0, 0], {}, 0],
  ])("%s", async (_, pads, attributes, value) => {
    for (const opset of [7, 11, 13, 18, 21]) {
      const draft = new OnnxDraft(opset, image);
      const isOld = opset < 11;
      const inputs = isOld ? ["x"] : ["x", draft.integers(pads), draft.weights([], [value])];
      const own = isOld ? { ...attributes, pads, value: float(value) } : attributes;
      await expectAsRuntime(draft.output(draft.node("Pad", inputs, own)));
    }
  });

  test("of named axes", async () => {
    for (const opset of [18, 21]) {
      const draft = new OnnxDraft(opset, image);
      const inputs = ["x", draft.integers([1, 2, 3, 0]), "", draft.integers([-1, 2])];
      await expectAsRuntime(draft.output(draft.node("Pad", inputs)));
    }
  });
});

describe("Resize", () => {
  const scales = [1, 1, 2, 1.5];

  test.each(["nearest", "linear"])("Upsample, and Resize as it was first: %s", async (mode) => {
    for (const [opset, op, factors] of [
      [7, "Upsample", [1, 1, 2, 3]],
      [9, "Upsample", [1, 1, 2, 3]],
      [10, "Resize", [1, 1, 2, 3]],
      [10, "Resize", [1, 1, 0.6, 0.5]],
    ] as const) {
      const draft = new OnnxDraft(opset, [2, 4, 5, 6]);
      const attributes = { mode, ...(opset < 9 && { scales: float(...factors) }) };
      const inputs = opset < 9 ? ["x"] : ["x", draft.weights([4], factors)];
      await expectAsRuntime(draft.output(draft.node(op, inputs, attributes)));
    }
  });

  test.each<[string, Attributes]>([
    ["the defaults", {}],
    ["PyTorch's nearest", { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }],
    ["rounding up", { coordinate_transformation_mode: "asymmetric", nearest_mode: "ceil" }],
    ["halves up", { coordinate_transformation_mode: "asymmetric", nearest_mode: "round_prefer_ceil" }],
    ["linear", { mode: "linear" }],
    ["PyTorch's bilinear", { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" }],
    ["aligned corners", { mode: "linear", coordinate_transformation_mode: "align_corners" }],
    ["asymmetric", { mode: "linear", coordinate_transformation_mode: "asymmetric" }],
  ])("%s", async (_, attributes) => {
    for (const opset of [11, 13, 18, 21]) {
      const byScales = new OnnxDraft(opset, image);
      const empty = opset < 13 ? byScales.weights([0], []) : "";
      await expectAsRuntime(
        byScales.output(byScales.node("Resize", ["x", empty, byScales.weights([4], scales)], attributes)),
      );
      for (const size of [
        [11, 7],
        [3, 2],
        [1, 1],
      ]) {
        const bySizes = new OnnxDraft(opset, image);
        const none = opset < 13 ? bySizes.weights([0], []) : "";
        const inputs = ["x", none, none, bySizes.integers([2, 4, ...size])];
        await expectAsRuntime(bySizes.output(bySizes.node("Resize", inputs, attributes)));
      }
    }
  });

  test("of named axes", async () => {
    const draft = new OnnxDraft(18, image);
    const inputs = ["x", "", draft.weights([2], [2, 3])];
    await expectAsRuntime(draft.output(draft.node("Resize", inputs, { axes: [3, 2] })));
  });
});
