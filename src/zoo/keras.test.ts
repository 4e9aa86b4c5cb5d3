import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { expectPrediction, recordedKerasNames } from "../testing/zoo-golden.ts";
import { names } from "./registry.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

test("all nets that have Keras's form were recorded", () => {
  const theirs = names.filter((name) => /^mobilenet-v1|:v1$/.test(name));
  expect([...recordedKerasNames].sort()).toEqual([...theirs].sort());
});

test.each(recordedKerasNames)("%s gives Keras's logits, in training too", (name) =>
  expectPrediction(engine, name),
);
