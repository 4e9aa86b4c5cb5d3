import { describe, expect, it } from "vitest";
import { OptionError } from "../tensor/index.ts";
import { type BackpropOptions, costAlong, walkBackprop } from "./backprop.ts";
import { chainPaths } from "./chain.ts";
import { nonLinearities, walkCosts } from "./small-net.ts";

describe("the chain of a scalar net", () => {
  const walk = walkBackprop({ weights: [2, 2, 2], biases: [-1, -1, 1], input: [0.5], target: [1] });

  it("is one way, with a factor for each step back", () => {
    const [path, ...others] = chainPaths(walk, "dC/dw1");
    expect(others).toEqual([]);
    expect(path.factors).toEqual([
      { of: "C", by: "y", text: "2·(y - t)", value: 2 },
      { of: "y", by: "a2", text: "w3", value: 2 },
      { of: "a2", by: "z2", text: "s'(z2)", value: 0.25 },
      { of: "z2", by: "a1", text: "w2", value: 2 },
      { of: "a1", by: "z1", text: "s'(z1)", value: 0.25 },
      { of: "z1", by: "w1", text: "x", value: 0.5 },
    ]);
    expect(path.value).toBe(0.25);
  });

  it("ends in 1 for a bias", () => {
    expect(chainPaths(walk, "dC/db3")).toEqual([
      {
        factors: [
          { of: "C", by: "y", text: "2·(y - t)", value: 2 },
          { of: "y", by: "b3", text: "1", value: 1 },
        ],
        value: 2,
      },
    ]);
  });

  it("reads as the walk's own line of the chain", () => {
    for (const { name, chain } of walk.backward.flatMap(({ partials }) => partials)) {
      if (chain === null || chain.added === "") continue;
      const [{ factors }] = chainPaths(walk, name);
      expect(factors.map(({ text }) => text).join("·")).toBe(`${chain.reused}${chain.added}`);
    }
  });
});

describe.each(walkCosts)("the cost %s", (cost) => {
  const nets: BackpropOptions[] = nonLinearities.flatMap((nonLinearity) => [
    { cost, nonLinearity, depth: 3, seed: 5, input: [0.3], target: [0.8] },
    { cost, nonLinearity, depth: 3, width: 3, seed: 7, input: [0.3, -0.6], target: [0, 0.4, 1] },
  ]);

  it("has derivatives that are the sum over all ways, and agree with central differences", () => {
    for (const net of nets) {
      const walk = walkBackprop(net);
      for (const { name, value, agrees } of walk.backward.flatMap(({ partials }) => partials)) {
        const sum = chainPaths(walk, name).reduce((total, path) => total + path.value, 0);
        expect(sum, name).toBeCloseTo(value, 12);
        expect({ name, agrees }).toEqual({ name, agrees: true });
      }
    }
  });
});

it("counts the ways of a net of three layers, three units wide", () => {
  const walk = walkBackprop({ depth: 3, width: 3, input: [1, 2], target: [0, 0, 1] });
  expect(chainPaths(walk, "dC/dw1[2,1]")).toHaveLength(9);
  expect(chainPaths(walk, "dC/dw2[2,1]")).toHaveLength(3);
  expect(chainPaths(walk, "dC/dw3[2,1]")).toHaveLength(1);
  expect(chainPaths(walk, "dC/da1[1]")).toHaveLength(9);
});

describe("what there is not", () => {
  const walk = walkBackprop({});

  it.each(["dC/dw4", "w1", "δ0", "dC/dw1[1,1]"])("%s is an error that says what there is", (name) => {
    expect(() => chainPaths(walk, name)).toThrow(OptionError);
    expect(() => chainPaths(walk, name)).toThrow(
      `backprop: the walk has no partial derivative ${name}. It has δ3 to dC/db1.`,
    );
  });

  it("more ways than fit a picture are an error", () => {
    const wide = walkBackprop({ depth: 5, width: 10, target: [1, 0], steps: 0 });
    expect(() => chainPaths(wide, "dC/db1[1]")).toThrow(OptionError);
    expect(() => chainPaths(wide, "dC/dw1[1,1]")).toThrow(
      "backprop: dC/dw1[1,1] acts on the cost on 2000 ways; at most 1000 are listed.",
    );
  });
});

