import { describe, expect, test } from "vitest";
import type { Node, OpAttributes, OpKind } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { type DType, type Shape, sizeOf } from "../../../tensor/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import { evaluate } from "../../reference/index.ts";
import { lower } from "./table.ts";

/** An operand: float32 numbers in [-2, 2] by its shape, or values given. */
type Operand =
  | Shape
  | { readonly dtype: DType; readonly shape: Shape; readonly values: (i: number) => number };

function labels(count: number, classes: number): Operand {
  return { dtype: "int32", shape: [count], values: (index) => (index * 7) % classes };
}

const key: Operand = { dtype: "uint32", shape: [2], values: (index) => [0xdeadbeef, 123456789][index] };

/** Whole numbers from a fixed sequence, so that a failure can be repeated. */
function scrambled(index: number, seed: number): number {
  const product = Math.imul((index + 1) ^ Math.imul(seed + 1, 0x9e3779b1), 0x85ebca6b);
  return Math.imul(product ^ (product >>> 13), 0xc2b2ae35) >>> 0;
}

function makeCase<K extends OpKind>(kind: K, operands: readonly Operand[], attributes: OpAttributes[K]) {
  const build = createBuild();
  const values = new Map<Node, Float64Array>();
  const leaves = operands.map((operand, position) => {
    const {
      dtype,
      shape,
      values: numberAt,
    } = "dtype" in operand
      ? operand
      : {
          dtype: "float32" as const,
          shape: operand,
          values: (index: number) => Math.fround((scrambled(index, position) / 2 ** 32) * 4 - 2),
        };
    const leaf = build("input", [], { name: `x${position}`, shape, dtype });
    values.set(
      leaf,
      Float64Array.from({ length: sizeOf(shape) }, (_, index) => numberAt(index)),
    );
    return leaf;
  });
  const node = build(kind, leaves, attributes);
  return { node, values, expected: evaluate([node], values)[0] };
}

/** Large enough for several chunks and partial sums, with tails that fill no vector. */
const cases: readonly ReturnType<typeof makeCase>[] = [
  ...(["add", "subtract", "multiply"] as const).flatMap((kind) =>
    (
      [
        [
          [3, 41, 301],
          [3, 41, 301],
        ],
        [[40003], [1]],
        [[1, 1], [40003]],
        [[17, 33, 61, 6], [6]],
        [[6], [17, 33, 61, 6]],
        [[301, 67], [67]],
        [
          [9, 23, 101],
          [23, 101],
        ],
        [
          [3, 1, 71],
          [3, 101, 71],
        ],
        [
          [5, 33, 21, 7],
          [5, 1, 1, 7],
        ],
        [
          [501, 1],
          [501, 33],
        ],
        [
          [501, 33],
          [501, 1],
        ],
        [
          [37, 1, 5],
          [1, 41, 1],
        ],
        [
          [2, 1, 3, 1, 5, 1],
          [1, 7, 1, 11, 1, 13],
        ],
      ] as const
    ).map((shapes) => makeCase(kind, shapes, {})),
  ),
  makeCase("affine", [[40003]], { factor: 1.5, offset: -0.25 }),
  makeCase("clip", [[40003]], { minimum: -1, maximum: 0.5 }),
  makeCase("relu", [[40003]], {}),
  makeCase("reluGradient", [[40003], [40003]], {}),
  makeCase("sigmoidGradient", [[20003], [20003]], {}),
  makeCase("tanhGradient", [[20003], [20003]], {}),
  makeCase("pad", [[5, 33, 31, 7]], { before: [0, 1, 2, 0], after: [0, 3, 1, 0], value: -1.5 }),
  makeCase("pad", [[301, 67]], { before: [3, 1], after: [2, 5], value: 2 }),
  makeCase("pad", [[2, 3, 4, 5, 6, 7]], { before: [1, 0, 2, 0, 1, 1], after: [0, 1, 0, 2, 0, 1], value: 0 }),
  makeCase("pad", [[]], { before: [], after: [], value: 1 }),
  makeCase("slice", [[7, 35, 33, 9]], { begin: [1, 2, 3, 4], size: [5, 30, 29, 3] }),
  makeCase("slice", [[40003]], { begin: [1], size: [40001] }),
  makeCase("slice", [[301, 67]], { begin: [0, 66], size: [301, 1] }),
  makeCase(
    "concatenate",
    [
      [5, 33, 31, 7],
      [5, 33, 31, 1],
      [5, 33, 31, 16],
    ],
    { axis: 3 },
  ),
  makeCase("concatenate", [[20001], [3], [20001]], { axis: 0 }),
  makeCase(
    "concatenate",
    [
      [3, 1, 5],
      [3, 300, 5],
    ],
    { axis: 1 },
  ),
  makeCase("broadcast", [[301, 1]], { shape: [301, 67] }),
  makeCase("broadcast", [[1, 67]], { shape: [301, 67] }),
  makeCase("broadcast", [[1, 5, 1, 7, 1, 3]], { shape: [3, 5, 4, 7, 9, 3] }),
  makeCase("broadcast", [[1, 1]], { shape: [1, 1] }),
  ...(
    [
      [[40003], [0]],
      [[70001], [0]],
      [[3, 65536], [1]],
      [[301, 67], [1]],
      [[5003, 3], [1]],
      [[20011, 6], [0]],
      [
        [2, 100, 100, 6],
        [0, 1, 2],
      ],
      [
        [8, 33, 31, 20],
        [0, 1, 2],
      ],
      [[3, 700, 301], [1]],
      [
        [9, 20, 21, 22],
        [1, 3],
      ],
      [
        [2, 3, 4, 5, 6, 7],
        [0, 2, 4],
      ],
      [
        [2, 3, 4, 5, 6, 7],
        [1, 3, 5],
      ],
      [[3, 1, 5], [1]],
      [
        [1, 1],
        [0, 1],
      ],
    ] as const
  ).map(([shape, axes]) => makeCase("reduceSum", [shape], { axes, keepDimensions: false })),
  ...[1, 3, 10, 1003].flatMap((classes) => [
    makeCase("softmax", [[67, classes]], {}),
    makeCase(
      "softmaxGradient",
      [
        [67, classes],
        [67, classes],
      ],
      {},
    ),
    makeCase("topKHits", [[67, classes], labels(67, classes)], { k: 3 }),
    makeCase("oneHot", [labels(67, classes)], { classes }),
    ...[0, 0.1].flatMap((labelSmoothing) => [
      makeCase("softmaxCrossEntropy", [[67, classes], labels(67, classes)], { labelSmoothing }),
      makeCase(
        "softmaxCrossEntropy",
        [
          [67, classes],
          [67, classes],
        ],
        { labelSmoothing },
      ),
      makeCase("softmaxCrossEntropyGradient", [[67, classes], labels(67, classes), [67]], { labelSmoothing }),
      makeCase("softmaxCrossEntropyGradient", [[67, classes], [67, classes], [67]], { labelSmoothing }),
    ]),
  ]),
  ...[0, 0.3, 0.999].map((rate) => makeCase("dropout", [[10007], key], { rate, stream: 0xfffffff1 })),
];

