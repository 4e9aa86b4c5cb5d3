import { expect, test } from "vitest";
import { fromArrays } from "../data/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { layers } from "../layers/index.ts";
import { losses } from "../losses/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import { findLearningRate } from "./learning-rate-finder.ts";
import { lowestOf, smoothedLosses, steepestFall, stepsBeforeDivergence } from "./rate-sweep.ts";
import { sequential } from "./sequential.ts";

test("training has diverged where the running mean is four times its lowest", () => {
  expect(stepsBeforeDivergence([1, 2, 1, 3, 2])).toBe(5);
  expect(stepsBeforeDivergence([1, 1, 1, 1000])).toBe(3);
  // A running mean of 0.9 m + 0.1 x over twenty steps of 1 needs about 35 to be four times as great.
  const calm = Array.from({ length: 20 }, () => 1);
  expect(stepsBeforeDivergence([...calm, 20, 1])).toBe(22);
  expect(stepsBeforeDivergence([...calm, 40, 1])).toBe(20);
  expect(stepsBeforeDivergence([1, Number.POSITIVE_INFINITY])).toBe(1);
});

test("a smoothed loss is the mean over neighbours on both sides alike", () => {
  expect(smoothedLosses([6, 0, 3, 9, 6], 20)).toEqual([6, 3, 4, 6, 6]);
  // A straight line stays where it is: nothing is behind.
  const line = Array.from({ length: 30 }, (_, step) => 5 - step / 7);
  expect(smoothedLosses(line, 100)).toBeCloseToTensor(line, { absolute: 1e-12 });
});

test("the steepest fall is before the lowest loss", () => {
  expect(steepestFall([9, 9, 8, 4, 3, 2, 50, 0.5])).toBe(2);
  expect(lowestOf([3, 1, 2, 1])).toBe(1);
  expect(steepestFall([1, 2, 3])).toBeNull();
});

/** One weight w and a bias b on an input of 1: the loss is that of a parabola, with gradient descent on it by hand. */
function parabola() {
  const images = new Tensor("uint8", [1, 1, 1, 1], Uint8Array.of(1));
  const data = fromArrays({ images, labels: [0], classes: 2 });
  const model = sequential(
    [layers.flatten({ inputShape: [1, 1, 1] }), layers.dense({ units: 2, name: "fc" })],
    {
      preprocessing: { scale: 1 },
    },
  );
  model.compile({
    engine: createReferenceEngine(),
    optimizer: optimizers.sgd({ learningRate: 0.5 }),
    loss: losses.meanSquaredError({ reduction: "sum" }),
  });
  return { model, data };
}

test("the sweep is gradient descent at rising rates, worked out by hand, until it diverges", async () => {
  const { model, data } = parabola();
  const weights = await model.getWeights();
  const output = async () => [...(await model.predict(data.images)).data];
  const [first, second] = await output();
  const sweep = await findLearningRate(model, data, { minimum: 1e-3, maximum: 10, steps: 30, batchSize: 1 });
  // a is the output of each class; both weight and bias have the gradient 2 (a - y), so a moves by -4 rate (a - y).
  let errors = [first - 1, second];
  const expected: number[] = [];
  for (const rate of sweep.rates) {
    expected.push(errors.reduce((sum, error) => sum + error ** 2, 0));
    errors = errors.map((error) => error * (1 - 4 * rate));
  }
  expect(sweep.losses).toBeCloseToTensor(expected, { relative: 1e-3, absolute: 1e-6 });
  expect(sweep.rates[0]).toBe(1e-3);
  expect(sweep.rates[1] / sweep.rates[0]).toBeCloseTo(10_000 ** (1 / 29), 10);
  expect(sweep.diverged).toBe(true);
  expect(sweep.losses.length).toBeLessThan(30);
  expect(sweep.suggestion).toBeGreaterThan(5e-3);
  // At rates above 1/2 the error grows.
  expect(sweep.suggestion).toBeLessThan(sweep.lowest);
  expect(sweep.lowest).toBeLessThan(0.8);
  expect(await model.getWeights()).toEqual(weights);
  expect(model.compiled?.optimizer).toEqual(optimizers.sgd({ learningRate: 0.5 }));
});

test("model, weights and the optimizer's state stay as they are", async () => {
  const data = halves(12);
  const fitted = async (sweeps: boolean) => {
    const model = small(createRoundingEngine(), 1);
    await model.fit(data, { batchSize: 4 });
    const options = { steps: 20, batchSize: 4, gradientAccumulation: 2, classWeights: [1, 2] };
    if (sweeps) expect((await findLearningRate(model, data, options)).losses.length).toBeGreaterThan(10);
    await model.fit(data, { batchSize: 4 });
    return await model.getWeights();
  };
  expect(await fitted(true)).toEqual(await fitted(false));
});

test("it depends on the seed alone", async () => {
  const sweep = (seed: number) =>
    findLearningRate(small(createRoundingEngine(), 1), halves(12), { steps: 20, batchSize: 4, seed });
  expect(await sweep(1)).toEqual(await sweep(1));
  expect((await sweep(1)).losses).not.toEqual((await sweep(2)).losses);
});

test("wrong options are named", async () => {
  const find = (options: object) =>
    messageOf(() => findLearningRate(small(createReferenceEngine()), halves(4), options));
  expect(await find({ minimum: 1, maximum: 0.1 })).toBe(
    "OptionError: findLearningRate: the rate cannot rise from 1 to 0.1. Give a maximum above the minimum.",
  );
  expect(await find({ steps: 9 })).toBe(
    'OptionError: findLearningRate: option "steps" must be a whole number of at least 10, got 9.',
  );
  expect(await find({ epochs: 3 })).toMatch(/^OptionError: findLearningRate: unknown option "epochs"\./);
  const bare = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 2 })], {
    name: "bare",
  });
  expect(await messageOf(() => findLearningRate(bare, halves(4)))).toMatch(
    /^OptionError: model "bare" is not compiled/,
  );
});
