import { describe, expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createBuild } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import * as optimizers from "./factories.ts";
import {
  buildUpdates,
  hyperLengthOf,
  hyperOf,
  type Optimizer,
  optimizerKinds,
  readOptimizer,
  scheduledLearningRate,
  slotsOf,
} from "./optimizer.ts";
import { cosine } from "./schedule-factories.ts";

const steps = 4;
/** The gradient of step t = 1, 2, ... for a weight [3] and a bias [1]. */
const weightGradient = (t: number) => [0.1 * t, -0.3, 0.2 * (-1) ** t];
const biasGradient = (t: number) => [0.5 - 0.1 * t];
const start = { weight: [1, -2, 0.5], bias: [0.25] };

/** Takes four steps with given gradients on the reference engine; returns weight and bias. */
async function optimize(optimizer: Optimizer): Promise<{ weight: Float64Array; bias: Float64Array }> {
  const build = createBuild();
  const shapes = { weight: [3], bias: [1] };
  const operands = (["weight", "bias"] as const).map((name) => ({
    variable: build("variable", [], { name, shape: shapes[name], dtype: "float32" }),
    gradient: build("input", [], { name: `d ${name}`, shape: shapes[name], dtype: "float32" }),
    decays: name === "weight",
    rateFactor: 1,
  }));
  const hyper = build("input", [], { name: "hyper", shape: [hyperLengthOf(optimizer)], dtype: "float32" });
  const session = await createReferenceEngine().openSession();
  const updates = buildUpdates(optimizer, build, operands, hyper);
  const program = await session.compile({ outputs: {}, updates }, { maximumSteps: steps });
  for (const name of ["weight", "bias"] as const) await session.write(name, Tensor.from(start[name]));
  await program.run(
    Array.from({ length: steps }, (_, step) => ({
      "d weight": Tensor.from(weightGradient(step + 1)),
      "d bias": Tensor.from(biasGradient(step + 1)),
      hyper: Tensor.from(hyperOf(optimizer, step, scheduledLearningRate(optimizer, step))),
    })),
  );
  return { weight: await session.readExact("weight"), bias: await session.readExact("bias") };
}

