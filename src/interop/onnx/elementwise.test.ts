import { describe, expect, test } from "vitest";
import { losses } from "../../losses/index.ts";
import { type Shape, Tensor } from "../../tensor/index.ts";
import { type AttributeDraft, float, OnnxDraft } from "../../testing/onnx-draft.ts";
import { expectAsRuntime } from "../../testing/onnx-runtime.ts";

const image: Shape = [2, 4, 5, 3];

type Attributes = Readonly<Record<string, AttributeDraft>>;

/** Ops of one input, with their attributes and the first operator set that has them. */
const unary: [op: string, attributes: Attributes, since?: number][] = [
  ["Relu", {}],
  ["LeakyRelu", {}],
  ["LeakyRelu", { alpha: float(0.3) }],
  ["Sigmoid", {}],
  ["HardSigmoid", {}],
  ["HardSigmoid", { alpha: float(1 / 6), beta: float(0.5) }],
  ["HardSigmoid", { alpha: float(0.9), beta: float(0.3) }],
  ["HardSwish", {}, 14],
  ["Tanh", {}],
  ["Gelu", {}, 20],
  ["Identity", {}],
  ["Cast", { to: 1 }],
  ["Softmax", {}],
  ["Softmax", { axis: 1 }],
  ["Softmax", { axis: 2 }],
  ["Softmax", { axis: 3 }],
  ["LogSoftmax", {}],
  ["LogSoftmax", { axis: 1 }],
];

describe("activations", () => {
  test.each(unary)("%s %o", async (op, attributes, since = 7) => {
    for (const opset of [7, 11, 13, 14, 20, 21].filter((version) => version >= since)) {
      for (const shape of [image, [3, 5]]) {
        if (Number(attributes["axis"] ?? 0) >= shape.length) continue;
        const draft = new OnnxDraft(opset, shape);
        // What comes before spreads the values beyond where the activations bend.
        const spread = draft.node("Mul", ["x", draft.weights([], [4])]);
        await expectAsRuntime(draft.output(draft.node(op, [spread], attributes)));
      }
    }
  });

  test("a classifier ends in a softmax that the loss can see", async () => {
    for (const [opset, attributes] of [
      [11, {}],
      [13, { axis: -1 }],
    ] as const) {
      const draft = new OnnxDraft(opset, [2, 5]);
      const model = await expectAsRuntime(draft.output(draft.node("Softmax", ["x"], attributes)));
      expect(model.architecture.layers.at(-1)?.layer.options).toEqual({ activation: "softmax" });
      model.compile({ loss: losses.sparseCategoricalCrossentropy({ fromLogits: false }) });
    }
  });

  test.each<[number | null, number | null, string]>([
    [0, 6, "relu6"],
    [0, null, "relu"],
    [-0.5, 0.25, "clip"],
    [null, 0.25, "clip"],
    [-0.25, null, "clip"],
  ])("Clip from %s to %s, as attributes and as inputs", async (minimum, maximum, expected) => {
    for (const opset of [7, 11, 13]) {
      const draft = new OnnxDraft(opset, image);
      const bound = (value: number | null) => (value === null ? "" : draft.weights([], [value]));
      const isOld = opset < 11;
      const inputs = isOld ? ["x"] : ["x", bound(minimum), bound(maximum)];
      const attributes = isOld
        ? {
            ...(minimum !== null && { min: float(minimum) }),
            ...(maximum !== null && { max: float(maximum) }),
          }
        : {};
      const model = await expectAsRuntime(draft.output(draft.node("Clip", inputs, attributes)));
      const { kind, options } = model.architecture.layers[1].layer;
      expect("activation" in options ? options.activation : kind).toBe(expected);
    }
  });

  test("PRelu with one slope, one a channel, one a value", async () => {
    for (const opset of [7, 9, 16, 21]) {
      for (const slopes of [[1], [4, 1, 1], [1, 4, 1, 1], [5, 3], [4, 5, 3]]) {
        const draft = new OnnxDraft(opset, image);
        await expectAsRuntime(draft.output(draft.node("PRelu", ["x", draft.weights(slopes)])));
      }
    }
  });

  test("Dropout does nothing in inference and has the rate of the file in training", async () => {
    for (const opset of [7, 10, 12, 13, 21]) {
      const draft = new OnnxDraft(opset, image);
      const isOld = opset < 12;
      const inputs = isOld ? ["x"] : ["x", draft.weights([], [0.25])];
      const model = await expectAsRuntime(
        draft.output(draft.node("Dropout", inputs, isOld ? { ratio: float(0.25) } : {})),
      );
      expect(model.architecture.layers[1].layer.options).toEqual({ rate: 0.25 });
    }
  });
});

