import { describe, expect, test } from "vitest";
import type { Node, Pool2dAttributes, Size2d } from "../../../graph/index.ts";
import { createBuild, poolOutputSize, shiftOf } from "../../../ops/index.ts";
import { type DType, RandomStream, type Shape, sizeOf } from "../../../tensor/index.ts";
import { type RunOptions, runLowering, variants } from "../../../testing/run-lowering.ts";
import { evaluate } from "../../reference/index.ts";
import { lower } from "./table.ts";

const build = createBuild();
const random = new RandomStream(7);

/** A case's operands and their values. */
const values = new Map<Node, Float64Array>();
let inputs = 0;

function operand(shape: Shape, value: (index: number) => number, dtype: DType = "float32"): Node {
  const leaf = build("input", [], { name: `x${inputs++}`, shape, dtype });
  values.set(
    leaf,
    Float64Array.from({ length: sizeOf(shape) }, (_, index) => Math.fround(value(index))),
  );
  return leaf;
}

/** Between -2 and 2. */
const uniform = () => 4 * random.uniform() - 2;
/** Few different numbers, so that windows have ties. */
const coarse = () => random.integer(5) - 2;
/** The same with some NaN. */
const broken = () => (random.integer(7) === 0 ? Number.NaN : coarse());

function leavesOf(node: Node): Map<Node, Float64Array> {
  return new Map([...values].filter(([leaf]) => node.inputs.includes(leaf)));
}

function run(node: Node, options: RunOptions = {}): number[] {
  return [...runLowering((context) => lower(node, context), leavesOf(node), [node], options)[0]];
}

const exactly = { absolute: 0, relative: 0 };

/** Both builds of the kernels against the reference, chunks in both orders and in place. */
function expectReference(node: Node, closeness: { readonly absolute: number; readonly relative: number }) {
  const [expected] = evaluate([node], leavesOf(node));
  for (const variant of variants) {
    const result = run(node, { variant });
    expect(result).toBeCloseToTensor(expected, closeness);
    expect(run(node, { variant, reversed: true })).toBeCloseToTensor(result, exactly);
    expect(run(node, { variant, inPlace: true })).toBeCloseToTensor(result, exactly);
  }
}

const closely = { absolute: 3e-6, relative: 1e-6 };

function walkOf(
  [, height, width]: Shape,
  { poolSize, strides, padding, ceil }: { poolSize: Size2d; strides: Size2d; padding: Size2d; ceil: boolean },
): Pool2dAttributes {
  const [vertical, horizontal] = padding;
  return {
    poolSize,
    strides,
    padding: { top: vertical, bottom: vertical, left: horizontal, right: horizontal },
    outputSize: [
      poolOutputSize(height, poolSize[0], strides[0], vertical, vertical, ceil),
      poolOutputSize(width, poolSize[1], strides[1], horizontal, horizontal, ceil),
    ],
  };
}

/** Window, stride, padding of each axis; ceil mode. */
const walks = [
  { poolSize: [2, 2], strides: [2, 2], padding: [0, 0], ceil: false },
  { poolSize: [2, 2], strides: [2, 2], padding: [0, 0], ceil: true },
  { poolSize: [2, 2], strides: [1, 1], padding: [1, 1], ceil: false },
  { poolSize: [3, 2], strides: [3, 2], padding: [0, 0], ceil: false },
  { poolSize: [3, 3], strides: [2, 2], padding: [1, 1], ceil: false },
  { poolSize: [3, 3], strides: [2, 2], padding: [1, 1], ceil: true },
  { poolSize: [2, 5], strides: [4, 3], padding: [1, 2], ceil: true },
  { poolSize: [11, 10], strides: [1, 1], padding: [0, 0], ceil: false },
  { poolSize: [1, 1], strides: [2, 3], padding: [0, 0], ceil: false },
] as const;
const channelCounts = [1, 2, 3, 4, 6, 16, 21] as const;

