import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/index.ts";
import { evaluate } from "../engine/reference/index.ts";
import type {
  LocalResponseAttributes,
  Node,
  OpAttributes,
  Padding2d,
  Size2d,
  UpdateAttributes,
} from "../graph/index.ts";
import { type DType, type Shape, sizeOf } from "../tensor/index.ts";
import { createBuild } from "./build.ts";
import { poolOutputSize } from "./geometry.ts";
import type { UpdateRule } from "./rule.ts";
import { updateTable } from "./updates.ts";
import { plainWarpRecord, warpParts } from "./warp-record.ts";

// PyTorch's figures, in float64, recorded by scripts/golden/ops.py (which also says how to record them again).

interface Recorded {
  readonly shape: Shape;
  readonly values: readonly number[];
}

interface Golden<Case> {
  readonly torch: string;
  readonly inputs: string;
  readonly cases: readonly Case[];
}

function load<Case>(name: string): readonly Case[] {
  const text = readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8");
  const golden = JSON.parse(text) as Golden<Case>;
  expect(golden.inputs).toBe("((7919 i + 331 seed) mod 1009) / 504 - 1 for element i in row-major order");
  return golden.cases;
}

/** The inputs' formula, as the script has it. */
function draw(shape: Shape, seed: number): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((7919 * i + 331 * seed) % 1009) / 504 - 1);
}

const build = createBuild();
const values = new Map<Node, Float64Array>();

function leaf(shape: Shape, data: ArrayLike<number>, dtype: DType = "float32"): Node {
  const node = build("input", [], { name: "leaf", shape, dtype });
  values.set(node, Float64Array.from(data));
  return node;
}

function drawn(shape: Shape, seed: number): Node {
  return leaf(shape, draw(shape, seed));
}

function expectValue(node: Node, { shape, values: expected }: Recorded, tolerance = 1e-11): void {
  expect(node.shape).toEqual(shape);
  expect(evaluate([node], values)[0]).toBeCloseToTensor(expected, {
    absolute: tolerance,
    relative: tolerance,
  });
}

/** Holds y, and its gradients when dy is drawn with `seed`, against what was recorded. */
function expectGolden(
  y: Node,
  expected: Recorded,
  seed: number,
  wrt: readonly (readonly [Node, Recorded])[],
): void {
  expectValue(y, expected);
  const weighed = build("multiply", [y, drawn(y.shape, seed)], {});
  const loss = build("reduceSum", [weighed], { axes: y.shape.map((_, axis) => axis), keepDimensions: false });
  const derived = gradients(
    loss,
    wrt.map(([node]) => node),
  );
  wrt.forEach(([, recorded], index) => {
    expectValue(derived[index], recorded);
  });
}

interface ConvolutionCase extends Omit<OpAttributes["conv2d"], "padding"> {
  readonly name: string;
  readonly x: Shape;
  readonly filter: Shape;
  readonly padding: Padding2d;
  readonly y: Recorded;
  readonly dx: Recorded;
  readonly dFilter: Recorded;
}

describe("conv2d", () => {
  test.each(load<ConvolutionCase>("conv2d"))("$name", (golden) => {
    const { strides, padding, dilations, groups } = golden;
    const [x, filter] = [drawn(golden.x, 1), drawn(golden.filter, 2)];
    const y = build("conv2d", [x, filter], { strides, padding, dilations, groups });
    expectGolden(y, golden.y, 3, [
      [x, golden.dx],
      [filter, golden.dFilter],
    ]);
  });
});

interface PoolCase {
  readonly name: string;
  readonly kind: "max" | "average";
  readonly x: Shape;
  readonly poolSize: Size2d;
  readonly strides: Size2d;
  readonly padding: Size2d;
  readonly ceilMode: boolean;
  readonly countPadding: boolean;
  readonly y: Recorded;
  readonly dx: Recorded;
}

