import { describe, expect, it } from "vitest";
import { OptionError } from "../tensor/index.ts";
import { type BackpropOptions, type BackpropWalk, walkBackprop } from "./backprop.ts";
import type { FormulaPart } from "./expression.ts";
import { nonLinearities } from "./small-net.ts";
import type { WalkEquation, WalkPartial } from "./walk.ts";

const textOf = (parts: readonly FormulaPart[]) => parts.map(({ text }) => text).join("");
const partialsOf = (walk: BackpropWalk): WalkPartial[] => walk.backward.flatMap(({ partials }) => partials);
const linesOf = (walk: BackpropWalk): WalkEquation[] => [
  ...walk.forward.flatMap(({ equations }) => equations),
  walk.cost,
  ...walk.backward.flatMap(({ slopes, partials }) => [...slopes, ...partials]),
];
const valuesOf = (lines: readonly WalkEquation[]) => Object.fromEntries(lines.map((e) => [e.name, e.value]));

/** Every z of the inner layers is 0, so that s(z) = 1/2 and s'(z) = 1/4 for the sigmoid. */
const centred: BackpropOptions = { weights: [2, 2, 2], biases: [-1, -1, 1], input: [0.5], target: [1] };

describe("the scalar walk", () => {
  const walk = walkBackprop({ ...centred, learningRate: 0.1, steps: 2 });

  it("has the values of the forward pass, worked by hand", () => {
    expect(valuesOf(walk.forward.flatMap(({ equations }) => equations))).toEqual({
      z1: 0,
      a1: 0.5,
      z2: 0,
      a2: 0.5,
      y: 2,
    });
    expect(walk.cost.value).toBe(1);
  });

  it("has the partial derivatives, worked by hand", () => {
    expect(valuesOf(partialsOf(walk))).toEqual({
      δ3: 2,
      "dC/dw3": 1,
      "dC/db3": 2,
      "dC/da2": 4,
      δ2: 1,
      "dC/dw2": 0.5,
      "dC/db2": 1,
      "dC/da1": 2,
      δ1: 0.5,
      "dC/dw1": 0.25,
      "dC/db1": 0.5,
    });
    expect(partialsOf(walk).map(({ label }) => label)).toContain("δ2 = dC/dz2");
  });

  it("writes each line by the chain rule, and says what it reuses", () => {
    const lines = partialsOf(walk).map((e) => [e.name, textOf(e.formula), textOf(e.numbers), ...e.reuses]);
    expect(lines).toEqual([
      ["δ3", "2·(y - t)", "2·(2 - 1)"],
      ["dC/dw3", "δ3·a2", "2·0.5", "δ3"],
      ["dC/db3", "δ3", "2", "δ3"],
      ["dC/da2", "δ3·w3", "2·2", "δ3"],
      ["δ2", "dC/da2·s'(z2)", "4·0.25", "dC/da2"],
      ["dC/dw2", "δ2·a1", "1·0.5", "δ2"],
      ["dC/db2", "δ2", "1", "δ2"],
      ["dC/da1", "δ2·w2", "1·2", "δ2"],
      ["δ1", "dC/da1·s'(z1)", "2·0.25", "dC/da1"],
      ["dC/dw1", "δ1·x", "0.5·0.5", "δ1"],
      ["dC/db1", "δ1", "0.5", "δ1"],
    ]);
  });

  it("grows one chain: each line's prefix is the line above in full", () => {
    const chains = partialsOf(walk).map(({ name, chain }) => [name, chain?.reused, chain?.added]);
    expect(chains.at(-2)).toEqual(["dC/dw1", "2·(y - t)·w3·s'(z2)·w2·s'(z1)", "·x"]);
    expect(chains[4]).toEqual(["δ2", "2·(y - t)·w3", "·s'(z2)"]);
    expect(chains[0]).toEqual(["δ3", undefined, undefined]);
  });

  it("takes steps of gradient descent, worked by hand", () => {
    expect(walk.steps[0]).toEqual({ step: 0, cost: 1, output: [2] });
    // After one step: w3 = 1.9, b3 = 0.8, w2 = 1.95, b2 = -1.1, w1 = 1.975, b1 = -1.05.
    const s = (z: number) => 1 / (1 + Math.exp(-z));
    const y = 1.9 * s(1.95 * s(1.975 * 0.5 - 1.05) - 1.1) + 0.8;
    expect(walk.steps[1].output[0]).toBeCloseTo(y, 12);
    expect(walk.steps[1].cost).toBeCloseTo((y - 1) ** 2, 12);
    expect(walk.steps).toHaveLength(3);
    expect(walk.steps[2].cost).toBeLessThan(walk.steps[1].cost);
  });
});

describe.each(nonLinearities)("every line with %s", (nonLinearity) => {
  const walk = walkBackprop({ nonLinearity, depth: 4, seed: 3, input: [0.3], target: [-0.4] });

  it("agrees with its central difference", () => {
    for (const { name, agrees, relativeError } of partialsOf(walk)) {
      expect({ name, agrees, small: relativeError < 1e-6 }).toEqual({ name, agrees: true, small: true });
    }
  });

  it("comes to its value when its printed numbers are worked out", () => {
    for (const { name, numbers, value } of linesOf(walk)) {
      const result = calculate(textOf(numbers), nonLinearity);
      expect(Math.abs(result - value), `${name} = ${textOf(numbers)}`).toBeLessThan(
        2e-5 * Math.max(1, Math.abs(value)),
      );
    }
  });
});

