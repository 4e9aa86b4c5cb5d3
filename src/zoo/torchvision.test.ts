import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, expectStep, recordedNames } from "../testing/torchvision.ts";
import { names } from "./registry.ts";

// The smaller nets; torchvision.slow.ts has the others.

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

test("all nets that torchvision has were recorded", () => {
  expect(recordedNames).toEqual(names.filter((name) => /^(alexnet|vgg|resnet)/.test(name)));
});

test.each(["alexnet", "resnet18", "resnet34", "resnet50"])("%s gives torchvision's logits", (name) =>
  expectPrediction(engine, name),
);

test("resnet18 has torchvision's loss, gradients and statistics", () => expectStep(engine, "resnet18"));