describe("pool2d", () => {
  test.each(load<PoolCase>("pool2d"))("$kind $name", (golden) => {
    const { kind, x: shape, poolSize, strides, padding, ceilMode, countPadding } = golden;
    const output = (axis: 0 | 1) =>
      poolOutputSize(shape[axis + 1], poolSize[axis], strides[axis], padding[axis], padding[axis], ceilMode);
    const attributes = {
      poolSize,
      strides,
      padding: { top: padding[0], bottom: padding[0], left: padding[1], right: padding[1] },
      outputSize: [output(0), output(1)],
    } as const;
    const x = drawn(shape, 4);
    const y =
      kind === "max"
        ? build("maxPool2d", [x], attributes)
        : build("averagePool2d", [x], { ...attributes, countPadding });
    expectGolden(y, golden.y, 5, [[x, golden.dx]]);
  });
});

interface AdaptivePoolCase {
  readonly name: string;
  readonly x: Shape;
  readonly outputSize: Size2d;
  readonly y: Recorded;
  readonly dx: Recorded;
}

describe("adaptiveAveragePool2d", () => {
  test.each(load<AdaptivePoolCase>("adaptive-pool2d"))("$name", ({ x: shape, outputSize, y, dx }) => {
    const x = drawn(shape, 4);
    expectGolden(build("adaptiveAveragePool2d", [x], { outputSize }), y, 5, [[x, dx]]);
  });
});

