import { describe, expect, test } from "vitest";
import type { UpdateAttributes, UpdateKind } from "../graph/index.ts";
import { ShapeError } from "../tensor/index.ts";
import { updateKinds } from "../testing/kinds.ts";
import { createBuild } from "./build.ts";
import { createUpdate, updateTable } from "./updates.ts";

interface Step<K extends UpdateKind> {
  readonly name: string;
  readonly attributes: UpdateAttributes[K];
  /** Weight, gradient or value, slots and hyper before, for one element. */
  readonly before: readonly [
    weight: number,
    value: number,
    slots: readonly number[],
    hyper: readonly number[],
  ];
  readonly after: readonly [weight: number, slots: readonly number[]];
}

/** One step of every kind, by hand. */
const steps: { readonly [K in UpdateKind]: readonly Step<K>[] } = {
  sgd: [
    { name: "2 - 0.5 * 3", attributes: { weightDecay: 0 }, before: [2, 3, [], [0.5]], after: [0.5, []] },
    { name: "decays first", attributes: { weightDecay: 0.2 }, before: [2, 3, [], [0.5]], after: [0.3, []] },
  ],
  momentum: [
    {
      name: "v = 0.9 * 1 - 0.5 * 3 = -0.6",
      attributes: { weightDecay: 0, momentum: 0.9, nesterov: false },
      before: [2, 3, [1], [0.5]],
      after: [1.4, [-0.6]],
    },
    {
      name: "Nesterov moves by 0.9 * -0.6 - 1.5",
      attributes: { weightDecay: 0, momentum: 0.9, nesterov: true },
      before: [2, 3, [1], [0.5]],
      after: [2 - 0.54 - 1.5, [-0.6]],
    },
    {
      name: "decays the weight, not the velocity",
      attributes: { weightDecay: 0.2, momentum: 0.9, nesterov: false },
      before: [2, 3, [1], [0.5]],
      after: [1.2, [-0.6]],
    },
  ],
  adam: [
    {
      // The first step: both corrected moments are those of the gradient alone, so the move is rate * 3 / (3 + 1).
      name: "epsilon is outside the root",
      attributes: { weightDecay: 0, beta1: 0.9, beta2: 0.99, epsilon: 1 },
      before: [2, 3, [0, 0], [0.4, 10, 100]],
      after: [2 - 0.4 * 0.75, [0.3, 0.09]],
    },
    {
      name: "decays by rate * weightDecay",
      attributes: { weightDecay: 0.25, beta1: 0.5, beta2: 0.75, epsilon: 0 },
      before: [2, 4, [8, 16], [0.4, 1, 1]],
      after: [2 * 0.9 - 0.4 * (6 / 4), [6, 16]],
    },
  ],
  rmsprop: [
    {
      name: "divides by the root of the mean square",
      attributes: { weightDecay: 0, rho: 0.75, epsilon: 1 },
      before: [2, 4, [16], [0.5]],
      after: [2 - (0.5 * 4) / 5, [16]],
    },
    {
      name: "decays first",
      attributes: { weightDecay: 0.2, rho: 0.5, epsilon: 0 },
      before: [2, 4, [2], [0.5]],
      after: [1.8 - (0.5 * 4) / 3, [9]],
    },
  ],
  movingAverage: [
    { name: "0.75 * 8 + 0.25 * 4", attributes: { momentum: 0.75 }, before: [8, 4, [], []], after: [7, []] },
  ],
  accumulate: [
    { name: "0.5 * 8 + 4", attributes: {}, before: [8, 4, [], [0.5]], after: [8, []] },
    {
      name: "takes the value where nothing is kept",
      attributes: {},
      before: [NaN, 4, [], [0]],
      after: [4, []],
    },
  ],
};

describe.each(updateKinds)("%s", (kind) => {
  test.each([...steps[kind]])("$name", ({ attributes, before: [weight, value, slots, hyper], after }) => {
    const rule = updateTable[kind] as (typeof updateTable)[UpdateKind] & {
      readonly slots: readonly string[];
    };
    expect([rule.slots.length, rule.hyperLength]).toEqual([slots.length, hyper.length]);
    const variable = Float64Array.of(weight, weight);
    const state = slots.map((slot) => Float64Array.of(slot, slot));
    const run = rule.reference as (...operands: readonly unknown[]) => void;
    run(attributes, variable, Float64Array.of(value, value), state, Float64Array.from(hyper));
    expect(variable).toBeCloseToTensor([after[0], after[0]], { absolute: 1e-12 });
    expect(state.map(([first]) => first)).toBeCloseToTensor(after[1], { absolute: 1e-12 });
  });
});

describe("createUpdate", () => {
  const build = createBuild("fc");
  const variable = build("variable", [], { name: "fc.weight", shape: [2, 3], dtype: "float32" });
  const slot = build("variable", [], { name: "slot", shape: [2, 3], dtype: "float32" });
  const small = build("variable", [], { name: "small", shape: [3], dtype: "float32" });
  const counts = build("variable", [], { name: "counts", shape: [2, 3], dtype: "int32" });
  const value = build("input", [], { name: "g", shape: [2, 3], dtype: "float32" });
  const rate = build("input", [], { name: "rate", shape: [1], dtype: "float32" });
  const plain = { weightDecay: 0 };
  const heavy = { weightDecay: 0, momentum: 0.9, nesterov: false };
  const rms = { weightDecay: 0, rho: 0.9, epsilon: 1e-7 };

  test("makes an update", () => {
    expect(createUpdate("momentum", heavy, { variable, value, slots: [slot], hyper: rate })).toEqual({
      kind: "momentum",
      attributes: heavy,
      variable,
      value,
      slots: [slot],
      hyper: rate,
    });
    expect(createUpdate("movingAverage", { momentum: 0.9 }, { variable, value }).hyper).toBeNull();
  });

  test.each([
    [
      () => createUpdate("sgd", plain, { variable, value: small, hyper: rate }),
      "sgd of fc.weight: value must be float32[2, 3], got float32[3].",
    ],
    [
      () => createUpdate("sgd", plain, { variable: counts, value, hyper: rate }),
      "sgd of counts: only float32 variables change, got int32[2, 3].",
    ],
    [
      () => createUpdate("sgd", plain, { variable, value, slots: [slot], hyper: rate }),
      "sgd of fc.weight: takes 0 slots (none), got 1.",
    ],
    [
      () =>
        createUpdate("adam", { ...plain, beta1: 0, beta2: 0, epsilon: 0 }, { variable, value, hyper: rate }),
      "adam of fc.weight: takes 2 slots (firstMoment, secondMoment), got 0.",
    ],
    [
      () => createUpdate("rmsprop", rms, { variable, value, slots: [small], hyper: rate }),
      "rmsprop of fc.weight: meanSquare must be float32[2, 3], got float32[3].",
    ],
    [
      () => createUpdate("sgd", plain, { variable, value }),
      "sgd of fc.weight: hyper must be float32[1], got none.",
    ],
    [
      () => createUpdate("movingAverage", { momentum: 0 }, { variable, value, hyper: rate }),
      "movingAverage of fc.weight: hyper must be none, got float32[1].",
    ],
  ])("refuses %#", (attempt, message) => {
    expect(attempt).toThrow(ShapeError);
    expect(attempt).toThrow(message);
  });
});
