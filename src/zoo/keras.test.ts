import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { recordedImages } from "../testing/recorded-weights.ts";
import { expectPrediction, recordedKerasNames } from "../testing/zoo-golden.ts";
import { create, names } from "./registry.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});
afterAll(() => engine.close());

test("all nets that have Keras's form were recorded", () => {
  const theirs = names.filter((name) => /^mobilenet-v1|^resnet(50|101|152):v1$/.test(name));
  expect([...recordedKerasNames].sort()).toEqual([...theirs].sort());
});

test.each(recordedKerasNames)("%s gives Keras's logits, in training too", (name) =>
  expectPrediction(engine, name),
);

test.each(["resnet18", "resnet34"] as const)(
  "%s:v1, which Keras lacks, is %s but for biases",
  async (name) => {
    const options = { classes: 10, inputShape: [64, 64, 3] };
    const [ours, v1] = [create(name, options), create(`${name}:v1`, options)];
    for (const model of [ours, v1]) model.compile({ engine });
    // Biases of convolutions are zero at first.
    await v1.setWeights(await ours.getWeights());
    const images = recordedImages(2, options.inputShape);
    const expected = await ours.predict(images);
    const greatest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(await v1.predict(images)).toBeCloseToTensor(expected.data, { absolute: 1e-4 * greatest });
  },
);