interface Statistics {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

interface BatchNormCase {
  readonly name: string;
  readonly x: Shape;
  readonly training: boolean;
  readonly momentum: number;
  readonly epsilon: number;
  readonly before: Statistics;
  readonly after: Statistics;
  readonly y: Recorded;
  readonly dx: Recorded;
  readonly dGamma: Recorded;
  readonly dBeta: Recorded;
}

describe("batch normalization", () => {
  test.each(load<BatchNormCase>("batch-norm"))("$name", (golden) => {
    const { training, momentum, epsilon, before, after } = golden;
    const channels = golden.x[3];
    const [x, gamma, beta] = [drawn(golden.x, 6), drawn([channels], 7), drawn([channels], 8)];
    const running = leaf([2, channels], [...before.mean, ...before.variance]);
    const moments = training ? build("batchMoments", [x], {}) : running;
    const y = build("batchNormalize", [x, moments, gamma, beta], { epsilon });
    expectGolden(y, golden.y, 11, [
      [x, golden.dx],
      [gamma, golden.dGamma],
      [beta, golden.dBeta],
    ]);
    // PyTorch averages the unbiased variance; ours is the biased one, as Keras has it.
    const count = sizeOf(golden.x) / channels;
    const state = Float64Array.of(...before.mean, ...before.variance);
    const [batch] = evaluate([moments], values);
    const unbiased = batch.map((value, i) => (i < channels ? value : (value * count) / (count - 1)));
    const average = { momentum: training ? 1 - momentum : 1 };
    updateTable.movingAverage.reference(average, state, unbiased, [], new Float64Array());
    expect(state).toBeCloseToTensor([...after.mean, ...after.variance], { absolute: 1e-11 });
  });
});

interface ActivationCase {
  readonly name: string;
  readonly op:
    | "gelu"
    | "sigmoid"
    | "tanh"
    | "relu"
    | "softmax"
    | "clip"
    | "leakyRelu"
    | "hardSwish"
    | "logSoftmax";
  readonly attributes: OpAttributes["gelu"] &
    OpAttributes["relu"] &
    OpAttributes["clip"] &
    OpAttributes["leakyRelu"];
  readonly scale: number;
  readonly y: Recorded;
  readonly dx: Recorded;
}

describe("activations", () => {
  test.each(load<ActivationCase>("activations"))("$name", ({ op, attributes, scale, y, dx }) => {
    const x = leaf(
      [6, 7],
      draw([6, 7], 12).map((value) => scale * value),
    );
    expectGolden(build(op, [x], attributes), y, 13, [[x, dx]]);
  });
});

interface LocalResponseCase {
  readonly name: string;
  readonly x: Shape;
  readonly attributes: LocalResponseAttributes;
  readonly y: Recorded;
  readonly dx: Recorded;
}

describe("localResponseNormalization", () => {
  test.each(load<LocalResponseCase>("local-response"))("$name", ({ x: shape, attributes, y, dx }) => {
    const x = leaf(
      shape,
      draw(shape, 23).map((value) => 3 * value),
    );
    expectGolden(build("localResponseNormalization", [x], attributes), y, 24, [[x, dx]]);
  });
});

interface CrossEntropyCase {
  readonly name: string;
  readonly classes: number;
  readonly labelSmoothing: number;
  readonly targets: Recorded | null;
  readonly labels: readonly number[] | null;
  readonly loss: Recorded;
  readonly dLogits: Recorded;
}

describe("softmaxCrossEntropy", () => {
  test.each(load<CrossEntropyCase>("cross-entropy"))("$name", (golden) => {
    const shape = [7, golden.classes];
    const logits = leaf(
      shape,
      draw(shape, 14).map((value) => 5 * value),
    );
    const labels =
      golden.targets === null ? leaf([7], golden.labels ?? [], "int32") : leaf(shape, golden.targets.values);
    const { labelSmoothing } = golden;
    const loss = build("softmaxCrossEntropy", [logits, labels], { labelSmoothing });
    expectGolden(loss, golden.loss, 16, [[logits, golden.dLogits]]);
  });
});

interface WarpCase {
  readonly name: string;
  readonly map: readonly number[];
  readonly size: readonly [number, number];
  readonly values: readonly number[];
}

describe("warpImages", () => {
  const text = readFileSync(new URL("./golden/warp-images.json", import.meta.url), "utf8");
  const { cases, inputs, shape } = JSON.parse(text) as Golden<WarpCase> & { readonly shape: Shape };

  test.each(cases)("grid_sample: $name", ({ map, size, values: expected }) => {
    expect(inputs).toBe("(7919 i + 331 seed) mod 251 for element i in row-major order");
    const bytes = Float64Array.from({ length: sizeOf(shape) }, (_, i) => (7919 * i + 331) % 251);
    const record = Float64Array.from(plainWarpRecord());
    record.set(map, warpParts.map);
    const attributes = { outputSize: size, scale: 1, offset: 0, fill: 0 };
    const operands = [
      leaf([1, ...shape], bytes, "uint8"),
      leaf([1], [0], "int32"),
      leaf([1, record.length], record),
    ];
    const y = build("warpImages", operands, attributes);
    expectValue(y, { shape: [1, ...size, shape[2]], values: expected }, 1e-7);
  });
});

interface OptimizerCase {
  readonly name: string;
  readonly update: "sgd" | "momentum" | "adam" | "rmsprop";
  readonly attributes: UpdateAttributes["momentum"] & UpdateAttributes["adam"] & UpdateAttributes["rmsprop"];
  readonly rate: number;
  /** After each of five steps. */
  readonly weights: readonly (readonly number[])[];
}

describe("optimizers", () => {
  test.each(load<OptimizerCase>("optimizers"))("$name", ({ update, attributes, rate, weights }) => {
    const rule = updateTable[update] as UpdateRule<OptimizerCase["update"]>;
    const variable = draw([9], 17);
    const slots = rule.slots.map(() => new Float64Array(9));
    weights.forEach((expected, step) => {
      const correction = (beta: number) => 1 / (1 - beta ** (step + 1));
      const hyper = Float64Array.of(rate, correction(attributes.beta1), correction(attributes.beta2));
      rule.reference(attributes, variable, draw([9], 18 + step), slots, hyper);
      expect(variable, `step ${step}`).toBeCloseToTensor(expected, { absolute: 1e-11 });
    });
  });
});
