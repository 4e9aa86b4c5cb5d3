import { describe, expect, test } from "vitest";
import type { Node, UpdateAttributes, UpdateKind } from "../../../graph/index.ts";
import { createBuild, createUpdate, updateTable } from "../../../ops/index.ts";
import { runLowering, variants } from "../../../testing/run-lowering.ts";
import { lowerUpdate } from "./table.ts";

/** Three chunks, the last of which ends within a vector. */
const count = 40003;

/** Numbers in [-1, 1], or from `least` on: the mean of squares that a gradient is divided by is seldom zero. */
function numbers(seed: number, least = -1): Float64Array {
  return Float64Array.from({ length: count }, (_, index) =>
    Math.fround(Math.max(least, Math.sin(index * seed))),
  );
}

function makeCase<K extends UpdateKind>(kind: K, attributes: UpdateAttributes[K], hyper: readonly number[]) {
  const build = createBuild();
  const variableOf = (name: string) => build("variable", [], { name, shape: [count], dtype: "float32" });
  const variable = variableOf("w");
  const value = build("input", [], { name: "g", shape: [count], dtype: "float32" });
  const slots = updateTable[kind].slots.map(variableOf);
  const rates = build("input", [], { name: "hyper", shape: [Math.max(1, hyper.length)], dtype: "float32" });
  const update = createUpdate(kind, attributes, {
    ...{ variable, value, slots },
    ...(hyper.length === 0 ? {} : { hyper: rates }),
  });
  const values = new Map<Node, Float64Array>([
    [variable, numbers(1.1)],
    [value, numbers(1.7)],
    ...slots.map((slot, index) => [slot, numbers(2.3 + index, 0.01)] as const),
    [rates, Float64Array.from(hyper, Math.fround)],
  ]);
  const expected = [numbers(1.1), ...slots.map((_, index) => numbers(2.3 + index, 0.01))];
  const [state, ...slotStates] = expected;
  updateTable[kind].reference(
    attributes,
    state,
    numbers(1.7),
    slotStates,
    Float64Array.from(hyper, Math.fround),
  );
  return { kind, update, values, results: [variable, ...slots], expected };
}

const weightDecay = 0.01;

const cases: readonly ReturnType<typeof makeCase>[] = [
  makeCase("sgd", { weightDecay }, [0.1]),
  makeCase("momentum", { weightDecay, momentum: 0.9, nesterov: false }, [0.1]),
  makeCase("momentum", { weightDecay, momentum: 0.9, nesterov: true }, [0.1]),
  makeCase("adam", { weightDecay, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, [0.1, 2, 3]),
  makeCase("rmsprop", { weightDecay, rho: 0.9, epsilon: 1e-7 }, [0.1]),
  makeCase("movingAverage", { momentum: 0.99 }, []),
  makeCase("accumulate", {}, [1]),
  makeCase("accumulate", {}, [0]),
];

describe.each(variants)("lowerings of updates, %s kernels", (variant) => {
  test.each(cases.map((each) => [each.kind, JSON.stringify(each.update.attributes), each] as const))(
    "%s %s",
    (_, __, { update, values, results, expected }) => {
      const run = (reversed: boolean) =>
        runLowering((context) => lowerUpdate(update, context), values, results, { variant, reversed });
      const states = run(false);
      states.forEach((state, index) => {
        expect(state).toBeCloseToTensor(expected[index], { absolute: 5e-7, relative: 1e-6 });
      });
      run(true).forEach((state, index) => {
        expect(state).toBeCloseToTensor(states[index], { absolute: 0, relative: 0 });
      });
    },
  );
});
