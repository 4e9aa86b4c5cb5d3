import { describe, expect, test } from "vitest";
import { RandomStream, type Shape } from "../tensor/index.ts";
import { drawWeights } from "../testing/draw-weights.ts";
import { messageOf } from "../testing/error-message.ts";
import { conv2d, dense } from "./factories.ts";
import * as initializers from "./initializer-factories.ts";
import { fansOf, type InitializerOption, initializerKinds, initializerNames } from "./initializers.ts";
import { normalQuantile } from "./random-values.ts";

const draw = (initializer: InitializerOption, shape: Shape, seed = 1) =>
  drawWeights(initializer, shape, new RandomStream(seed)).data;

const { varianceScaling, randomNormal, randomUniform } = initializers;

/** Mean, variance and greatest absolute value. */
function figuresOf(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, variance, greatest };
}

test("fans are counted as Keras does", () => {
  expect(fansOf([784, 512])).toEqual({ fanIn: 784, fanOut: 512 });
  expect(fansOf([5, 5, 6, 16])).toEqual({ fanIn: 150, fanOut: 400 });
  expect(fansOf([7])).toEqual({ fanIn: 7, fanOut: 7 });
});

describe("variance and range", () => {
  const shape = [3, 3, 40, 120];
  const [fanIn, fanOut] = [360, 1080];
  test.each([
    ["glorotUniform", 2 / (fanIn + fanOut)],
    ["glorotNormal", 2 / (fanIn + fanOut)],
    ["heUniform", 2 / fanIn],
    ["heNormal", 2 / fanIn],
    ["lecunUniform", 1 / fanIn],
    ["lecunNormal", 1 / fanIn],
  ] as const)("%s", (name, variance) => {
    const values = draw(name, shape);
    const { mean, variance: found, greatest } = figuresOf(values);
    // Standard errors of mean and variance for 43,200 draws, four of them.
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
    expect(Math.abs(found / variance - 1)).toBeLessThan(0.03);
    const limit = name.endsWith("Uniform") ? Math.sqrt(3 * variance) : (2 * Math.sqrt(variance)) / 0.87962566;
    expect(greatest).toBeLessThanOrEqual(limit * (1 + 1e-6));
    expect(greatest).toBeGreaterThan(limit * 0.99);
  });
});

describe("with options", () => {
  const shape = [3, 3, 40, 120];
  const [fanIn, fanOut] = [360, 1080];

  test.each([
    ["fanIn", 3 / fanIn],
    ["fanOut", 3 / fanOut],
    ["fanAverage", 6 / (fanIn + fanOut)],
  ] as const)("varianceScaling by %s", (mode, variance) => {
    for (const distribution of ["uniform", "truncatedNormal", "untruncatedNormal"] as const) {
      const figures = figuresOf(draw(varianceScaling({ scale: 3, mode, distribution }), shape));
      expect(Math.abs(figures.mean)).toBeLessThan(4 * Math.sqrt(variance / 43_200));
      expect(Math.abs(figures.variance / variance - 1)).toBeLessThan(0.03);
      // Of 43,200 draws of a normal distribution the greatest lies beyond 3.5 deviations, but for one time in 10^9.
      const deviations = figures.greatest / Math.sqrt(variance);
      const [least, most] = {
        uniform: [1.72, 1.7321],
        truncatedNormal: [2.2, 2.2738],
        untruncatedNormal: [3.5, 6.5],
      }[distribution];
      expect(deviations).toBeGreaterThan(least);
      expect(deviations).toBeLessThan(most);
    }
  });

  test("named ones are variance scaling", () => {
    expect(draw(varianceScaling({ scale: 2 }), [7, 5])).toEqual(draw("heNormal", [7, 5]));
    expect(draw(varianceScaling({ mode: "fanAverage", distribution: "uniform" }), [7, 5])).toEqual(
      draw("glorotUniform", [7, 5]),
    );
  });

  test("randomNormal and randomUniform", () => {
    const normal = figuresOf(draw(randomNormal({ mean: 3, standardDeviation: 0.5 }), shape));
    expect(Math.abs(normal.mean - 3)).toBeLessThan(0.01);
    expect(Math.abs(normal.variance - 0.25)).toBeLessThan(0.0075);
    const values = draw(randomUniform({ minimum: 1, maximum: 3 }), shape);
    const uniform = figuresOf(values);
    expect(Math.abs(uniform.mean - 2)).toBeLessThan(0.012);
    expect(Math.abs(uniform.variance - 1 / 3)).toBeLessThan(0.01);
    expect(values.every((value) => value >= 1 && value <= 3)).toBe(true);
  });

  test("defaults are Keras's, and JSON keeps a description", () => {
    const all = [varianceScaling(), randomNormal(), randomUniform()];
    expect(JSON.parse(JSON.stringify(all))).toEqual([
      { kind: "varianceScaling", options: { scale: 1, mode: "fanIn", distribution: "truncatedNormal" } },
      { kind: "randomNormal", options: { mean: 0, standardDeviation: 0.05 } },
      { kind: "randomUniform", options: { minimum: -0.05, maximum: 0.05 } },
    ]);
    expect(Object.keys(initializers).sort()).toEqual([...initializerKinds].sort());
  });

  test("mistakes", async () => {
    expect(await messageOf(() => randomNormal({ standardDeviation: -1 }))).toBe(
      'OptionError: initializers.randomNormal: option "standardDeviation" must be a number at least 0, got -1.',
    );
    const unknown: unknown = { kind: "orthogonal" };
    expect(
      await messageOf(() => dense({ units: 1, kernelInitializer: unknown as InitializerOption })),
    ).toMatch(
      /^OptionError: layers.dense: option "kernelInitializer" is no initializer: there is no initializer "orthogonal"/,
    );
    const misspelt: unknown = "he";
    expect(
      await messageOf(() =>
        conv2d({ filters: 1, kernelSize: 1, biasInitializer: misspelt as InitializerOption }),
      ),
    ).toMatch(/^OptionError: layers.conv2d: option "biasInitializer" must be one of "glorotUniform", /);
  });
});