describe.each(walks)("pools of $poolSize by $strides, padding $padding, ceil $ceil", (walk) => {
  test.each(channelCounts)("%i channels", (channels) => {
    const shape = [9, 11, 10, channels];
    const attributes = walkOf(shape, walk);
    const outputShape = [9, ...attributes.outputSize, channels];
    for (const value of [coarse, broken]) {
      const x = operand(shape, value);
      const y = build("maxPool2d", [x], attributes);
      expectReference(y, exactly);
      const maxima = evaluate([y], leavesOf(y))[0];
      const dy = operand(outputShape, uniform);
      const greatest = operand(outputShape, (index) => maxima[index]);
      expectReference(build("maxPool2dGradient", [x, greatest, dy], attributes), closely);
    }
    for (const countPadding of [true, false]) {
      const mean = { ...attributes, countPadding };
      expectReference(build("averagePool2d", [operand(shape, broken)], mean), closely);
      const dy = operand(outputShape, uniform);
      expectReference(build("averagePool2dGradient", [dy], { ...mean, inputShape: shape }), closely);
    }
  });
});

test("a maximum of infinities is one, and a maximum of -infinity gets its gradient", () => {
  const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high } = Number;
  const attributes = walkOf([1, 2, 4, 1], walks[0]);
  const x = operand([1, 2, 4, 1], (index) => [low, low, 1, high, low, low, high, low][index]);
  expect(run(build("maxPool2d", [x], attributes))).toEqual([low, high]);
  const y = operand([1, 1, 2, 1], (index) => [low, high][index]);
  const dy = operand([1, 1, 2, 1], (index) => [3, 4][index]);
  expect(run(build("maxPool2dGradient", [x, y, dy], attributes))).toEqual([3, 0, 0, 4, 0, 0, 0, 0]);
});

describe("batch normalization", () => {
  const epsilon = 1e-3;
  const shapes: readonly Shape[] = [
    [40003, 1],
    [64, 28, 28, 1],
    [4001, 3],
    [2, 100, 101, 6],
    [37, 13, 7],
    [16, 28, 28, 10],
    [129, 16],
    [700, 65],
    [5, 7, 7, 301],
    [1, 5],
    [3, 2],
  ];

  test.each(shapes.map((shape) => [shape.join("x"), shape] as const))("of %s", (_, shape) => {
    const channels = shape[shape.length - 1];
    const x = operand(shape, (index) => uniform() * (1 + (index % channels) / channels) + (index % channels));
    const expectation = { absolute: 1e-4, relative: 1e-5 };
    expectReference(build("batchMoments", [x], {}), { absolute: 1e-6 * channels, relative: 3e-6 });
    const [moments] = evaluate([build("batchMoments", [x], {})], values);
    const stats = operand([2, channels], (index) => moments[index]);
    const gamma = operand([channels], uniform);
    const beta = operand([channels], uniform);
    const dy = operand(shape, uniform);
    const pair = operand([2, channels], uniform);
    expectReference(build("batchMomentsGradient", [x, stats, pair], {}), closely);
    expectReference(build("batchNormalize", [x, stats, gamma, beta], { epsilon }), expectation);
    const sums = build("batchNormalizeReduce", [x, stats, dy], { epsilon });
    // A sum's rounding errors grow with what it adds up, not with what comes out.
    const terms = (2 * sizeOf(shape)) / channels;
    expectReference(sums, { absolute: 1e-6 * terms, relative: 1e-6 });
    expectReference(build("batchNormalizeInputGradient", [dy, stats, gamma], { epsilon }), expectation);
    const dMoments = build("batchNormalizeMomentsGradient", [stats, gamma, pair], { epsilon });
    expectReference(dMoments, { absolute: 1e-5, relative: 1e-5 });
  });

  test("the variance of values far from 0 is as sound as float32 lets them be", () => {
    // Multiples of 1/4 around a million are float32 numbers: what is lost is lost by the kernels.
    const x = operand([50000, 6], () => 1e6 + random.integer(16) / 4);
    const node = build("batchMoments", [x], {});
    const [expected] = evaluate([node], values);
    const result = run(node);
    expect(result.slice(6)).toBeCloseToTensor(expected.slice(6), { relative: 1e-5 });
    expect(result.slice(0, 6)).toBeCloseToTensor(expected.slice(0, 6), { relative: 1e-7 });
  });

  test("values that are all the same have variance 0, and NaN stays in its channel", () => {
    const x = operand([3001, 5], (index) => (index === 5 * 2000 + 3 ? Number.NaN : (index % 5) / 3));
    const result = run(build("batchMoments", [x], {}));
    expect(result.slice(5)).toEqual([0, 0, 0, Number.NaN, 0]);
    expect(result.slice(0, 5)).toEqual([0, 1, 2, Number.NaN, 4].map((c) => Math.fround(c / 3)));
  });
});

