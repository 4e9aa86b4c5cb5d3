import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isKind, type Node, type Padding2d, type Size2d } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import type { Engine, Fetches } from "../../engine.ts";
import { evaluate } from "../../reference/index.ts";
import { createWasmEngine } from "../index.ts";
import { lowerConvolution, lowerInputGradient } from "./convolution.ts";
import type { LoweringContext } from "./lowering.ts";
import type { Epilogue } from "./riders.ts";
import { lower } from "./table.ts";

const build = createBuild();
const random = new RandomStream(11);
const values = new Map<Node, Float64Array>();
let inputs = 0;

/** A float32 operand with values between -1 and 1. */
function operand(shape: Shape): Node {
  const leaf = build("input", [], { name: `x${inputs++}`, shape, dtype: "float32" });
  values.set(
    leaf,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * random.uniform() - 1)),
  );
  return leaf;
}

function nameOf(leaf: Node): string {
  if (!isKind(leaf, "input")) throw new Error(`a ${leaf.kind} has no name`);
  return leaf.attributes.name;
}

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly filter: Size2d;
  readonly outputs: number;
  readonly strides?: Size2d;
  /** Top, bottom, left, right. */
  readonly padding?: readonly [number, number, number, number];
  readonly dilations?: Size2d;
  readonly groups?: number;
}

/** A convolution's operands, what it is computed from, and the gradient that comes back to it. */
function convolutionOf(of: Case) {
  const { x: shape, filter: size, outputs, strides = [1, 1], dilations = [1, 1], groups = 1 } = of;
  const [top, bottom, left, right] = of.padding ?? [0, 0, 0, 0];
  const padding: Padding2d = { top, bottom, left, right };
  const attributes = { strides, padding, dilations, groups };
  const x = operand(shape);
  const filter = operand([...size, shape[3] / groups, outputs]);
  const y = build("conv2d", [x, filter], attributes);
  const dy = operand(y.shape);
  const dx = build("conv2dInputGradient", [dy, filter], { ...attributes, inputShape: shape });
  const dFilter = build("conv2dFilterGradient", [x, dy], { ...attributes, filterShape: filter.shape });
  return { y, dx, dFilter };
}

/** A node with a bias, a residual, a rectifier and a mask, and what says so to its lowering. */
function ridersOn(node: Node): { readonly riding: Node; readonly epilogue: Epilogue } {
  const [bias, residual, mask] = [operand([node.shape[3]]), operand(node.shape), operand(node.shape)];
  const sum = build("add", [build("add", [node, bias], {}), residual], {});
  const riding = build("reluGradient", [mask, build("relu", [sum], {})], {});
  return { riding, epilogue: { bias, residual, rectify: true, mask, target: riding } };
}

/** All builds against the reference; builds with a fused multiply-add, and chunks in any order, give the same bits. */
function expectReference(target: Node, expression: Node, emit: (context: LoweringContext) => void) {
  const [expected] = evaluate([expression], values);
  const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const fused = new Map<string, number[]>();
  for (const variant of variants) {
    const compute = (reversed: boolean) => [...runLowering(emit, values, [target], { variant, reversed })[0]];
    const result = compute(false);
    expect(result).toBeCloseToTensor(expected, { absolute: 2e-6 * greatest, relative: 1e-5 });
    expect(compute(true)).toEqual(result);
    if (variant !== "plain") fused.set(variant, result);
  }
  const [first, ...others] = fused.values();
  for (const other of others) expect(other).toEqual(first);
}