describe("four steps give PyTorch 2.13's weights (torch.optim in float64)", () => {
  test.each([
    ["sgd", optimizers.sgd({ learningRate: 0.1 }), [0.9, -1.88, 0.5]],
    ["momentum", optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), [0.81441, -1.72853, 0.53258]],
    [
      "nesterov",
      optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
      [0.732969, -1.635677, 0.529322],
    ],
    [
      "adam",
      optimizers.adam({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
      [0.6075542996792214, -1.601328903654485, 0.6116457783940046],
    ],
    [
      "adamW",
      optimizers.adamW({ learningRate: 0.1, weightDecay: 0.05 }),
      [0.5947246689918385, -1.5632891460866196, 0.6115198004148925],
    ],
    [
      "rmsprop",
      optimizers.rmsprop({ learningRate: 0.1 }),
      [-0.09975588407056402, -1.091739169170731, 0.6083830717498083],
    ],
  ] as const)("%s", async (_, optimizer, expected) => {
    // What is fed is rounded to float32: six digits hold.
    expect((await optimize(optimizer)).weight).toBeCloseToTensor(expected, { absolute: 2e-6 });
  });
});

test("weight decay leaves biases alone unless it is told otherwise", async () => {
  const rate = 0.1;
  const byHand = (first: number, gradient: (t: number) => number, decay: number) => {
    let w = first;
    for (let t = 1; t <= steps; t++) w = w * (1 - rate * decay) - rate * gradient(t);
    return w;
  };
  const plain = await optimize(optimizers.sgd({ learningRate: rate, weightDecay: 0.5 }));
  expect(plain.weight[1]).toBeCloseTo(
    byHand(-2, () => -0.3, 0.5),
    6,
  );
  expect(plain.bias[0]).toBeCloseTo(
    byHand(0.25, (t) => biasGradient(t)[0], 0),
    6,
  );
  const all = await optimize(optimizers.sgd({ learningRate: rate, weightDecay: 0.5, decayBiases: true }));
  expect(all.bias[0]).toBeCloseTo(
    byHand(0.25, (t) => biasGradient(t)[0], 0.5),
    6,
  );
});

test("clipNorm scales all gradients together, clipValue each element", async () => {
  const rate = 0.1;
  const limit = 0.4;
  const expected = [...start.weight, ...start.bias];
  for (let t = 1; t <= steps; t++) {
    const gradient = [...weightGradient(t), ...biasGradient(t)];
    const norm = Math.hypot(...gradient);
    for (const [index, g] of gradient.entries()) expected[index] -= rate * g * Math.min(1, limit / norm);
  }
  const { weight, bias } = await optimize(optimizers.sgd({ learningRate: rate, clipNorm: limit }));
  expect([...weight, ...bias]).toBeCloseToTensor(expected);
  // The norm never comes near 10: nothing is scaled.
  const free = await optimize(optimizers.sgd({ learningRate: rate, clipNorm: 10 }));
  expect(free.weight).toBeCloseToTensor([0.9, -1.88, 0.5]);
  const clipped = await optimize(optimizers.sgd({ learningRate: rate, clipValue: 0.25 }));
  expect(clipped.weight).toBeCloseToTensor([1 - 0.1 * (0.1 + 0.2 + 0.25 + 0.25), -2 + 0.1, 0.5]);
});

test("a zero gradient is not divided by", async () => {
  const build = createBuild();
  const variable = build("variable", [], { name: "w", shape: [2], dtype: "float32" });
  const gradient = build("constant", [], { value: 0, shape: [2] });
  const optimizer = optimizers.sgd({ clipNorm: 1 });
  const hyper = build("input", [], { name: "hyper", shape: [1], dtype: "float32" });
  const session = await createReferenceEngine().openSession();
  const updates = buildUpdates(
    optimizer,
    build,
    [{ variable, gradient, decays: true, rateFactor: 1 }],
    hyper,
  );
  const program = await session.compile({ outputs: {}, updates });
  await session.write("w", Tensor.from([1, 2]));
  await program.run([{ hyper: Tensor.from([0.1]) }]);
  expect([...(await session.readExact("w"))]).toEqual([1, 2]);
});

test("hyper holds the rate and, for Adam, both corrections", () => {
  const rates = (optimizer: Optimizer, step: number) =>
    hyperOf(optimizer, step, scheduledLearningRate(optimizer, step));
  expect(rates(optimizers.sgd({ learningRate: 0.5 }), 7)).toEqual(Float32Array.of(0.5));
  const adam = optimizers.adam({ learningRate: cosine({ initialLearningRate: 1, decaySteps: 10 }) });
  expect(rates(adam, 0)).toBeCloseToTensor(Float32Array.of(1, 1 / 0.1, 1 / 0.001), { relative: 1e-6 });
  expect(rates(adam, 5)).toBeCloseToTensor([0.5, 1 / (1 - 0.9 ** 6), 1 / (1 - 0.999 ** 6)], {
    relative: 1e-6,
  });
});

test("JSON keeps optimizers, names stand for all defaults", async () => {
  expect(optimizerKinds).toEqual(["sgd", "adam", "adamW", "rmsprop"]);
  for (const kind of optimizerKinds) {
    const optimizer = readOptimizer(kind);
    expect(readOptimizer(JSON.parse(JSON.stringify(optimizer)))).toEqual(optimizer);
  }
  const scheduled = optimizers.sgd({ learningRate: cosine({ initialLearningRate: 0.1, decaySteps: 5 }) });
  expect(readOptimizer(JSON.parse(JSON.stringify(scheduled)))).toEqual(scheduled);
  expect(readOptimizer("adam").options).toMatchObject({
    learningRate: 0.001,
    weightDecay: 0,
    clipNorm: null,
  });
  expect(readOptimizer("adamW").options).toMatchObject({ weightDecay: 0.004 });
  expect(slotsOf(readOptimizer("sgd"))).toEqual([]);
  expect(slotsOf(optimizers.sgd({ momentum: 0.5 }))).toEqual(["velocity"]);
  expect(slotsOf(readOptimizer("adam"))).toEqual(["firstMoment", "secondMoment"]);
});

test("wrong options are named", async () => {
  expect(await messageOf(() => optimizers.adam({ learningRate: -1 }))).toBe(
    'OptionError: optimizers.adam: option "learningRate" must be a number at least 0, got -1.',
  );
  expect(await messageOf(() => optimizers.sgd({ clipNorm: 1, clipValue: 1 }))).toBe(
    "OptionError: optimizers.sgd: clipNorm and clipValue cannot be used together. Choose one.",
  );
  expect(await messageOf(() => readOptimizer({ kind: "sgd", options: { momentun: 0.9 } }))).toMatch(
    /^OptionError: optimizers.sgd: unknown option "momentun". Did you mean "momentum"\?/,
  );
});