/** Two values with different histories, [2, 4, 5, 3] and of a shape that is broadcast to it. */
function pair(opset: number, small: boolean): { draft: OnnxDraft; a: string; b: string } {
  const draft = new OnnxDraft(opset, image);
  const a = draft.node("Conv", ["x", draft.weights([4, 4, 1, 1])]);
  const b = small ? draft.node("GlobalAveragePool", ["x"]) : draft.node("Relu", ["x"]);
  return { draft, a, b };
}

describe("arithmetic", () => {
  const operations = ["Add", "Sub", "Mul", "Div"];

  test("of two values", async () => {
    for (const opset of [7, 13, 14, 21]) {
      for (const op of operations) {
        for (const small of [false, true]) {
          const { draft, a, b } = pair(opset, small);
          // Nothing is divided by zero.
          const safe = draft.node("Add", [b, draft.weights([], [2])]);
          await expectAsRuntime(draft.output(draft.node(op, [a, safe])));
          const other = pair(opset, small);
          const swapped = other.draft.node("Add", [other.a, other.draft.weights([], [20])]);
          await expectAsRuntime(other.draft.output(other.draft.node(op, [other.b, swapped])));
        }
      }
    }
  });

  test("Sum of one, two and more", async () => {
    for (const opset of [8, 13, 21]) {
      const { draft, a, b } = pair(opset, true);
      const one = draft.node("Sum", [a]);
      const two = draft.node("Sum", [one, b]);
      const constant = draft.weights([4, 1, 1]);
      await expectAsRuntime(draft.output(draft.node("Sum", [two, b, a, constant])));
    }
  });

  test.each<[string, Shape]>([
    ["one number", []],
    ["one number with axes", [1, 1, 1]],
    ["one a channel", [4, 1, 1]],
    ["one a channel, with the batch", [1, 4, 1, 1]],
    ["one a column", [3]],
    ["a row of pixels for each channel", [4, 1, 3]],
    ["all values", [4, 5, 3]],
  ])("with a constant of %s, on either side, on the input and behind a layer", async (_, shape) => {
    for (const op of operations) {
      for (const first of [false, true]) {
        for (const behind of [false, true]) {
          const draft = new OnnxDraft(13, image);
          const size = shape.reduce((a, b) => a * b, 1);
          const values = Array.from({ length: size }, (_unused, index) => 1.5 + (index % 7) / 4);
          const constant = draft.weights(shape, values);
          const x = behind ? draft.node("Conv", ["x", draft.weights([4, 4, 1, 1])]) : "x";
          const safe = draft.node("Add", [draft.node("Sigmoid", [x]), draft.weights([], [1])]);
          await expectAsRuntime(draft.output(draft.node(op, first ? [constant, safe] : [safe, constant])));
        }
      }
    }
  });

  test("what is learnt and what is fixed", async () => {
    const kindsOf = async (draft: OnnxDraft) =>
      (await expectAsRuntime(draft)).architecture.layers.slice(1).map(({ layer }) => layer.kind);
    const onInput = new OnnxDraft(13, image);
    const centred = onInput.node("Sub", ["x", onInput.weights([4, 1, 1])]);
    const scaled = onInput.node("Div", [centred, onInput.weights([4, 1, 1], [1, 2, 3, 4])]);
    expect(await kindsOf(onInput.output(scaled))).toEqual(["rescaling", "rescaling"]);
    const behind = new OnnxDraft(13, image);
    const active = behind.node("Relu");
    const factor = behind.node("Mul", [active, behind.weights([4, 1, 1])]);
    expect(await kindsOf(behind.output(behind.node("Add", [factor, behind.weights([5, 3])])))).toEqual([
      "activation",
      "scale",
      "arithmetic",
    ]);
    const caffe = new OnnxDraft(13, image);
    const normalized = caffe.node("Mul", [caffe.node("Relu"), caffe.weights([4, 1, 1])]);
    expect(await kindsOf(caffe.output(caffe.node("Add", [normalized, caffe.weights([4, 1, 1])])))).toEqual([
      "activation",
      "scale",
    ]);
    // Written with the constants between: they are worked out first.
    const late = new OnnxDraft(9, image);
    const factor2 = late.node("Mul", [late.node("Relu"), late.weights([4, 1, 1])]);
    const offset = late.node("Unsqueeze", [late.weights([4])], { axes: [1, 2] });
    expect(await kindsOf(late.output(late.node("Add", [factor2, offset])))).toEqual(["activation", "scale"]);
    const rows = new OnnxDraft(13, image);
    const factors = rows.node("Mul", [rows.node("Relu", [rows.node("Flatten")]), rows.weights([60])]);
    await expectAsRuntime(rows.output(rows.node("Add", [factors, rows.weights([60])])));
  });
});

