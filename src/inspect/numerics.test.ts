import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createWasmEngine, type Precision } from "../engine/index.ts";
import { measureErrors } from "./numerics.ts";

/** Rows of the table in docs/performance.md that state a bound: algorithm, of what, precisions, bound. */
const stated = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter((cells) => cells.length === 8 && /^\d+e-\d+$/.test(cells[6]))
  .map(([, algorithm, of, precisions, , , bound]) => ({ algorithm, of, precisions, bound: Number(bound) }));

function boundOf(algorithm: string, gradient: string, precision: Precision): number {
  const row =
    stated.find((known) => known.algorithm === algorithm && known.of === gradient) ??
    stated.find((known) => known.algorithm.startsWith("all others") && !algorithm.startsWith("Winograd"));
  if (row?.precisions.split(", ").includes(precision) !== true)
    throw new Error(`docs/performance.md states no bound for ${algorithm}, ${gradient}, ${precision}`);
  return row.bound;
}

describe("errors against float64, relative to the sum of the products' absolute values", () => {
  it.each(["fast", "exact"] as const)(
    "stay within what docs/performance.md states: %s",
    async (precision) => {
      const engine = await createWasmEngine({ precision, kernels: "rule" });
      try {
        const found = await measureErrors(engine, { shapes: 20, seed: 7 });
        for (const { algorithm, gradient, greatestError, typicalError } of found) {
          const what = `${algorithm}, ${gradient}`;
          expect(greatestError, what).toBeLessThan(boundOf(algorithm, gradient, precision));
          expect(typicalError, what).toBeLessThan(3e-7);
          expect(greatestError, what).toBeGreaterThan(0);
        }
        const algorithms = new Set(found.map(({ algorithm }) => algorithm));
        expect(algorithms).toContain("implicit matrix product");
        expect(algorithms).toContain("pointwise");
        expect(algorithms.has("Winograd F(4x4, 3x3)")).toBe(precision === "fast");
      } finally {
        await engine.close();
      }
    },
    120_000,
  );
});
