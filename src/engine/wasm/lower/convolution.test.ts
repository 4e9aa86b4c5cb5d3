import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Graph, Padding2d } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import { sizeOf, Tensor } from "../../../tensor/index.ts";
import type { Engine, Fetches, Plan } from "../../engine.ts";
import { createReferenceEngine } from "../../reference/index.ts";
import { createWasmEngine } from "../index.ts";

/** Numbers in [-0.5, 0.5] that look random. */
const noise = (shape: readonly number[], seed: number) =>
  Tensor.from(
    Array.from({ length: sizeOf(shape) }, (_, index) => {
      const value = Math.sin((index + 1) * 12.9898 + seed * 78.233) * 43758.5453;
      return value - Math.floor(value) - 0.5;
    }),
    shape,
  );

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly outputs: number;
  readonly padding: Padding2d;
  /** Height and width of the filter; 3 where it is not given. */
  readonly size?: number;
  /** 1 where it is not given. */
  readonly strides?: readonly [number, number];
}

const even = (size: number): Padding2d => ({ top: size, bottom: size, left: size, right: size });

/** A fused convolution with bias and relu, and both of the convolution's gradients. */
function convolutionGraph({ x: shape, outputs, padding, size = 3, strides = [1, 1] }: Case): Graph {
  const build = createBuild();
  const input = (name: string, of: readonly number[]) =>
    build("input", [], { name, shape: of, dtype: "float32" });
  const attributes = { strides, padding, dilations: [1, 1], groups: 1 } as const;
  const x = input("x", shape);
  const filter = input("filter", [size, size, shape[3], outputs]);
  const y = build("conv2d", [x, filter], attributes);
  const biased = build("add", [build("conv2d", [x, filter], attributes), input("bias", [outputs])], {});
  const dy = input("dy", y.shape);
  return {
    outputs: {
      fused: build("relu", [biased], {}),
      dx: build("conv2dInputGradient", [dy, filter], { ...attributes, inputShape: shape }),
      dFilter: build("conv2dFilterGradient", [x, dy], { ...attributes, filterShape: filter.shape }),
    },
    updates: [],
  };
}

async function compute(engine: Engine, of: Case): Promise<{ readonly result: Fetches; readonly plan: Plan }> {
  const session = await engine.openSession();
  const program = await session.compile(convolutionGraph(of));
  const [images, height, width, channels] = of.x;
  const { top, bottom, left, right } = of.padding;
  const { size = 3, strides = [1, 1] } = of;
  const outputs = (length: number, stride: number) => Math.floor((length - size) / stride) + 1;
  const rows = outputs(height + top + bottom, strides[0]);
  const columns = outputs(width + left + right, strides[1]);
  const feeds = {
    x: noise(of.x, 1),
    filter: noise([size, size, channels, of.outputs], 2),
    bias: noise([of.outputs], 3),
    dy: noise([images, rows, columns, of.outputs], 4),
  };
  const [result] = await program.run([feeds]);
  await session.close();
  return { result, plan: program.plan };
}

describe("Winograd convolution", () => {
  const engines: { reference?: Engine; fast?: Engine; single?: Engine; exact?: Engine } = {};
  beforeAll(async () => {
    engines.reference = createReferenceEngine();
    engines.fast = await createWasmEngine({ threads: 2 });
    engines.single = await createWasmEngine({ threads: 1 });
    engines.exact = await createWasmEngine({ threads: 2, precision: "exact" });
  });
  afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.close())));
  const engine = (name: keyof typeof engines): Engine => {
    const made = engines[name];
    if (made === undefined) throw new Error("engines are made before the first test");
    return made;
  };

  const cases: readonly (readonly [string, Case])[] = [
    ["whole tiles", { x: [2, 8, 8, 16], outputs: 16, padding: even(1) }],
    ["parts of tiles and no padding", { x: [5, 13, 13, 32], outputs: 64, padding: even(0) }],
    ["channels that do not fill a vector", { x: [3, 11, 14, 19], outputs: 21, padding: even(1) }],
    ["uneven padding", { x: [1, 12, 9, 17], outputs: 16, padding: { top: 0, bottom: 2, left: 2, right: 1 } }],
    ["many channels", { x: [1, 8, 8, 130], outputs: 72, padding: even(1) }],
  ];

  it.each(cases)("agrees with the reference: %s", async (_, of) => {
    const expected = (await compute(engine("reference"), of)).result;
    const { result, plan } = await compute(engine("fast"), of);
    expect(
      plan.operations.filter(({ algorithm }) => algorithm.startsWith("Winograd")).length,
    ).toBeGreaterThan(0);
    for (const [name, { data }] of Object.entries(result)) {
      // Each result sums products of numbers up to 0.5; the transforms cost about four bits of a float's 24.
      const greatest = Math.max(...expected[name].data.map(Math.abs));
      const errors = data.map((value, index) => Math.abs(value - expected[name].data[index]));
      expect(Math.max(...errors) / greatest, name).toBeLessThan(1e-5);
    }
  });

  it.each(cases)("gives the same bits with one thread and with two: %s", async (_, of) => {
    const one = await compute(engine("single"), of);
    const two = await compute(engine("fast"), of);
    expect(two.result).toEqual(one.result);
  });

  it("is not used for exact results", async () => {
    const { plan } = await compute(engine("exact"), cases[0][1]);
    expect(plan.operations.some(({ algorithm }) => algorithm.startsWith("Winograd"))).toBe(false);
  });
});

describe("pointwise convolution with a stride", () => {
  const cases: readonly (readonly [string, Case])[] = [
    ["ends on a pixel seen", { x: [2, 7, 9, 24], outputs: 40, padding: even(0), size: 1, strides: [2, 2] }],
    ["ends behind it, uneven", { x: [3, 9, 8, 19], outputs: 33, padding: even(0), size: 1, strides: [3, 2] }],
  ];

  it.each(cases)("is a product of the pixels that it sees, on one thread and two: %s", async (_, of) => {
    const expected = (await compute(createReferenceEngine(), of)).result;
    const bits: Fetches[] = [];
    for (const threads of [1, 2]) {
      const engine = await createWasmEngine({ threads });
      const { result, plan } = await compute(engine, of);
      await engine.close();
      bits.push(result);
      const seen = plan.operations.filter(({ algorithm }) => algorithm.endsWith("of the pixels seen"));
      expect(new Set(seen.flatMap(({ computes }) => computes))).toEqual(
        new Set(["conv2d", "add", "relu", "conv2dFilterGradient"]),
      );
      for (const [name, { data }] of Object.entries(result)) {
        const errors = data.map((value, index) => Math.abs(value - expected[name].data[index]));
        expect(Math.max(...errors), name).toBeLessThan(1e-5);
      }
    }
    expect(bits[1]).toEqual(bits[0]);
  });

  it("reads a few outputs' pixels where they lie: a copy would take longer", async () => {
    const engine = await createWasmEngine({ threads: 1 });
    const { plan } = await compute(engine, { ...cases[0][1], outputs: 16 });
    await engine.close();
    expect(plan.operations.some(({ kernel }) => kernel === "copy")).toBe(false);
  });
});