describe("resident examples", () => {
  const key = [0xdeadbeef, 123456789] as const;

  /** 300 images and a batch of 83 of them. */
  function loadOf(image: Shape, shift: number) {
    const images = operand([300, ...image], () => random.integer(256), "uint8");
    const indices = operand([83], () => random.integer(300), "int32");
    const keyLeaf = operand([2], () => 0, "uint32");
    values.set(keyLeaf, Float64Array.from(key));
    return build("loadImages", [images, indices, keyLeaf], { scale: 1 / 64, offset: -1.5, shift });
  }

  test.each([
    [28, 28, 1],
    [7, 5, 3],
    [9, 31, 6],
    [1, 1, 1],
  ])("images of %ix%ix%i, still and moved", (...image) => {
    for (const shift of [0, 1, 3, 40]) expectReference(loadOf(image, shift), { absolute: 1e-6, relative: 0 });
  });

  test("moves reach both ends of their range", () => {
    const moves = Array.from({ length: 200 }, (_, index) => shiftOf(key, index, 2));
    expect([...new Set(moves.map(({ dx }) => dx))].sort()).toEqual([-1, -2, 0, 1, 2]);
    expect([...new Set(moves.map(({ dy }) => dy))].sort()).toEqual([-1, -2, 0, 1, 2]);
  });

  test.each([[[]], [[3]], [[7, 5]], [[500]], [[20000]]])("rows of shape %j", (row) => {
    const rows = operand([7, ...row], uniform);
    const indices = operand([23], () => random.integer(7), "int32");
    expectReference(build("loadRows", [rows, indices], {}), exactly);
  });

  test("labels, in several chunks", () => {
    const labels = operand([300], () => random.integer(1000), "int32");
    const indices = operand([20001], () => random.integer(300), "int32");
    expectReference(build("loadLabels", [labels, indices], {}), exactly);
  });

  test("an index outside the dataset reads nothing: its image is NaN, its label -1", () => {
    const images = operand([2, 2, 2, 1], () => 64, "uint8");
    const indices = operand([4], (index) => [1, -1, 2, 0][index], "int32");
    const keyLeaf = operand([2], () => 0, "uint32");
    const node = build("loadImages", [images, indices, keyLeaf], { scale: 1 / 64, offset: 0, shift: 0 });
    const nothing = Array<number>(8).fill(Number.NaN);
    expect(run(node)).toEqual([1, 1, 1, 1, ...nothing, 1, 1, 1, 1]);
    const rows = operand([2, 3], (index) => index);
    const missing = Array<number>(3).fill(Number.NaN);
    expect(run(build("loadRows", [rows, indices], {}))).toEqual([3, 4, 5, ...missing, ...missing, 0, 1, 2]);
    const labels = operand([2], (index) => index + 5, "int32");
    expect(run(build("loadLabels", [labels, indices], {}))).toEqual([6, -1, -1, 5]);
  });
});
