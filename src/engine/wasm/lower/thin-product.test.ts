import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Node, topologicalOrder } from "../../../graph/index.ts";
import { type Build, createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import { evaluate } from "../../reference/index.ts";
import { createWasmEngine, type WasmEngine } from "../index.ts";
import { lowerProduct } from "./matrix.ts";

const build: Build = createBuild();
const input = (name: string, shape: Shape) => build("input", [], { name, shape, dtype: "float32" });

function valuesFor(nodes: readonly Node[], seed: number): Map<Node, Float64Array> {
  const random = new RandomStream(seed);
  const leaves = topologicalOrder(nodes).filter(({ kind }) => kind === "input");
  return new Map(
    leaves.map((leaf) => [
      leaf,
      Float64Array.from({ length: sizeOf(leaf.shape) }, () => Math.fround(random.normal())),
    ]),
  );
}

// Rows are even and odd; columns fill no vector, chunks exactly, and parts of several; sums are shorter than a vector,
// longer than a block of 1024, and end within the rows that are added together.
const sizes: readonly (readonly [m: number, n: number, k: number])[] = [
  [1, 1, 1],
  [1, 13, 7],
  [2, 64, 8],
  [3, 5, 2],
  [3, 130, 1029],
  [5, 1037, 33],
  [16, 75, 130],
  [24, 600, 41],
];

describe.each([
  ["rows", "thinRows", false],
  ["dots", "thinDots", true],
] as const)("thin matrix product by %s", (_, kernel, transposeB) => {
  test.each(sizes)(
    "[%d, N = %d] of %d terms is that of the reference in all builds, with all riders",
    (m, n, k) => {
      const [a, b] = [input("a", [m, k]), input("b", transposeB ? [n, k] : [k, n])];
      const product = build("matmul", [a, b], { transposeA: false, transposeB });
      const [bias, residual, mask] = [input("bias", [n]), input("residual", [m, n]), input("mask", [m, n])];
      const target = input("target", [m, n]);
      const leaves = valuesFor([product, bias, residual, mask], m + n + k);
      const [sums] = evaluate([product], leaves);
      const valuesOf = (node: Node) => leaves.get(node) ?? new Float64Array();
      const finished = sums.map((sum, index) => {
        const value = Math.max(0, sum + valuesOf(bias)[index % n] + valuesOf(residual)[index]);
        return valuesOf(mask)[index] > 0 ? value : 0;
      });
      const withRiders = { bias, residual, mask, rectify: true, target };
      const alone = { bias: null, rectify: false, target: product };
      for (const [epilogue, expected] of [
        [withRiders, finished],
        [alone, sums],
      ] as const) {
        const results = variants.map((variant) => {
          const kernels: string[] = [];
          const run = (reversed: boolean) =>
            runLowering(
              (context) =>
                lowerProduct(product, epilogue, {
                  ...context,
                  emit: (call) => {
                    kernels.push(call.kernel);
                    context.emit(call);
                  },
                }),
              leaves,
              [epilogue.target],
              { variant, reversed },
            )[0];
          const result = run(false);
          expect(kernels).toEqual([kernel]);
          expect([...result]).toBeCloseToTensor(expected, { absolute: 1e-5 * Math.sqrt(k), relative: 1e-5 });
          expect(run(true)).toEqual(result);
          return result;
        });
        // Measuring chooses among the builds with relaxed SIMD: their results are the same bits.
        const [, relaxed, ...others] = results;
        for (const other of others) expect(other).toEqual(relaxed);
      }
    },
  );
});

describe("dense layer on a small batch, in an engine", () => {
  const engines: WasmEngine[] = [];
  beforeAll(async () => {
    for (const threads of [1, 2, 5]) engines.push(await createWasmEngine({ threads }));
    engines.push(await createWasmEngine({ threads: 2, precision: "exact" }));
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.close())));

  test.each([
    [1, 300, 1000],
    [4, 257, 1030],
    [16, 90, 70],
  ])(
    "batch %d, %d -> %d: result and gradients, the same bits for any number of threads",
    async (batch, from, to) => {
      const [x, weight] = [input("x", [batch, from]), input("weight", [from, to])];
      const [bias, dy] = [input("bias", [to]), input("dy", [batch, to])];
      const product = build("matmul", [x, weight], { transposeA: false, transposeB: false });
      const outputs = {
        y: build("relu", [build("add", [product, bias], {})], {}),
        dx: build("matmul", [dy, weight], { transposeA: false, transposeB: true }),
        dWeight: build("matmul", [x, dy], { transposeA: true, transposeB: false }),
      };
      const leaves = valuesFor(Object.values(outputs), batch);
      const feeds = Object.fromEntries(
        [...leaves].map(([{ attributes, shape }, values]) => [
          "name" in attributes ? String(attributes.name) : "",
          Tensor.from([...values], shape),
        ]),
      );
      const expected = evaluate(Object.values(outputs), leaves);
      const results = await Promise.all(
        engines.map(async (engine) => {
          const session = await engine.openSession();
          const program = await session.compile({ outputs, updates: [] });
          const algorithms = program.plan.operations.flatMap(({ algorithm, computes }) =>
            computes.includes("matmul") ? [algorithm] : [],
          );
          expect(
            algorithms.filter((text) => text === "thin matrix product, weights read in place").length,
          ).toBe(2);
          const [result] = await program.run([feeds]);
          await session.close();
          return result;
        }),
      );
      for (const result of results) {
        Object.keys(outputs).forEach((name, index) => {
          expect(result[name].data).toBeCloseToTensor(expected[index], { absolute: 1e-4, relative: 1e-5 });
        });
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    },
  );
});
