import { expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { createFakeTrainee, fakeConfiguration } from "../testing/fake-trainee.ts";
import type { Callback } from "./callback.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
import { train } from "./loop.ts";

const stepsPerEpoch = 3;
const configuration = { ...fakeConfiguration, epochs: 6 };
const order = Int32Array.from({ length: 10 }, (_, index) => index);
const base = { configuration, orderOf: () => order, signal: null, resumeFrom: null };

/** A trainee whose validation loss after each epoch is as given; the weight counts the steps. */
function withLosses(losses: readonly number[]) {
  return createFakeTrainee({
    validationOf: (steps) => ({
      loss: losses[steps / stepsPerEpoch - 1],
      accuracy: 1 - losses[steps / stepsPerEpoch - 1],
    }),
  });
}

async function epochsUntilStop(options: EarlyStoppingOptions, losses: readonly number[]): Promise<number> {
  const history = await train(withLosses(losses), { ...base, callbacks: [earlyStopping(options)] });
  return history.epochs.length;
}

test("stops after as many epochs without improvement as it has patience for", async () => {
  const losses = [0.9, 0.5, 0.6, 0.55, 0.4, 0.3];
  expect(await epochsUntilStop({}, losses)).toBe(3);
  expect(await epochsUntilStop({ patience: 1 }, losses)).toBe(3);
  expect(await epochsUntilStop({ patience: 2 }, losses)).toBe(4);
  expect(await epochsUntilStop({ patience: 3 }, losses)).toBe(6);
  expect(await epochsUntilStop({ minDelta: 0.45 }, losses)).toBe(2);
  expect(await epochsUntilStop({ monitor: "valAccuracy" }, losses)).toBe(3);
  expect(await epochsUntilStop({ monitor: "valAccuracy", mode: "min" }, losses)).toBe(2);
  expect(await epochsUntilStop({ monitor: "loss" }, losses)).toBe(2);
  expect(await epochsUntilStop({ patience: 2 }, [0.9, Number.NaN, Number.NaN, 0.1, 0.1, 0.1])).toBe(3);
});

test("the best weights come back at the end", async () => {
  const trainee = withLosses([0.9, 0.5, 0.6, 0.7, 0.8, 0.9]);
  await train(trainee, { ...base, callbacks: [earlyStopping({ patience: 2, restoreBestWeights: true })] });
  expect((await trainee.readWeights()).get("weight")?.data[0]).toBe(2 * stepsPerEpoch);
  const last = withLosses([0.9, 0.5, 0.6, 0.7, 0.8, 0.9]);
  await train(last, { ...base, callbacks: [earlyStopping({ patience: 2 })] });
  expect((await last.readWeights()).get("weight")?.data[0]).toBe(4 * stepsPerEpoch);
});

test("what it remembers survives a resume, the best weights too", async () => {
  const losses = [0.9, 0.5, 0.6, 0.7, 0.8, 0.9];
  const make = () => earlyStopping({ patience: 3, restoreBestWeights: true });
  let bytes = new Uint8Array();
  const stopAfterThree: Callback = {
    runsLast: true,
    onEpochEnd: async ({ epoch }, control) => {
      if (epoch === 2) bytes = await control.saveCheckpoint();
    },
  };
  await train(withLosses(losses), { ...base, callbacks: [stopAfterThree, make()] });
  const resumeFrom = decodeCheckpoint(bytes, { name: "test" });
  const trainee = withLosses(losses);
  const history = await train(trainee, { ...base, resumeFrom, callbacks: [make()] });
  expect(history).toMatchObject({ reason: "stoppedEarly", epoch: 5 });
  expect((await trainee.readWeights()).get("weight")?.data[0]).toBe(2 * stepsPerEpoch);
});

test("a run that it has stopped stays stopped when it is resumed", async () => {
  let bytes = new Uint8Array();
  const save: Callback = {
    runsLast: true,
    onEpochEnd: async (_, control) => {
      bytes = await control.saveCheckpoint();
    },
  };
  await train(withLosses([0.5, 0.6, 0.1, 0.1, 0.1, 0.1]), { ...base, callbacks: [earlyStopping(), save] });
  const resumeFrom = decodeCheckpoint(bytes, { name: "test" });
  const trainee = withLosses([0.5, 0.6, 0.1, 0.1, 0.1, 0.1]);
  const history = await train(trainee, { ...base, resumeFrom, callbacks: [earlyStopping()] });
  expect(history).toMatchObject({ reason: "stoppedEarly", epoch: 2 });
  expect(trainee.seen).toEqual([]);
});

test("one callback can serve several runs", async () => {
  const callback = earlyStopping();
  const losses = [0.9, 0.5, 0.6, 0.55, 0.4, 0.3];
  for (let time = 0; time < 2; time++) {
    expect((await train(withLosses(losses), { ...base, callbacks: [callback] })).epochs).toHaveLength(3);
  }
});

test("a figure that is not there is named", async () => {
  expect(await messageOf(() => epochsUntilStop({ monitor: "valAcuracy" }, [1, 1]))).toBe(
    'OptionError: callbacks.earlyStopping: there is no "valAcuracy" to watch. Did you mean "valAccuracy"? Known: loss, accuracy, valLoss, valAccuracy.',
  );
  const without = () => train(createFakeTrainee(), { ...base, callbacks: [earlyStopping()] });
  expect(await messageOf(without)).toBe(
    'OptionError: callbacks.earlyStopping: there is no "valLoss" to watch. Give fit validationData or validationSplit.',
  );
  expect(await messageOf(() => earlyStopping({ patience: -1 }))).toBe(
    'OptionError: callbacks.earlyStopping: option "patience" must be a whole number of at least 0, got -1.',
  );
});
