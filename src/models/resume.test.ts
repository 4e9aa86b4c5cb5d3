import { describe, expect, test } from "vitest";
import type { ImageDataset } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint, type History } from "../train/index.ts";
import { Model } from "./model.ts";

/** Counts the calls that run training steps, and tells of each. */
function watched(engine: Engine, onTrainingRun: (call: number) => void): Engine {
  let calls = 0;
  return {
    ...engine,
    openSession: async () => {
      const session = await engine.openSession();
      return {
        ...methodsOf(session),
        compile: async (graph) => {
          const program = await session.compile(graph, { maximumSteps: 1 });
          const isTraining = graph.updates.length > 0;
          return {
            plan: program.plan,
            maximumSteps: 1,
            profile: (feeds) => program.profile(feeds),
            run: (feeds) => {
              if (isTraining) onTrainingRun(++calls);
              return program.run(feeds);
            },
          };
        },
      };
    },
  };
}

function methodsOf(session: Awaited<ReturnType<Engine["openSession"]>>) {
  return {
    forecast: session.forecast.bind(session),
    allocate: session.allocate.bind(session),
    variables: session.variables.bind(session),
    read: session.read.bind(session),
    write: session.write.bind(session),
    readAll: session.readAll.bind(session),
    lease: session.lease.bind(session),
    close: session.close.bind(session),
  };
}

describe("resume", () => {
  const data = halves(11);
  const options = {
    epochs: 3,
    batchSize: 4,
    seed: 7,
    augment: { shift: 1 },
    validationData: halves(5, 9),
  };
  const steps = 9;

  const withoutTimes = (history: History) => history.epochs.map((record) => ({ ...record, milliseconds: 0 }));

  test("at every step: the same weights, bit for bit, and the same figures", async () => {
    const whole = small(createRoundingEngine());
    const expected = await whole.fit(data, options);
    const weights = await whole.getWeights();
    expect(expected.epochs.at(-1)?.loss).toBeLessThan(expected.epochs[0].loss);
    for (let stop = 1; stop < steps; stop++) {
      const abort = new AbortController();
      let bytes = new Uint8Array();
      const save: Callback = {
        onTrainEnd: async (_, control) => {
          bytes = await control.saveCheckpoint();
        },
      };
      const engine = watched(createRoundingEngine(), (call) => call === stop && abort.abort());
      const first = small(engine);
      const part = await first.fit(data, { ...options, callbacks: [save], signal: abort.signal });
      expect(part).toMatchObject({ reason: "interrupted", epoch: Math.floor(stop / 3), step: stop % 3 });
      const checkpoint = decodeCheckpoint(bytes, { name: "test" });
      const second = Model.fromCheckpoint(checkpoint, { engine: createRoundingEngine() });
      const { validationData } = options;
      const history = await second.fit(data, { resumeFrom: checkpoint, validationData });
      expect(history.reason).toBe("completed");
      expect(withoutTimes(history)).toEqual(withoutTimes(expected));
      expect(await second.getWeights()).toEqual(weights);
    }
  });

  test("a checkpoint is also a model file", async () => {
    const model = small(createRoundingEngine());
    let bytes = new Uint8Array();
    const save: Callback = {
      onEpochEnd: async (_, control) => {
        bytes = await control.saveCheckpoint();
      },
    };
    await model.fit(data, { epochs: 1, callbacks: [save] });
    const loaded = Model.fromBytes(bytes, { engine: createRoundingEngine() });
    expect(await loaded.getWeights()).toEqual(await model.getWeights());
  });

  test("other data, options or models are refused", async () => {
    const model = small(createReferenceEngine());
    let bytes = new Uint8Array();
    const save: Callback = {
      onTrainEnd: async (_, control) => {
        bytes = await control.saveCheckpoint();
      },
    };
    await model.fit(data, { ...options, epochs: 1, callbacks: [save] });
    const resume = (other: object, dataset: ImageDataset = data) =>
      messageOf(() =>
        small(createReferenceEngine()).fit(dataset, { resumeFrom: bytes, epochs: 2, ...other }),
      );
    expect(await resume({ batchSize: 5 })).toBe(
      "OptionError: fit: the run to resume has batchSize 4, not 5. Leave batchSize away to go on with the run's own, or start afresh.",
    );
    expect(await resume({ seed: 8 })).toMatch(/has seed 7, not 8/);
    expect(await resume({ augment: { shift: 2 } })).toMatch(/has shift 1, not 2/);
    expect(await resume({}, halves(12))).toBe(
      "DataError: halves: the run to resume was trained on 11 images of [4, 4, 1], here are 12 images of [4, 4, 1]. Resume with the same data.",
    );
    const other = small(createReferenceEngine());
    other.compile({ optimizer: "sgd" });
    expect(await messageOf(() => other.fit(data, { resumeFrom: bytes }))).toMatch(
      /^OptionError: model "small": the checkpoint is of another model or optimizer: under "optimizer\/firstMoment\/batchNormalization.bias" it has \[2\], not nothing\. Make the model with Model.fromCheckpoint/,
    );
  });
});
