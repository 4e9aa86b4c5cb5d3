import { afterAll, describe, expect, test } from "vitest";
import { fromArrays } from "../data/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { losses } from "../losses/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { drawn } from "../testing/drawn.ts";
import type { CompileOptions } from "./compile.ts";
import type { FitOptions } from "./fit.ts";
import golden from "./golden/training.json" with { type: "json" };
import { sequential } from "./sequential.ts";

const bytes = Uint8Array.from({ length: 28 }, (_, index) => (index * 7919 + 13) % 256);
const data = fromArrays({
  images: new Tensor("uint8", [7, 1, 4, 1], bytes),
  labels: [0, 1, 2, 1, 1, 0, 1],
  classes: 3,
});

const sgd = optimizers.sgd({ learningRate: 0.2 });
const heavy = optimizers.sgd({ learningRate: 0.2, momentum: 0.9, nesterov: true });
const learningRates = [
  { layers: "body", factor: 0.25 },
  { layers: "head", factor: 2 },
];

/** How the cases of scripts/golden/training.py are asked for here. */
const cases: Readonly<Record<string, CompileOptions & { readonly fit?: FitOptions }>> = {
  sgd: { optimizer: sgd, learningRates },
  "sgd, clipped": { optimizer: optimizers.sgd({ learningRate: 0.2, clipNorm: 0.1 }), learningRates },
  momentum: { optimizer: heavy, learningRates },
  adam: { optimizer: optimizers.adam({ learningRate: 0.05 }), learningRates },
  adamW: { optimizer: optimizers.adamW({ learningRate: 0.05, weightDecay: 0.5 }), learningRates },
  rmsprop: { optimizer: optimizers.rmsprop({ learningRate: 0.02 }), learningRates },
  "body at 0": { optimizer: heavy, learningRates: [{ layers: "body", factor: 0 }] },
  "class weights": { optimizer: sgd, fit: { classWeights: [2, 0.5, 3] } },
  "class weights, smoothed labels": {
    optimizer: sgd,
    loss: losses.sparseCategoricalCrossentropy({ labelSmoothing: 0.2 }),
    fit: { classWeights: [2, 0.5, 3] },
  },
  average: { optimizer: heavy, fit: { emaMomentum: 0.75 } },
};

const wasm = await createWasmEngine({ threads: 2 });
afterAll(() => wasm.close());

describe.each([
  { engine: createReferenceEngine(), absolute: 2e-6 },
  { engine: wasm, absolute: 1e-5 },
])("nine steps on $engine.name give PyTorch 2.13's losses and weights", ({ engine, absolute }) => {
  const runs = Object.keys(cases).flatMap((name) => [1, 2, 3].map((pieces) => ({ name, pieces })));

  test.each(runs)("$name, batches in $pieces pieces", async ({ name, pieces }) => {
    const recorded = golden.cases.find((other) => other.name === name);
    if (recorded === undefined) throw new Error(`scripts/golden/training.py has no case ${name}`);
    const { fit = {}, ...compile } = cases[name];
    const model = sequential([
      layers.flatten({ inputShape: [1, 4, 1] }),
      layers.dense({ units: 3, activation: "relu", name: "body.fc" }),
      layers.dense({ units: 3, name: "head" }),
    ]);
    model.compile({ ...compile, engine });
    const first = [...(await model.getWeights())].map(
      ([key, { shape }], index) => [key, drawn(shape, 1 + index)] as const,
    );
    await model.setWeights(new Map(first));
    const { epochs } = await model.fit(data, {
      ...{ ...fit, epochs: 3, batchSize: 3, shuffle: false },
      gradientAccumulation: pieces,
    });
    expect(epochs.map(({ loss }) => loss)).toBeCloseToTensor(recorded.losses, { absolute });
    const weights = await model.getWeights();
    expect([...weights.keys()]).toEqual(Object.keys(recorded.weights));
    const expected = recorded.average ?? recorded.weights;
    for (const [key, values] of Object.entries(expected)) {
      expect(weights.get(key)?.data ?? [], key).toBeCloseToTensor(values, { absolute });
    }
  });
});
