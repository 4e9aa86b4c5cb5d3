import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, expectStep, recordedNames } from "../testing/zoo-golden.ts";
import { names } from "./registry.ts";

// The smaller nets; torchvision.slow.ts has the others.

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

test("all nets that torchvision has were recorded", () => {
  const theirs = names.filter((name) => /^(alexnet|googlenet|vgg|resnet|squeezenet|mobilenet-v2)/.test(name));
  expect(recordedNames).toEqual(theirs.filter((name) => !name.includes(":")));
});

test.each([
  ...["alexnet", "googlenet", "resnet18", "resnet34", "resnet50"],
  ...["squeezenet1-0", "squeezenet1-1", "mobilenet-v2"],
])("%s gives torchvision's logits", (name) => expectPrediction(engine, name));

test.each(["resnet18", "alexnet", "googlenet"])(
  "%s has torchvision's loss, gradients and statistics",
  (name) => expectStep(engine, name),
);
