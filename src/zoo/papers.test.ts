import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, expectStep, recordedPaperNames } from "../testing/zoo-golden.ts";
import { codeOf } from "./lenet-codes.ts";
import { names } from "./registry.ts";

// scripts/golden/zoo_papers.py has the papers' nets in PyTorch's modules; papers.slow.ts the larger ones of them.

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

test("all nets of papers were recorded", () => {
  expect([...recordedPaperNames].sort()).toEqual(
    names.filter((name) => /^zfnet|:paper$|:1998$/.test(name)).sort(),
  );
});

test.each(["lenet5:1998", "googlenet:paper"])("%s gives PyTorch's outputs", (name) =>
  expectPrediction(engine, name),
);

test.each(["lenet5:1998", "googlenet:paper"])("%s has PyTorch's loss and gradients", (name) =>
  expectStep(engine, name),
);

test("codes are of 1 and -1, and far from each other", () => {
  const codes = Array.from({ length: 20 }, (_, label) => codeOf(label));
  for (const [label, code] of codes.entries()) {
    expect(code).toHaveLength(84);
    expect(new Set(code)).toEqual(new Set([1, -1]));
    for (const other of codes.slice(0, label)) {
      expect(code.filter((value, pixel) => value !== other[pixel]).length).toBeGreaterThanOrEqual(5);
    }
  }
});