const cases: readonly (readonly [string, Case])[] = [
  // Input gradients in phases.
  [
    "3x3 with stride 2",
    { x: [2, 13, 14, 9], filter: [3, 3], outputs: 21, strides: [2, 2], padding: [1, 1, 1, 1] },
  ],
  [
    "1x1 with stride 2: phases without taps",
    { x: [3, 9, 10, 18], filter: [1, 1], outputs: 7, strides: [2, 2] },
  ],
  [
    "1x1 with stride 2 and padding",
    { x: [1, 8, 7, 3], filter: [1, 1], outputs: 5, strides: [2, 2], padding: [1, 1, 1, 1] },
  ],
  [
    "strides that differ",
    { x: [2, 12, 11, 5], filter: [4, 3], outputs: 6, strides: [3, 2], padding: [2, 1, 0, 1] },
  ],
  ["a stride beyond the filter", { x: [2, 11, 9, 4], filter: [2, 2], outputs: 3, strides: [3, 4] }],
  ["a stride beyond the image", { x: [1, 2, 3, 4], filter: [2, 3], outputs: 5, strides: [5, 4] }],
  ["rows that no output sees", { x: [2, 10, 12, 3], filter: [3, 3], outputs: 4, strides: [4, 4] }],
  [
    "dilation and stride",
    {
      x: [2, 15, 13, 5],
      filter: [3, 2],
      outputs: 8,
      strides: [2, 3],
      dilations: [3, 2],
      padding: [1, 2, 3, 0],
    },
  ],
  [
    "dilation and stride with a common divisor",
    {
      x: [2, 15, 13, 5],
      filter: [3, 3],
      outputs: 8,
      strides: [2, 2],
      dilations: [2, 2],
      padding: [1, 1, 1, 1],
    },
  ],
  [
    "groups with stride 2",
    { x: [2, 9, 9, 12], filter: [3, 3], outputs: 18, strides: [2, 2], groups: 3, padding: [1, 1, 1, 1] },
  ],
  // First layers.
  [
    "7x7 with stride 2 on 3 channels",
    { x: [1, 20, 22, 3], filter: [7, 7], outputs: 34, strides: [2, 2], padding: [3, 3, 3, 3] },
  ],
  [
    "11x11 with stride 4 on 3 channels",
    { x: [1, 31, 27, 3], filter: [11, 11], outputs: 16, strides: [4, 4], padding: [2, 2, 2, 2] },
  ],
  ["3x3 on 3 channels", { x: [2, 17, 13, 3], filter: [3, 3], outputs: 24, padding: [1, 1, 1, 1] }],
  ["3x3 on one channel", { x: [3, 12, 12, 1], filter: [3, 3], outputs: 32 }],
  // Few channels on both sides.
  ["5x5 from 1 channel to 6", { x: [2, 28, 28, 1], filter: [5, 5], outputs: 6, padding: [2, 2, 2, 2] }],
  ["5x5 from 6 channels to 16", { x: [3, 14, 14, 6], filter: [5, 5], outputs: 16 }],
  [
    "2 outputs from 70 channels: no planes",
    { x: [1, 8, 9, 70], filter: [3, 3], outputs: 2, padding: [1, 1, 1, 1] },
  ],
  [
    "6 outputs from 9 channels, wide",
    { x: [2, 9, 43, 9], filter: [3, 5], outputs: 6, padding: [1, 1, 2, 2] },
  ],
  [
    "5 outputs, kernel rows beyond the image",
    { x: [2, 3, 20, 5], filter: [5, 3], outputs: 5, padding: [3, 2, 0, 4] },
  ],
  [
    "1 output, dilated, in several bands",
    { x: [1, 41, 26, 2], filter: [3, 3], outputs: 1, dilations: [3, 2], padding: [3, 3, 1, 2] },
  ],
  ["2 outputs of a convolution without padding", { x: [3, 13, 13, 4], filter: [4, 4], outputs: 2 }],
  // The same, of images enough to lie abreast.
  [
    "5x5 from 1 channel to 6, 16 images",
    { x: [16, 8, 7, 1], filter: [5, 5], outputs: 6, padding: [2, 2, 2, 2] },
  ],
  ["5x5 from 6 channels to 16, 19 images", { x: [19, 10, 11, 6], filter: [5, 5], outputs: 16 }],
  [
    "5 outputs, kernel rows and columns beyond 33 images",
    { x: [33, 3, 7, 5], filter: [5, 9], outputs: 5, padding: [3, 2, 4, 6] },
  ],
  [
    "1 output, dilated, from 17 images",
    { x: [17, 9, 11, 2], filter: [3, 3], outputs: 1, dilations: [3, 2], padding: [3, 3, 1, 2] },
  ],
  // Depthwise.
  ["3x3, depthwise", { x: [2, 13, 11, 20], filter: [3, 3], outputs: 20, groups: 20, padding: [1, 1, 1, 1] }],
  [
    "3x3, depthwise, stride 2",
    { x: [2, 12, 13, 37], filter: [3, 3], outputs: 37, groups: 37, strides: [2, 2], padding: [1, 1, 1, 1] },
  ],
  ["5x5, depthwise, no padding", { x: [1, 9, 31, 16], filter: [5, 5], outputs: 16, groups: 16 }],
  [
    "5x4, depthwise, dilated, strides that differ",
    {
      x: [2, 17, 19, 6],
      filter: [5, 4],
      outputs: 6,
      groups: 6,
      strides: [2, 3],
      dilations: [2, 2],
      padding: [4, 3, 0, 5],
    },
  ],
  [
    "1x1, depthwise, stride 3: phases without taps",
    { x: [3, 8, 7, 3], filter: [1, 1], outputs: 3, groups: 3, strides: [3, 3] },
  ],
  [
    "3x3, depthwise, in several bands",
    { x: [1, 47, 43, 9], filter: [3, 3], outputs: 9, groups: 9, padding: [0, 2, 2, 0] },
  ],
  [
    "depthwise, two filters a channel, stride 2",
    { x: [2, 11, 12, 13], filter: [3, 3], outputs: 26, groups: 13, strides: [2, 2], padding: [1, 1, 1, 1] },
  ],
  [
    "depthwise, four filters a channel",
    { x: [1, 9, 8, 5], filter: [3, 2], outputs: 20, groups: 5, padding: [0, 1, 1, 0] },
  ],
  ["groups of two", { x: [2, 8, 9, 22], filter: [3, 3], outputs: 22, groups: 11, padding: [1, 1, 1, 1] }],
  [
    "groups of three to one",
    { x: [2, 8, 9, 12], filter: [3, 3], outputs: 4, groups: 4, dilations: [2, 1], strides: [1, 2] },
  ],
  // More than one block of k, of columns, and of rows; parts of all tiles.
  ["many channels", { x: [1, 9, 10, 70], filter: [2, 2], outputs: 150, padding: [0, 1, 1, 0] }],
  [
    "a dilated kernel",
    { x: [2, 10, 14, 7], filter: [3, 3], outputs: 11, dilations: [2, 3], padding: [2, 2, 3, 3] },
  ],
  ["a kernel larger than the image", { x: [2, 3, 2, 2], filter: [5, 4], outputs: 3, padding: [2, 2, 2, 1] }],
  ["no padding, in groups", { x: [2, 7, 8, 8], filter: [3, 2], outputs: 40, groups: 2 }],
  [
    "groups of one channel, multiplied",
    { x: [2, 9, 11, 5], filter: [3, 3], outputs: 15, groups: 5, padding: [1, 1, 1, 1] },
  ],
];