test("the normal quantile is right to six places", () => {
  // From tables of the normal distribution, to nine digits.
  const quantiles = [
    [0.5, 0],
    [0.6, 0.253347103],
    [0.925, 1.43953147],
    [0.926, 1.44663255],
    [0.975, 1.95996398],
    [0.999, 3.09023231],
    [0.999999, 4.75342431],
  ] as const;
  for (const [probability, expected] of quantiles) {
    expect(normalQuantile(probability)).toBeCloseTo(expected, 6);
    expect(normalQuantile(1 - probability)).toBeCloseTo(-expected, 6);
  }
});

const drawn: readonly InitializerOption[] = [
  ...initializerNames,
  varianceScaling(),
  randomNormal(),
  randomUniform(),
];

test("zeros and ones", () => {
  expect([...draw("zeros", [3])]).toEqual([0, 0, 0]);
  expect([...draw("ones", [3])]).toEqual([1, 1, 1]);
});

test.each(drawn)("%s: the same stream gives the same weights, another one others", (name) => {
  expect(draw(name, [4, 5])).toEqual(draw(name, [4, 5]));
  const isFixed = name === "zeros" || name === "ones";
  expect(draw(name, [4, 5], 2).every((value, index) => value === draw(name, [4, 5])[index])).toBe(isFixed);
});

test.each(drawn)("%s: sizes that are odd, or beyond a block, are filled to the end", (initializer) => {
  if (initializer === "zeros") return;
  for (const shape of [[7, 3], [4099], [1]]) {
    expect(draw(initializer, shape).every((value) => value !== 0)).toBe(true);
  }
});

test("a longer parameter begins as a shorter one of the same stream", () => {
  for (const initializer of [randomNormal(), randomUniform()]) {
    expect(draw(initializer, [9000]).slice(0, 5001)).toEqual(draw(initializer, [5001]));
  }
});

test("values do not change from version to version: seeds would mean something else", () => {
  const recorded: readonly (readonly [InitializerOption, readonly number[]])[] = [
    ["glorotUniform", [0.894935, 0.416964, -0.88739]],
    ["glorotNormal", [-0.145216, -0.409919, 1.021741]],
    ["heUniform", [1.155357, 0.538298, -1.145615]],
    ["heNormal", [-0.187474, -0.529203, 1.319062]],
    ["lecunUniform", [0.816961, 0.380634, -0.810072]],
    ["lecunNormal", [-0.132564, -0.374203, 0.932718]],
    [randomNormal(), [0.066573, 0.031443, 0.024837]],
    [randomUniform(), [0.040848, 0.023528, 0.019032]],
  ];
  for (const [initializer, values] of recorded) {
    expect(draw(initializer, [3, 2], 7).subarray(0, 3)).toBeCloseToTensor(values, { absolute: 1e-6 });
  }
});