const exactly = { absolute: 0, relative: 0 };

describe.each(variants)("lowerings, %s kernels", (variant) => {
  test.each(
    cases.map((each) => {
      const shapes = each.node.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
      return [`${each.node.kind} ${shapes} ${JSON.stringify(each.node.attributes)}`, each] as const;
    }),
  )("%s", (_, { node, values, expected }) => {
    const run = (options: object) =>
      runLowering((context) => lower(node, context), values, [node], { variant, ...options })[0];
    const result = run({});
    const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    expect(result).toBeCloseToTensor(expected, { absolute: 1e-6 * greatest, relative: 1e-6 });
    // A chunk's result depends on no other chunk, and a result may take the memory that its call offers.
    expect(run({ reversed: true })).toBeCloseToTensor(result, exactly);
    expect(run({ inPlace: true })).toBeCloseToTensor(result, exactly);
  });
});

describe("dropout", () => {
  test("drops by the same words as the reference", () => {
    const { node, values, expected } = makeCase("dropout", [[4099], key], { rate: 0.5, stream: 7 });
    const [result] = runLowering((context) => lower(node, context), values, [node]);
    expect(result).toBeCloseToTensor(expected, exactly);
  });
});

describe.each(variants)("maps over the whole range of float32, %s kernels", (variant) => {
  /** Values of a map of x (and dy = 1 for a gradient) from the kernels and from the reference. */
  function mapOf<K extends OpKind>(kind: K, attributes: OpAttributes[K], x: readonly number[]) {
    const own: Operand = { dtype: "float32", shape: [x.length], values: (index) => Math.fround(x[index]) };
    const ones: Operand = { dtype: "float32", shape: [x.length], values: () => 1 };
    const operands = kind.endsWith("Gradient") ? [own, ones] : [own];
    const { node, values, expected } = makeCase(kind, operands, attributes);
    const [result] = runLowering((context) => lower(node, context), values, [node], { variant });
    return { result, expected };
  }

  const dense = Array.from({ length: 6001 }, (_, index) => (index - 3000) / 200);
  const small = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 1 : -1) * 10 ** (-index / 10));
  const far = [20, 50, 87, 88, 89, 100, 1e3, 1e10, 1e30, 3e38].flatMap((x) => [x, -x]);

  test.each([
    ["sigmoid", {}, 1e-6],
    ["tanh", {}, 1e-6],
    // An exponential's argument rounds to float32: its relative error grows with x^2 out in the tail.
    ["gelu", { approximate: false }, 3e-6],
    ["gelu", { approximate: true }, 6e-6],
  ] as const)("%s %j has a relative error below %f", (kind, attributes, relative) => {
    const { result, expected } = mapOf(kind, attributes as never, [...dense, ...small]);
    // Far out, the reference's gelu has only what 1 + erf has left in float64.
    const absolute = kind === "gelu" ? 1e-14 : 1e-37;
    expect(result).toBeCloseToTensor(expected, { absolute, relative });
    const ends = mapOf(kind, attributes as never, far);
    const rounded = ends.expected.map(Math.fround);
    expect(ends.result).toBeCloseToTensor(rounded, { absolute: 1e-37, relative: 1e-6 });
  });

  test.each([false, true])("geluGradient, approximate %s", (approximate) => {
    const { result, expected } = mapOf("geluGradient", { approximate }, [...dense, ...small, ...far]);
    expect(result).toBeCloseToTensor(expected, { absolute: 1e-6 });
  });

  test.each([
    ["relu", {}, [Number.POSITIVE_INFINITY, 0, Number.NaN]],
    ["clip", { minimum: -2, maximum: 3 }, [3, -2, Number.NaN]],
    ["sigmoid", {}, [1, 0, Number.NaN]],
    ["tanh", {}, [1, -1, Number.NaN]],
    ["gelu", { approximate: false }, [Number.POSITIVE_INFINITY, Number.NaN, Number.NaN]],
  ] as const)("%s of infinity, -infinity and NaN", (kind, attributes, expected) => {
    const special = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const { result } = mapOf(kind, attributes as never, special);
    expect([...result]).toEqual(expected);
  });
});
