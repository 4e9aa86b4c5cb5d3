import { describe, expect, test } from "vitest";
import type { Node } from "../../../graph/index.ts";
import { type Build, createBuild } from "../../../ops/index.ts";
import { RandomStream, type Shape, sizeOf } from "../../../tensor/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import { evaluate } from "../../reference/index.ts";
import { emitProduct } from "./matrix.ts";

const build: Build = createBuild();
const input = (name: string, shape: Shape) => build("input", [], { name, shape, dtype: "float32" });

/** Normal numbers, of which a share is left and the others are zero, some of them negative. */
function draw({ shape }: Node, seed: number, share = 1): Float64Array {
  const random = new RandomStream(seed);
  return Float64Array.from({ length: sizeOf(shape) }, () => {
    const value = Math.fround(random.normal());
    return random.uniform() < share ? value : 0 * value;
  });
}

const exactly = { absolute: 0, relative: 0 };

describe("sparse matrix product", () => {
  // 27 rows and 301 terms fill no vector. 520 columns leave 40 over behind panels of 48 and of 96, 528 half a panel of 96.
  const [m, k] = [27, 301];
  test.each([
    [0, 520, false, false],
    [0.2, 520, false, false],
    [0.2, 528, false, true],
    [0.2, 528, true, false],
    [0.5, 600, true, true],
    [1, 520, true, false],
  ])(
    "with a share of %d left, %d columns, a transposed %s, b transposed %s: that of the reference in all builds",
    (share, n, transposeA, transposeB) => {
      const a = input("a", transposeA ? [k, m] : [m, k]);
      const b = input("b", transposeB ? [n, k] : [k, n]);
      const product = build("matmul", [a, b], { transposeA, transposeB });
      const [bias, residual, mask] = [input("bias", [n]), input("residual", [m, n]), input("mask", [m, n])];
      const leaves = new Map<Node, Float64Array>([
        [a, draw(a, 1, share)],
        ...[b, bias, residual, mask].map((leaf, index) => [leaf, draw(leaf, 2 + index)] as const),
      ]);
      const [sums] = evaluate([product], leaves);
      const valuesOf = (node: Node) => leaves.get(node) ?? new Float64Array();
      const finished = sums.map((sum, index) => {
        const value = Math.max(0, sum + valuesOf(bias)[index % n] + valuesOf(residual)[index]);
        const gate = valuesOf(mask)[index];
        return gate > 0 && gate < 1 ? Math.min(value, 1) : 0;
      });
      const results = variants.map((variant) => {
        const run = (sparse: boolean, withRiders: boolean, reversed: boolean) => {
          const kernels: string[] = [];
          const [result] = runLowering(
            (context) => {
              const rider = (node: Node) => (withRiders ? context.buffer(node) : null);
              emitProduct(
                {
                  ...{ a: context.buffer(a), b: context.buffer(b), c: context.buffer(product) },
                  ...{
                    m,
                    n,
                    k,
                    transposeA,
                    transposeB,
                    sparse,
                    rectify: withRiders ? 1 : 0,
                    ceiling: withRiders ? 1 : Infinity,
                    yStride: null,
                  },
                  ...{ bias: rider(bias), residual: rider(residual), mask: rider(mask) },
                },
                {
                  ...context,
                  emit: (call) => {
                    kernels.push(call.kernel);
                    context.emit(call);
                  },
                },
              );
            },
            leaves,
            [product],
            { variant, reversed },
          );
          expect(kernels.includes("sparseProduct")).toBe(sparse);
          return [...result];
        };
        const result = run(true, true, false);
        expect(result).toBeCloseToTensor(finished, { absolute: 1e-4, relative: 1e-5 });
        expect(run(true, true, true)).toBeCloseToTensor(result, exactly);
        const alone = run(true, false, false);
        expect(alone).toBeCloseToTensor(sums, { absolute: 1e-4, relative: 1e-5 });
        // What is left out is a sum of zeros.
        if (!transposeA) expect(alone).toBeCloseToTensor(run(false, false, false), exactly);
        return result;
      });
      const [, relaxed, ...others] = results;
      for (const other of others) expect(other).toBeCloseToTensor(relaxed, exactly);
    },
  );
});
