import { afterAll, beforeAll, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, expectStep, recordedNames } from "../testing/zoo-golden.ts";

// The nets whose weights take up to half a gigabyte.

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

const large = recordedNames.filter((name) => /^(vgg|resnet1\d\d)/.test(name));

test.each(large)("%s gives torchvision's logits", (name) => expectPrediction(engine, name));

test("vgg11-bn has torchvision's loss, gradients and statistics", () => expectStep(engine, "vgg11-bn"));
