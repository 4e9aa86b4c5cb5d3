import { expect, test } from "vitest";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { topologicalOrder } from "../graph/index.ts";
import { layers } from "../layers/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint } from "../train/index.ts";
import { readCompileConfiguration } from "./compile.ts";
import { matchesLayer } from "./layer-pattern.ts";
import { type LayerLearningRate, movedParameters } from "./learning-rates.ts";
import { Model } from "./model.ts";
import { sequential } from "./sequential.ts";
import { trainingGraph } from "./step-graphs.ts";

const dense = (name: string) => layers.dense({ units: 2, name });
const net = (...names: readonly string[]) =>
  sequential([layers.flatten({ inputShape: [4, 4, 1] }), ...names.map(dense)], { name: "net" });

test.each([
  ["layer4", "layer4", true],
  ["layer4", "layer4.0.conv1", true],
  ["layer4.0", "layer4.0.conv1", true],
  ["layer4", "layer40", false],
  ["layer4.0", "layer4", false],
  ["conv*", "conv1", true],
  ["conv*", "fc", false],
  ["*", "fc", true],
])("%s stands for %s: %s", (pattern, name, expected) => {
  expect(matchesLayer(pattern, name)).toBe(expected);
});

test("of several entries that match a layer the last counts; layers at 0 are not moved", () => {
  const { architecture } = net("body.0", "body.1", "head", "tail");
  const rates: LayerLearningRate[] = [
    { layers: "*", factor: 0.5 },
    { layers: "body", factor: 0 },
    { layers: "body.1", factor: 0.1 },
    { layers: "head", factor: 3 },
  ];
  const moved = movedParameters(architecture, rates).map(({ name, rateFactor }) => [name, rateFactor]);
  expect(moved).toEqual([
    ["body.1.weight", 0.1],
    ["body.1.bias", 0.1],
    ["head.weight", 3],
    ["head.bias", 3],
    ["tail.weight", 0.5],
    ["tail.bias", 0.5],
  ]);
});

test("a step has one node for each factor that is not 1", () => {
  const model = net("a", "b", "c", "d");
  const learningRates = [
    { layers: "*", factor: 0.5 },
    { layers: "a", factor: 1 },
    { layers: "d", factor: 0.1 },
  ];
  const compiled = readCompileConfiguration({ learningRates }, model.architecture);
  const graph = trainingGraph(model, compiled, { name: "data/train", capacity: 4, dtype: "uint8" }, 2);
  const hypers = graph.updates.map(({ hyper }) => hyper);
  expect(new Set(hypers).size).toBe(3);
  const scaled = topologicalOrder(hypers.filter((node) => node !== null)).filter(
    ({ kind }) => kind === "channelAffine",
  );
  expect(scaled.map(({ attributes }) => attributes)).toEqual([
    { factors: [0.5, 1, 1], offsets: [0, 0, 0] },
    { factors: [0.1, 1, 1], offsets: [0, 0, 0] },
  ]);
});

test("wrong entries are named", async () => {
  const compile = (learningRates: unknown) =>
    messageOf(() => net("body", "head").compile({ learningRates } as object));
  expect(await compile([{ layers: "haed", factor: 1 }])).toBe(
    'OptionError: compile, learningRates[0]: model "net" has no layers "haed". Did you mean "head"? Known: input, flatten, body, head.',
  );
  expect(
    await compile([
      { layers: "head", factor: 1 },
      { layers: "head", factor: -1 },
    ]),
  ).toBe('OptionError: compile, learningRates[1]: option "factor" must be a number at least 0, got -1.');
  expect(await compile([{ layers: "head" }])).toMatch(
    /^OptionError: compile, learningRates\[0\]: option "factor" is missing/,
  );
  expect(await compile([{ layers: "", factor: 1 }])).toMatch(
    /option "layers" must be the name of a layer, or its beginning, got ""/,
  );
  expect(await compile({ head: 1 })).toBe(
    'OptionError: compile: option "learningRates" must be a list as [{ layers, factor }], got {"head":1}.',
  );
});

test("files keep them, and a run goes on from a checkpoint bit for bit", async () => {
  const options = {
    optimizer: optimizers.adam({ learningRate: 0.05 }),
    learningRates: [
      { layers: "conv2d", factor: 0 },
      { layers: "dense", factor: 0.5 },
    ],
  };
  const model = small(createRoundingEngine(), 1);
  model.compile(options);
  const first = await model.getWeights();
  let bytes = new Uint8Array();
  const save: Callback = {
    onEpochEnd: async ({ epoch }, control) => {
      if (epoch === 0) bytes = await control.saveCheckpoint();
    },
  };
  await model.fit(halves(9), { epochs: 2, batchSize: 4, callbacks: [save] });
  const expected = await model.getWeights();
  expect(expected.get("conv2d.weight")).toEqual(first.get("conv2d.weight"));
  expect(expected.get("dense.weight")).not.toEqual(first.get("dense.weight"));

  const checkpoint = decodeCheckpoint(bytes, { name: "test" });
  expect(checkpoint.variables.has("optimizer/firstMoment/conv2d.weight")).toBe(false);
  const resumed = Model.fromCheckpoint(checkpoint, { engine: createRoundingEngine() });
  expect(resumed.compiled).toMatchObject({ learningRates: options.learningRates });
  await resumed.fit(halves(9), { resumeFrom: checkpoint });
  expect(await resumed.getWeights()).toEqual(expected);
});

test("a file from before there was the choice has none", async () => {
  const { learningRates, ...older } = readCompileConfiguration({}, null);
  expect(learningRates).toEqual([]);
  expect(readCompileConfiguration(JSON.parse(JSON.stringify(older)), null).learningRates).toEqual([]);
  const model = small(createReferenceEngine());
  expect(Model.fromBytes(await model.toBytes()).compiled?.learningRates).toEqual([]);
});
