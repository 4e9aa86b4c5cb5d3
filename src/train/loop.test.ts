import { describe, expect, test } from "vitest";
import { RandomStream, threefry2x32 } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { createFakeTrainee, type FakeTrainee, fakeConfiguration } from "../testing/fake-trainee.ts";
import type { Callback } from "./callback.ts";
import * as callbacks from "./callbacks.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import type { TrainingEvent } from "./events.ts";
import { type TrainingOptions, train } from "./loop.ts";

const order = Int32Array.from({ length: 10 }, (_, index) => index);

function run(trainee: FakeTrainee, options: Partial<TrainingOptions> = {}) {
  return train(trainee, {
    configuration: fakeConfiguration,
    orderOf: () => order,
    callbacks: [],
    signal: null,
    resumeFrom: null,
    ...options,
  });
}

/** Keeps what happened, as short texts. */
function recorder() {
  const lines: string[] = [];
  const events: TrainingEvent[] = [];
  const callback: Callback = {
    onEvent: (event) => {
      events.push(event);
      const at =
        "step" in event ? ` ${event.epoch}/${event.step}` : "epoch" in event ? ` ${event.epoch}` : "";
      lines.push(`${event.type}${at}${"reason" in event ? ` ${event.reason}` : ""}`);
    },
  };
  return { lines, events, callback };
}

