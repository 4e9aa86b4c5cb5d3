import { afterAll, beforeAll, expect, test } from "vitest";
import { augmentations } from "../data/augment/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { pieceSizes } from "./accumulation.ts";
import { sequential } from "./sequential.ts";

let engine: WasmEngine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(() => engine.close());

test("a batch is cut into pieces of one size, and what is left", () => {
  expect(pieceSizes(8, 2)).toEqual([2, 2, 2, 2]);
  expect(pieceSizes(10, 4)).toEqual([4, 4, 2]);
  expect(pieceSizes(3, 4)).toEqual([3]);
});

test("pieces come to what the whole batch does, figures too, with gradients clipped all together", async () => {
  const data = halves(27);
  const fitted = async (gradientAccumulation: number) => {
    const model = sequential(
      [
        layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [4, 4, 1] }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
      { seed: 2 },
    );
    const optimizer = optimizers.adamW({ learningRate: 0.02, clipNorm: 0.5, weightDecay: 0.1 });
    model.compile({ engine, optimizer, learningRates: [{ layers: "conv2d", factor: 0.5 }] });
    const { epochs } = await model.fit(data, {
      ...{ epochs: 3, batchSize: 10, gradientAccumulation },
      ...{ classWeights: [1, 3], emaMomentum: 0.8 },
    });
    return { epochs, weights: await model.getWeights() };
  };
  const whole = await fitted(1);
  // Batches of 10, 10 and 7 in pieces of 4, of 2, of 1; more pieces than examples are as many as examples.
  for (const pieces of [3, 5, 64]) {
    const { epochs, weights } = await fitted(pieces);
    for (const [index, { loss, metrics }] of epochs.entries()) {
      expect(loss).toBeCloseTo(whole.epochs[index].loss, 5);
      expect(metrics).toEqual(whole.epochs[index].metrics);
    }
    for (const [name, value] of whole.weights) {
      expect(weights.get(name), name).toBeCloseToTensor(value, { absolute: 2e-5 });
    }
  }
});

test("images are changed as in the whole batch", async () => {
  const fitted = async (gradientAccumulation: number) => {
    const model = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 2 })], {
      seed: 2,
    });
    model.compile({ engine, optimizer: optimizers.sgd({ learningRate: 0.1 }) });
    const augment = [augmentations.flip(), augmentations.rotation({ degrees: 20 })];
    await model.fit(halves(11), { epochs: 2, batchSize: 6, augment, gradientAccumulation });
    return await model.getWeights();
  };
  const [whole, pieces] = [await fitted(1), await fitted(3)];
  for (const [name, value] of whole) {
    expect(pieces.get(name), name).toBeCloseToTensor(value, { absolute: 1e-5 });
  }
});

test("each piece has draws of its own, the same every time", async () => {
  const fitted = async (seed: number) => {
    const model = small(engine, 1);
    await model.fit(halves(16), { batchSize: 8, seed, augment: { shift: 1 }, gradientAccumulation: 2 });
    return await model.getWeights();
  };
  expect(await fitted(1)).toEqual(await fitted(1));
  expect(await fitted(1)).not.toEqual(await fitted(2));
  const twins = await keysOfPieces();
  expect(twins[0]).not.toEqual(twins[1]);
});

/** The keys that the pieces of a batch of two are fed. */
async function keysOfPieces(): Promise<Tensor[]> {
  const keys: Tensor[] = [];
  const reference = createReferenceEngine();
  const watching = {
    ...reference,
    openSession: async () => {
      const session = await reference.openSession();
      const compile = session.compile.bind(session);
      return Object.assign(session, {
        compile: async (...given: Parameters<typeof compile>) => {
          const program = await compile(...given);
          const run = program.run.bind(program);
          return Object.assign(program, {
            run: (feeds: Parameters<typeof run>[0]) => {
              keys.push(...feeds.flatMap(({ key }) => (key === undefined ? [] : [key])));
              return run(feeds);
            },
          });
        },
      });
    },
  };
  await small(watching, 1).fit(halves(2), { batchSize: 2, gradientAccumulation: 2 });
  return keys;
}

test("a number of pieces is a whole number", async () => {
  const fit = (gradientAccumulation: number) =>
    messageOf(() => small(createReferenceEngine()).fit(halves(4), { gradientAccumulation }));
  expect(await fit(0)).toBe(
    'OptionError: fit: option "gradientAccumulation" must be a whole number of at least 1, got 0.',
  );
  expect(await fit(1.5)).toMatch(/must be a whole number/);
});