describe.each(cases)("convolution kernels: %s", (_, of) => {
  const { y, dx, dFilter } = convolutionOf(of);

  test("the input gradient, alone and with all that rides on it", () => {
    expectReference(dx, dx, (context) => lower(dx, context));
    const { riding, epilogue } = ridersOn(dx);
    expectReference(riding, riding, (context) => lowerInputGradient(dx, epilogue, context));
  });

  test("the filter gradient", () => expectReference(dFilter, dFilter, (context) => lower(dFilter, context)));

  test("the convolution, alone and with all that rides on it", () => {
    expectReference(y, y, (context) => lower(y, context));
    const { riding, epilogue } = ridersOn(y);
    expectReference(riding, riding, (context) => lowerConvolution(y, epilogue, context));
  });
});

describe("convolutions on teams", () => {
  const engines: Engine[] = [];
  beforeAll(async () => {
    for (const threads of [1, 2, 5]) engines.push(await createWasmEngine({ threads }));
    engines.push(await createWasmEngine({ threads: 2, precision: "exact" }));
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  /** All three values of a convolution, with its operands as inputs. */
  async function compute(engine: Engine, outputs: Record<string, Node>): Promise<Fetches> {
    const used = [...values.keys()].filter((leaf) =>
      Object.values(outputs).some(({ inputs: operands }) => operands.includes(leaf)),
    );
    const feeds = Object.fromEntries(
      used.map((leaf) => [nameOf(leaf), Tensor.from([...(values.get(leaf) ?? [])], leaf.shape)]),
    );
    const session = await engine.openSession();
    const program = await session.compile({ outputs, updates: [] });
    const [fetched] = await program.run([feeds]);
    await session.close();
    return fetched;
  }

  test.each(cases)("the same bits from 1, 2 and 5 threads: %s", async (_, of) => {
    const outputs = convolutionOf(of);
    const [single, ...others] = await Promise.all(engines.map((engine) => compute(engine, outputs)));
    const exact = others.pop();
    for (const other of others) expect(other).toEqual(single);
    for (const [name, node] of Object.entries(outputs)) {
      const [expected] = evaluate([node], values);
      const greatest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      expect(exact?.[name].data).toBeCloseToTensor(expected, { absolute: 2e-6 * greatest, relative: 1e-5 });
    }
  });
});