describe("the loop", () => {
  test("tells all that happens, in order", async () => {
    const { lines, events, callback } = recorder();
    const history = await run(createFakeTrainee(), { callbacks: [callback] });
    expect(lines).toEqual([
      "trainBegin 0/0",
      "epochBegin 0",
      "progress 0/1",
      "progress 0/2",
      "progress 0/3",
      "epochEnd 0/3",
      "epochBegin 1",
      "progress 1/1",
      "progress 1/2",
      "progress 1/3",
      "epochEnd 1/3",
      "trainEnd 2/0 completed",
    ]);
    expect(events[0]).toEqual({
      type: "trainBegin",
      model: "fake",
      examples: 10,
      epochs: 2,
      batchSize: 4,
      stepsPerEpoch: 3,
      epoch: 0,
      step: 0,
    });
    expect(history).toMatchObject({ reason: "completed", epoch: 2, step: 0 });
    expect(history.epochs).toHaveLength(2);
  });

  test("gives each step its examples, its number, its key and its rate", async () => {
    const trainee = createFakeTrainee();
    await run(trainee);
    expect(trainee.seen.map(({ indices }) => [...indices])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(trainee.seen.map(({ globalStep }) => globalStep)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(trainee.seen.map(({ learningRate }) => learningRate)).toEqual([
      1,
      1 / 2,
      1 / 3,
      1 / 4,
      1 / 5,
      1 / 6,
    ]);
    const { key } = new RandomStream(1).split("step");
    expect(trainee.seen.map((step) => step.key)).toEqual(
      [0, 1, 2, 3, 4, 5].map((step) => threefry2x32(key, step, 0)),
    );
    expect(trainee.stepsTaken).toBe(6);
  });

  test("the epoch's loss is the mean over examples, not over steps", async () => {
    const history = await run(createFakeTrainee({ lossOf: (step) => [1, 2, 6][step % 3] }));
    expect(history.epochs.map(({ loss }) => loss)).toEqual([2.4, 2.4]);
    expect(history.epochs[0].metrics).toEqual({ accuracy: 0.5 });
    expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([1 / 3, 1 / 6]);
  });

  test("chunks grow when steps are quick, and never mix batch sizes", async () => {
    const trainee = createFakeTrainee({ maximumSteps: 64 });
    const configuration = { ...fakeConfiguration, examples: 402, epochs: 1 };
    const all = Int32Array.from({ length: 402 }, (_, index) => index);
    await run(trainee, { configuration, orderOf: () => all });
    expect(trainee.chunks.reduce((sum, size) => sum + size, 0)).toBe(101);
    expect(Math.max(...trainee.chunks)).toBeGreaterThan(4);
    expect(Math.max(...trainee.chunks)).toBeLessThanOrEqual(64);
    expect(trainee.chunks.at(-1)).toBe(1);
    expect(trainee.seen.flatMap(({ indices }) => [...indices])).toEqual([...all]);
  });

  test("timers fire while it trains", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await run(createFakeTrainee(), { configuration: { ...fakeConfiguration, epochs: 10 } });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test("an abort ends it after the steps that are running, and they count", async () => {
    const abort = new AbortController();
    const trainee = createFakeTrainee({ onRun: (chunk) => chunk === 4 && abort.abort() });
    const { lines, callback } = recorder();
    const history = await run(trainee, { callbacks: [callback], signal: abort.signal });
    expect(history).toMatchObject({ reason: "interrupted", epoch: 1, step: 1 });
    expect(trainee.stepsTaken).toBe(4);
    expect(lines.slice(-2)).toEqual(["progress 1/1", "trainEnd 1/1 interrupted"]);
  });

  test("aborted before the first step it takes none", async () => {
    const history = await run(createFakeTrainee(), { signal: AbortSignal.abort() });
    expect(history).toEqual({ reason: "interrupted", epoch: 0, step: 0, epochs: [], rateChanges: [] });
  });

  test("a loss that is not a number stops it, naming epoch and step", async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const trainee = createFakeTrainee({ lossOf: (step) => (step === 4 ? bad : 1) });
      expect(await messageOf(() => run(trainee))).toBe(
        `TrainingError: epoch 2, step 2 of 3: the loss is ${bad}. Try a lower learning rate or clipped gradients (clipNorm: 1, --clip-norm 1), and check the data for values out of range.`,
      );
    }
  });

  test("progress tells the loss of each step once, those before a failure too", async () => {
    const losses: number[] = [];
    const seen: Callback = { onProgress: (event) => void losses.push(...event.losses) };
    const saving: Callback = { onProgress: async (_, control) => void (await control.saveCheckpoint()) };
    await run(createFakeTrainee({ lossOf: (step) => step }), { callbacks: [seen, saving] });
    expect(losses).toEqual([0, 1, 2, 3, 4, 5]);

    losses.length = 0;
    const failing = createFakeTrainee({
      lossOf: (step) => (step === 5 ? Number.NaN : step),
      maximumSteps: 2,
    });
    expect(await messageOf(() => run(failing, { callbacks: [seen, saving] }))).toMatch(
      /^TrainingError: epoch 2, step 3 of 3: the loss is NaN/,
    );
    expect(losses).toEqual([0, 1, 2, 3, 4]);
  });

  test("weights that are not numbers are never saved", async () => {
    const trainee = createFakeTrainee();
    const spoilt: Callback = {
      onEpochEnd: async (_, control) => {
        await control.writeWeights(
          new Map(
            [...(await control.readWeights())].map(([name, tensor]) => {
              tensor.data[0] = Number.NaN;
              return [name, tensor];
            }),
          ),
        );
        await control.saveCheckpoint();
      },
    };
    expect(await messageOf(() => run(trainee, { callbacks: [spoilt] }))).toMatch(
      /^TrainingError: epoch 2, step 1 of 3: "weight" holds NaN or infinity\. Try a lower learning rate/,
    );
  });

  test("an error in a callback or in a step ends it", async () => {
    const failing: Callback = {
      onProgress: () => {
        throw new Error("mine");
      },
    };
    expect(await messageOf(() => run(createFakeTrainee(), { callbacks: [failing] }))).toBe("Error: mine");
    const trainee = createFakeTrainee({
      onRun: (chunk) => {
        if (chunk === 3) throw new Error("engine");
      },
    });
    expect(await messageOf(() => run(trainee))).toBe("Error: engine");
  });
});

describe("control", () => {
  test("stop ends it early", async () => {
    const stopper: Callback = { onEpochEnd: (_, control) => control.stop() };
    expect(await run(createFakeTrainee(), { callbacks: [stopper] })).toMatchObject({
      reason: "stoppedEarly",
      epoch: 1,
      step: 0,
    });
  });

  test("the learning rate can be set, and stays until it is set again", async () => {
    const trainee = createFakeTrainee();
    const schedule = callbacks.learningRateSchedule((epoch, rate) => (epoch === 0 ? rate : rate / 8));
    await run(trainee, { callbacks: [schedule] });
    expect(trainee.seen.map(({ learningRate }) => learningRate)).toEqual([1, 1, 1, 1 / 8, 1 / 8, 1 / 8]);
    const wrong = callbacks.learningRateSchedule(() => Number.NaN);
    expect(await messageOf(() => run(createFakeTrainee(), { callbacks: [wrong] }))).toBe(
      "TrainingError: the learning rate must be a number of at least 0, got NaN.",
    );
  });

  test("callbacks that run last come last", async () => {
    const calls: string[] = [];
    const note = (name: string, runsLast: boolean): Callback => ({
      runsLast,
      onEpochEnd: () => void calls.push(name),
    });
    await run(createFakeTrainee(), {
      callbacks: [note("last", true), note("first", false), note("second", false)],
    });
    expect(calls).toEqual(["first", "second", "last", "first", "second", "last"]);
  });
});

describe("checkpoints", () => {
  const configuration = { ...fakeConfiguration, epochs: 3 };

  /** A run that is aborted at a chunk, and the checkpoint that was taken at its end. */
  async function interruptedAt(chunk: number, extra: readonly Callback[] = []): Promise<Checkpoint> {
    const abort = new AbortController();
    const trainee = createFakeTrainee({
      lossOf: (step) => 1 / 3 / (step + 1),
      onRun: (count) => count === chunk && abort.abort(),
    });
    let bytes: Uint8Array | undefined;
    const save: Callback = {
      runsLast: true,
      onTrainEnd: async (_, control) => {
        bytes = await control.saveCheckpoint("end");
      },
    };
    await run(trainee, { configuration, callbacks: [...extra, save], signal: abort.signal });
    return decodeCheckpoint(bytes ?? new Uint8Array(), { name: "test" });
  }

  const withoutTimes = (value: unknown) =>
    JSON.parse(JSON.stringify(value, (key, entry) => (key === "milliseconds" ? 0 : entry)));

  test("a run that is resumed at any step ends as one that was not stopped", async () => {
    const lossOf = (step: number) => 1 / 3 / (step + 1);
    const whole = createFakeTrainee({ lossOf });
    const expected = await run(whole, { configuration });
    for (let chunk = 1; chunk <= 9; chunk++) {
      const checkpoint = await interruptedAt(chunk);
      expect(checkpoint.training).toMatchObject({
        epoch: Math.floor(chunk / 3),
        step: chunk % 3,
        globalStep: chunk,
        ended: chunk === 9 ? "completed" : "interrupted",
      });
      const trainee = createFakeTrainee({ lossOf });
      const history = await run(trainee, { configuration, resumeFrom: checkpoint });
      expect(withoutTimes(history)).toEqual(withoutTimes(expected));
      expect(trainee.seen).toEqual(whole.seen.slice(chunk));
      expect((await trainee.readWeights()).get("weight")?.data).toEqual(Float32Array.of(9));
    }
  });

  test("a checkpoint in the middle counts the steps that were in flight", async () => {
    const saved: Checkpoint[] = [];
    const save: Callback = {
      onProgress: async (_, control) => {
        saved.push(decodeCheckpoint(await control.saveCheckpoint(), { name: "test" }));
      },
    };
    const { lines, callback } = recorder();
    const trainee = createFakeTrainee();
    await run(trainee, { callbacks: [save, callback] });
    expect(saved.map(({ training: { epoch, step, globalStep } }) => [epoch, step, globalStep])).toEqual([
      [0, 2, 2],
      [0, 3, 3],
      [1, 2, 5],
      [1, 3, 6],
    ]);
    expect(saved.map(({ variables }) => variables.get("weight")?.data[0])).toEqual([2, 3, 5, 6]);
    expect(lines.filter((line) => line.startsWith("checkpoint"))).toEqual([
      "checkpoint 0/2 callback",
      "checkpoint 0/3 callback",
      "checkpoint 1/2 callback",
      "checkpoint 1/3 callback",
    ]);
    expect(trainee.stepsTaken).toBe(6);
  });

  test("a learning rate that was set is kept, and so is what callbacks remember", async () => {
    const counting = () => {
      let epochs = 0;
      const callback: Callback = {
        name: "counting",
        onEpochBegin: (_, control) => {
          epochs++;
          control.learningRate = epochs;
        },
        state: () => ({ values: { epochs } }),
        restore: ({ values }) => {
          epochs = Number(Object(values).epochs);
        },
      };
      return { callback, epochs: () => epochs };
    };
    const checkpoint = await interruptedAt(5, [counting().callback]);
    expect(checkpoint.training.learningRate).toBe(2);
    const again = counting();
    const trainee = createFakeTrainee();
    await run(trainee, { configuration, resumeFrom: checkpoint, callbacks: [again.callback] });
    expect(trainee.seen.map(({ learningRate }) => learningRate)).toEqual([2, 3, 3, 3]);
    expect(again.epochs()).toBe(3);
  });

  test("a run that is complete goes on when it is given more epochs", async () => {
    const checkpoint = await interruptedAt(9);
    const done = await run(createFakeTrainee(), { configuration, resumeFrom: checkpoint });
    expect(done).toMatchObject({ reason: "completed", epoch: 3 });
    const trainee = createFakeTrainee();
    await run(trainee, { configuration: { ...configuration, epochs: 4 }, resumeFrom: checkpoint });
    expect(trainee.seen.map(({ globalStep }) => globalStep)).toEqual([9, 10, 11]);
  });
});