describe("widths above one", () => {
  const options: BackpropOptions = {
    depth: 2,
    width: 2,
    nonLinearity: "relu",
    input: [1, 2],
    target: [1, 0],
    weights: [1, -1, 0.5, 1, 2, 1, -1, 3],
    biases: [2, 0.5, 0, 1],
  };
  const walk = walkBackprop(options);

  it("prints sums over j, and each term in numbers", () => {
    const [first] = walk.forward[0].equations;
    expect(textOf(first.formula)).toBe("Σj w1[1,j]·x[j] + b1[1]");
    expect(textOf(first.numbers)).toBe("1·1 + (-1)·2 + 2");
    const partial = partialsOf(walk).find(({ name }) => name === "dC/da1[2]");
    expect(textOf(partial?.formula ?? [])).toBe("Σj δ2[j]·w2[j,2]");
    expect(partial?.reuses).toEqual(["δ2[1]", "δ2[2]"]);
    expect(textOf(walk.cost.formula)).toBe("Σj (y[j] - t[j])²");
  });

  it("has the values, worked by hand", () => {
    // z1 = [1, 3], a1 = z1, y = [5, 9], error = [4, 9], C = 97.
    expect(valuesOf(linesOf(walk))).toMatchObject({ "z1[1]": 1, "z1[2]": 3, "y[1]": 5, "y[2]": 9, C: 97 });
    expect(valuesOf(partialsOf(walk))).toMatchObject({
      "δ2[1]": 8,
      "δ2[2]": 18,
      "dC/dw2[2,1]": 18,
      "dC/dw2[1,2]": 24,
      "dC/da1[1]": 8 * 2 - 18,
      "dC/da1[2]": 8 + 18 * 3,
      "δ1[2]": 62,
      "dC/dw1[2,2]": 124,
      "dC/db1[1]": -2,
    });
    expect(partialsOf(walk).every(({ agrees }) => agrees)).toBe(true);
  });

  it("leaves out the middle of a long sum", () => {
    const wide = walkBackprop({ depth: 2, width: 9 });
    expect(textOf(wide.forward[1].equations[0].numbers)).toContain(" + … (9 terms) + ");
  });

  it("walks a single linear layer", () => {
    const linear = walkBackprop({ depth: 1, weights: [3], biases: [1], input: [2], target: [5] });
    expect(valuesOf(partialsOf(linear))).toEqual({ δ1: 4, "dC/dw1": 8, "dC/db1": 4 });
  });
});

describe("options that do not fit", () => {
  it.each<[BackpropOptions, string]>([
    [{ depth: 0 }, "backprop depth: a whole number from 1 to 20 was expected, got 0."],
    [{ width: 17 }, "backprop width: a whole number from 1 to 16 was expected, got 17."],
    [{ weights: [1, 2] }, "backprop weights: 3 numbers were expected, got 2. Give them layer by layer"],
    [{ biases: [1, 2, Number.NaN] }, "backprop biases: NaN is not a finite number."],
    [{ input: [] }, "backprop input: 1 to 16 numbers were expected, got 0."],
    [{ target: [Number.POSITIVE_INFINITY] }, "backprop target: Infinity is not a finite number."],
    [{ learningRate: -1 }, "backprop learningRate: a number of at least 0 was expected, got -1."],
    [{ steps: 1.5 }, "backprop steps: a whole number from 0 to 100000 was expected, got 1.5."],
  ])("%j", (options, message) => {
    expect(() => walkBackprop(options)).toThrow(OptionError);
    expect(() => walkBackprop(options)).toThrow(message);
  });
});

/** Works out a line of printed numbers as JavaScript does. */
function calculate(text: string, nonLinearity: string): number {
  const code = text
    .replaceAll("·", "*")
    .replaceAll("²", "**2")
    .replace(/^(.*) if (.*), else (.*)$/, "($2) ? ($1) : ($3)")
    // A bare negative number cannot be raised to a power in JavaScript.
    .replaceAll(/(?<![\d)])(-[\d.e-]+)\*\*/g, "($1)**");
  const run = new Function("s", "Φ", "φ", `return ${code};`);
  return run(functions[nonLinearity], normalDistribution, normalDensity);
}

const normalDensity = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** The integral of the density from -8 to z by Simpson's rule. */
function normalDistribution(z: number): number {
  const pieces = 2000;
  const width = (z + 8) / pieces;
  let total = 0;
  for (let index = 0; index <= pieces; index++) {
    const weight = index === 0 || index === pieces ? 1 : index % 2 === 1 ? 4 : 2;
    total += weight * normalDensity(-8 + index * width);
  }
  return (total * width) / 3;
}

const functions: Readonly<Record<string, (z: number) => number>> = {
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
  gelu: (z) => z * normalDistribution(z),
};