describe("the cost along a parameter", () => {
  const options: BackpropOptions = { depth: 1, weights: [3], biases: [1], input: [2], target: [5] };

  it("is a parabola for a linear net, worked by hand", () => {
    expect(costAlong(options, "w1", [3, 2, 0])).toEqual([4, 0, 16]);
    expect(costAlong(options, "b1", [1, -1, 2])).toEqual([4, 0, 9]);
  });

  it("has the walk's cost at the parameter's own value, and takes subscripts", () => {
    const net: BackpropOptions = { depth: 2, width: 3, input: [0.5, -1], target: [0, 1, 0], seed: 4 };
    const walk = walkBackprop(net);
    expect(costAlong(net, "w2[3,1]", [walk.weights[6 + 6]])).toEqual([walk.cost.value]);
    expect(costAlong(net, "b1[2]", [walk.biases[1], 9])[1]).not.toBe(walk.cost.value);
  });

  it("names what the net has", () => {
    expect(() => costAlong(options, "w2", [1])).toThrow(
      "backprop parameter: the net has no w2. It has w1 to b1.",
    );
  });
});

it("walks on from where the steps ended", () => {
  const options: BackpropOptions = { seed: 2, learningRate: 0.3 };
  const far = walkBackprop({ ...options, steps: 7 });
  const near = walkBackprop({ ...options, steps: 3 });
  const rest = walkBackprop({ ...options, ...near.after, steps: 4 });
  expect(rest.after).toEqual(far.after);
  expect(rest.weights).toEqual(near.after.weights);
  expect([...near.steps, ...rest.steps.slice(1)].map(({ cost }) => cost)).toEqual(
    far.steps.map(({ cost }) => cost),
  );
});

it("takes steps along one parameter alone", () => {
  const net: BackpropOptions = { depth: 2, width: 2, input: [0.5, -1], target: [0, 1], seed: 4 };
  const { weights, biases, after, steps, backward } = walkBackprop({
    ...net,
    only: "w1[2,1]",
    steps: 1,
    learningRate: 0.5,
  });
  const slope = backward[1].partials.find(({ name }) => name === "dC/dw1[2,1]")?.value ?? Number.NaN;
  const moved = weights[2] - 0.5 * slope;
  expect(after.biases).toEqual(biases);
  expect(after.weights).toEqual(weights.with(2, moved));
  expect(costAlong(net, "w1[2,1]", [moved])).toEqual([steps[1].cost]);
  expect(() => walkBackprop({ only: "w9" })).toThrow("backprop only: the net has no w9. It has w1 to b3.");
});

it("shows the two costs that a central difference is made from", () => {
  const walk = walkBackprop({ depth: 1, weights: [3], biases: [1], input: [2], target: [5] });
  const weight = walk.backward[0].partials.find(({ name }) => name === "dC/dw1");
  const { step = 0, above, below, slope } = weight?.nudge ?? {};
  expect(step).toBeCloseTo(3 * Number.EPSILON ** (1 / 3), 12);
  expect(above).toBeCloseTo((2 * (3 + step) + 1 - 5) ** 2, 12);
  expect(below).toBeCloseTo((2 * (3 - step) + 1 - 5) ** 2, 12);
  expect(slope).toBe(weight?.centralDifference);
});

it("refuses targets that are no probabilities, and costs that there are not", () => {
  expect(() => walkBackprop({ cost: "cross-entropy", target: [1.5] })).toThrow(
    "backprop target: numbers from 0 to 1 were expected, got 1.5. Cross-entropy takes a target for the probability of a yes.",
  );
});

it("writes the cross-entropy and its gradient as a textbook does", () => {
  const walk = walkBackprop({ cost: "cross-entropy" });
  const text = (parts: readonly { readonly text: string }[]) => parts.map((part) => part.text).join("");
  expect(text(walk.cost.formula)).toBe("-t·ln(σ(y)) - (1 - t)·ln(1 - σ(y))");
  expect(text(walk.backward[0].partials[0].formula)).toBe("σ(y) - t");
  const half = walkBackprop({ cost: "half-squared" });
  expect(text(half.cost.formula)).toBe("0.5·(y - t)²");
  expect(text(half.backward[0].partials[0].formula)).toBe("y - t");
});
