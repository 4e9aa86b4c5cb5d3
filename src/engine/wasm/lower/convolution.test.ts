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
}

const even = (size: number): Padding2d => ({ top: size, bottom: size, left: size, right: size });

/** A fused 3 x 3 convolution with bias and relu, and both of the convolution's gradients. */
function convolutionGraph({ x: shape, outputs, padding }: Case): Graph {
  const build = createBuild();
  const input = (name: string, of: readonly number[]) =>
    build("input", [], { name, shape: of, dtype: "float32" });
  const attributes = { strides: [1, 1], padding, dilations: [1, 1], groups: 1 } as const;
  const x = input("x", shape);
  const filter = input("filter", [3, 3, shape[3], outputs]);
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
  const dy = [images, height + top + bottom - 2, width + left + right - 2, of.outputs];
  const feeds = {
    x: noise(of.x, 1),
    filter: noise([3, 3, channels, of.outputs], 2),
    bias: noise([of.outputs], 3),
    dy: noise(dy, 4),
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