describe("Gemm and MatMul", () => {
  test.each<[Attributes, Shape | null]>([
    [{}, [4]],
    [{ transB: 1 }, [4]],
    [{ transB: 1 }, null],
    [{ transB: 1, alpha: float(0.5), beta: float(2) }, [1, 4]],
    [{}, [1]],
  ])("Gemm %o with a bias %o", async (attributes, bias) => {
    for (const opset of [7, 9, 11, 13, 21]) {
      if (bias === null && opset < 11) continue;
      const draft = new OnnxDraft(opset, [3, 6]);
      const matrix = draft.weights("transB" in attributes ? [4, 6] : [6, 4]);
      const inputs = ["x", matrix, ...(bias === null ? [] : [draft.weights(bias)])];
      await expectAsRuntime(draft.output(draft.node("Gemm", inputs, attributes)));
    }
  });

  test("MatMul of rows, sequences and images, with the Add behind as its bias", async () => {
    for (const opset of [7, 9, 13, 21]) {
      for (const shape of [
        [3, 6],
        [2, 5, 6],
        [2, 4, 5, 6],
      ]) {
        const draft = new OnnxDraft(opset, shape);
        const product = draft.node("MatMul", ["x", draft.weights([6, 4])]);
        const model = await expectAsRuntime(draft.output(draft.node("Add", [product, draft.weights([4])])));
        const dense = model.architecture.layers.find(({ layer }) => layer.kind === "dense");
        expect(dense?.layer.options).toMatchObject({ units: 4, useBias: true });
      }
    }
  });

  test("the bias is left where another takes the product, too", async () => {
    const draft = new OnnxDraft(13, [3, 6]);
    const product = draft.node("MatMul", ["x", draft.weights([6, 4])]);
    const sum = draft.node("Add", [product, draft.weights([4])]);
    const model = await expectAsRuntime(draft.output(draft.node("Mul", [sum, product])));
    expect(model.architecture.layers.map(({ layer }) => layer.kind)).toEqual([
      "input",
      "dense",
      "scale",
      "multiply",
    ]);
  });

  test("weights that are transposed, cast and scaled by nodes of their own", async () => {
    const draft = new OnnxDraft(13, [3, 6]);
    const half = draft.node("Constant", [], { value: new Tensor("float64", [], Float64Array.of(0.5)) });
    const scaled = draft.node("Mul", [draft.weights([4, 6]), draft.node("Cast", [half], { to: 1 })]);
    const matrix = draft.node("Transpose", [scaled], { perm: [1, 0] });
    await expectAsRuntime(draft.output(draft.node("MatMul", ["x", matrix])));
  });
});
