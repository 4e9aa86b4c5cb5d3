import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeSafetensors } from "../formats/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { createFakeTrainee, fakeConfiguration } from "../testing/fake-trainee.ts";
import * as callbacks from "./callbacks.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { train } from "./loop.ts";

const sample: Checkpoint = {
  model: '{"version":1}',
  training: {
    configuration: { ...fakeConfiguration, seed: 2 ** 40 + 1 },
    epoch: 1,
    step: 2,
    globalStep: 5,
    sums: { examples: 8, loss: 0.1 + 0.2, metrics: [3] },
    milliseconds: 12.5,
    learningRate: 0.125,
    rateChanges: [
      { epoch: 0, step: 2, globalStep: 2, learningRate: 0.5 },
      { epoch: 1, step: 0, globalStep: 3, learningRate: null },
    ],
    ended: "interrupted",
    history: [
      {
        epoch: 0,
        loss: 1 / 3,
        metrics: { accuracy: 0.5 },
        validation: { loss: 2, accuracy: 0.25 },
        learningRate: 0.1,
        milliseconds: 3,
      },
    ],
  },
  variables: new Map<string, Tensor>([
    ["conv1.weight", Tensor.from([1, 2.5, -3], [3, 1])],
    ["optimizer/velocity/conv1.weight", Tensor.from([1e-30, 0, 1], [3, 1])],
  ]),
  callbacks: new Map([
    ["earlyStopping", { values: { best: 0.5 }, tensors: new Map([["conv1.weight", Tensor.from([4], [1])]]) }],
  ]),
};

test("nothing is lost on the way through bytes", () => {
  const { callbacks: states, variables, ...rest } = decodeCheckpoint(encodeCheckpoint(sample), { name: "c" });
  expect(rest).toEqual({ model: sample.model, training: sample.training });
  expect(new Map(variables)).toEqual(sample.variables);
  expect(states).toEqual(sample.callbacks);
});

test("checkpoints from before changes of the rate were kept have none", () => {
  const { rateChanges, ...older } = sample.training;
  const bytes = encodeCheckpoint({ ...sample, training: older as Checkpoint["training"] });
  expect(rateChanges).toHaveLength(2);
  expect(decodeCheckpoint(bytes, { name: "c" }).training.rateChanges).toEqual([]);
});

test("a validation loss that is not a number is kept as such", () => {
  const [record] = sample.training.history;
  const history = [{ ...record, validation: { loss: Number.NaN, accuracy: 0.25 } }];
  const bytes = encodeCheckpoint({ ...sample, training: { ...sample.training, history } });
  expect(decodeCheckpoint(bytes, { name: "c" }).training.history).toEqual(history);
});

describe("damaged files are refused by name", () => {
  const good = {
    "fovea.model": "{}",
    "fovea.training": JSON.stringify(sample.training),
    "fovea.callbacks": "{}",
  };
  const changed = (change: object) => ({
    ...good,
    "fovea.training": JSON.stringify({ ...sample.training, ...change }),
  });
  const cases: [metadata: Record<string, string>, message: string][] = [
    [
      { "fovea.model": "{}" },
      "FormatError: run/c: not a checkpoint: it has no training state. Resume from the checkpoint.safetensors of a run; a model file holds weights alone.",
    ],
    [
      { ...good, "fovea.training": "{" },
      'FormatError: run/c: the metadata "fovea.training" is not valid JSON. The file is damaged: use another copy.',
    ],
    [
      { ...good, "fovea.callbacks": "[]" },
      'FormatError: run/c: the metadata "fovea.callbacks" is not an object.',
    ],
    [
      { ...good, "fovea.training": "[]" },
      "FormatError: run/c: not a valid checkpoint: training state: options must be one object, got [].",
    ],
    [
      changed({ epoch: -1 }),
      'FormatError: run/c: not a valid checkpoint: training state: option "epoch" must be a whole number of at least 0, got -1.',
    ],
    [
      changed({ sums: { examples: 1, loss: 1, metrics: "x" } }),
      'FormatError: run/c: not a valid checkpoint: training state, sums: option "metrics" must be a list, got "x".',
    ],
    [
      changed({ history: [{ epoch: 1 }] }),
      'FormatError: run/c: not a valid checkpoint: training state, history: option "loss" is missing. It has no default.',
    ],
    [
      changed({ ended: "exploded" }),
      'FormatError: run/c: not a valid checkpoint: training state: option "ended" must be one of "completed", "interrupted", "stoppedEarly", got "exploded".',
    ],
    [
      changed({ surprise: 1 }),
      'FormatError: run/c: not a valid checkpoint: training state: unknown option "surprise". Known: configuration, epoch, step, globalStep, sums, milliseconds, learningRate, rateChanges, ended, history.',
    ],
  ];
  test.each(cases)("%#", async (metadata, message) => {
    const bytes = encodeSafetensors(new Map(), metadata);
    expect(await messageOf(() => decodeCheckpoint(bytes, { name: "run/c" }))).toBe(message);
  });

  test("what is no safetensors file at all", async () => {
    expect(await messageOf(() => decodeCheckpoint(new Uint8Array(3), { name: "run/c" }))).toMatch(
      /^FormatError: run\/c: not a valid safetensors file/,
    );
  });
});

test("callbacks.checkpoint writes a file after each epoch and at the end, whole each time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fovea-"));
  try {
    const path = join(folder, "c.safetensors");
    const positions: (readonly number[])[] = [];
    const watch = {
      runsLast: true,
      onEvent: async ({ type }: { readonly type: string }) => {
        if (type !== "epochEnd" && type !== "trainEnd") return;
        const { training } = decodeCheckpoint(await readFile(path), { name: path });
        positions.push([training.epoch, training.step, training.globalStep]);
      },
    };
    const order = Int32Array.from({ length: 10 }, (_, index) => index);
    const options = {
      configuration: fakeConfiguration,
      orderOf: () => order,
      signal: null,
      resumeFrom: null,
    };
    await train(createFakeTrainee(), { ...options, callbacks: [callbacks.checkpoint({ path }), watch] });
    expect(positions).toEqual([
      [1, 0, 3],
      [2, 0, 6],
      [2, 0, 6],
    ]);
    await train(createFakeTrainee(), {
      ...options,
      callbacks: [callbacks.checkpoint({ path, every: 1e-9 })],
    });
    expect(await readdir(folder)).toEqual(["c.safetensors"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("callbacks.checkpoint checks its options", async () => {
  expect(await messageOf(() => callbacks.checkpoint({ path: "" }))).toBe(
    'OptionError: callbacks.checkpoint: option "path" must be a path, got "".',
  );
  expect(await messageOf(() => callbacks.checkpoint({ path: "x", every: 0 }))).toBe(
    'OptionError: callbacks.checkpoint: option "every" must be "epoch" or a number of seconds above 0, got 0.',
  );
});
