import { afterAll, beforeAll, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, expectStep } from "../testing/zoo-golden.ts";

// The papers' nets whose dense layers take a hundred megabytes.

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

const large = ["alexnet:paper", "zfnet", "zfnet:512"];

test.each(large)("%s gives PyTorch's logits", (name) => expectPrediction(engine, name));

test.each(large)("%s has PyTorch's loss and gradients", (name) => expectStep(engine, name));
