import { describe, expect, test } from "vitest";
import { RandomStream, type Shape } from "../tensor/index.ts";
import { fansOf, type InitializerName, initialize, initializerNames } from "./initializers.ts";

const draw = (name: InitializerName, shape: Shape, seed = 1) =>
  initialize(name, shape, new RandomStream(seed)).data;

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
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Standard errors of mean and variance for 43,200 draws, four of them.
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / values.length));
    expect(Math.abs(squares / variance - 1)).toBeLessThan(0.03);
    const limit = name.endsWith("Uniform") ? Math.sqrt(3 * variance) : (2 * Math.sqrt(variance)) / 0.87962566;
    expect(greatest).toBeLessThanOrEqual(limit * (1 + 1e-6));
    expect(greatest).toBeGreaterThan(limit * 0.99);
  });
});

test("zeros and ones", () => {
  expect([...draw("zeros", [3])]).toEqual([0, 0, 0]);
  expect([...draw("ones", [3])]).toEqual([1, 1, 1]);
});

test.each(initializerNames)("%s: the same stream gives the same weights, another one others", (name) => {
  expect(draw(name, [4, 5])).toEqual(draw(name, [4, 5]));
  const isFixed = name === "zeros" || name === "ones";
  expect(draw(name, [4, 5], 2).every((value, index) => value === draw(name, [4, 5])[index])).toBe(isFixed);
});

test("odd sizes are filled to the end", () => {
  expect(draw("heNormal", [7, 3]).every((value) => value !== 0)).toBe(true);
});
