import { describe, expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { createFakeTrainee, type FakeTrainee, fakeConfiguration } from "../testing/fake-trainee.ts";
import type { Callback } from "./callback.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import { type TrainingOptions, train } from "./loop.ts";
import { type RunControl, runControl, steeringOf } from "./run-control.ts";

const order = Int32Array.from({ length: 10 }, (_, index) => index);

/** Two epochs of three steps, under a control. */
function run(trainee: FakeTrainee, control: RunControl, options: Partial<TrainingOptions> = {}) {
  const steering = steeringOf(control);
  return steering.during(() =>
    train(trainee, {
      configuration: fakeConfiguration,
      orderOf: () => order,
      callbacks: [],
      signal: steering.signal,
      steering,
      resumeFrom: null,
      ...options,
    }),
  );
}

/** Pauses the run when it has given the engine so many chunks. */
function pausedAt(chunk: number, control: RunControl) {
  return createFakeTrainee({ onRun: (given) => given === chunk && control.pause() });
}

describe("a run's control", () => {
  test("pauses it when what is under way has ended, and lets it go on", async () => {
    const control = runControl();
    const trainee = pausedAt(2, control);
    expect([control.state, control.position]).toEqual(["waiting", null]);
    const running = run(trainee, control);
    expect(await control.whenPaused()).toEqual({ epoch: 0, step: 2, stepsTaken: 2 });
    expect(control.state).toBe("paused");
    // Turns of the event loop in which it could go on.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(trainee.chunks).toHaveLength(2);
    control.resume();
    expect(control.state).toBe("running");
    expect(await running).toMatchObject({ reason: "completed", epoch: 2 });
    expect([control.state, control.position]).toEqual(["ended", { epoch: 2, step: 0, stepsTaken: 6 }]);
  });

  test("tells that it is about to pause", async () => {
    const control = runControl();
    const states: string[] = [];
    const trainee = createFakeTrainee({
      onRun: (chunk) => {
        states.push(control.state);
        if (chunk === 3) control.pause();
        states.push(control.state);
      },
    });
    const running = run(trainee, control);
    await control.whenPaused();
    expect(states).toEqual(["running", "running", "running", "running", "running", "pausing"]);
    control.resume();
    await running;
  });

  test("takes so many steps as it is told, over the ends of epochs", async () => {
    const control = runControl();
    control.pause();
    const trainee = createFakeTrainee({ maximumSteps: 8 });
    const running = run(trainee, control);
    expect(await control.whenPaused()).toEqual({ epoch: 0, step: 0, stepsTaken: 0 });
    const places: unknown[] = [];
    for (const count of [1, 1, 3]) {
      control.step(count);
      places.push(await control.whenPaused());
    }
    expect(places).toEqual([
      { epoch: 0, step: 1, stepsTaken: 1 },
      { epoch: 0, step: 2, stepsTaken: 2 },
      { epoch: 1, step: 2, stepsTaken: 5 },
    ]);
    // Pressed twice at once: two steps, of which there is one.
    control.step();
    control.step();
    expect(await control.whenPaused()).toBeNull();
    expect(await running).toMatchObject({ reason: "completed", epoch: 2 });
  });

  test("an epoch's end is passed with its validation before the run pauses", async () => {
    const control = runControl();
    const lines: string[] = [];
    const note: Callback = { onEvent: ({ type }) => void lines.push(type) };
    control.step(3);
    const running = run(createFakeTrainee(), control, { callbacks: [note] });
    expect(await control.whenPaused()).toEqual({ epoch: 1, step: 0, stepsTaken: 3 });
    expect(lines.slice(-3)).toEqual(["progress", "epochEnd", "epochBegin"]);
    control.stop();
    await running;
  });

  test("changes no step, wherever the run pauses", async () => {
    const whole = createFakeTrainee();
    await run(whole, runControl());
    for (let chunk = 1; chunk <= 6; chunk++) {
      const control = runControl();
      const trainee = pausedAt(chunk, control);
      const running = run(trainee, control);
      await control.whenPaused();
      control.step(1);
      await control.whenPaused();
      control.resume();
      await running;
      expect(trainee.seen).toEqual(whole.seen);
    }
  });

  test("stops it, paused or not", async () => {
    const control = runControl();
    const running = run(pausedAt(4, control), control);
    await control.whenPaused();
    control.stop();
    expect(await running).toMatchObject({ reason: "interrupted", epoch: 1, step: 1 });
    expect(await control.whenPaused()).toBeNull();

    const other = runControl();
    const trainee = createFakeTrainee({ onRun: (chunk) => chunk === 2 && other.stop() });
    expect(await run(trainee, other)).toMatchObject({ reason: "interrupted", epoch: 0, step: 2 });
  });

  test("who waits for a pause is told when the run fails", async () => {
    const control = runControl();
    const running = run(createFakeTrainee({ lossOf: () => Number.NaN }), control);
    const paused = control.whenPaused();
    expect(await messageOf(() => running)).toMatch(/^TrainingError: epoch 1, step 1 of 3: the loss is NaN/);
    expect(await paused).toBeNull();
  });

  test("time that goes by while it is paused does not count", async () => {
    const control = runControl();
    const running = run(pausedAt(1, control), control);
    await control.whenPaused();
    await new Promise((resolve) => setTimeout(resolve, 300));
    control.resume();
    const { epochs } = await running;
    expect(epochs[0].milliseconds).toBeLessThan(250);
  });

  test("serves one run only", async () => {
    const control = runControl();
    await run(createFakeTrainee(), control);
    expect(await messageOf(() => run(createFakeTrainee(), control))).toBe(
      "TrainingError: run control: it has controlled a run already, which is over. Make a new one with runControl() for each fit.",
    );
  });

  test("wrong numbers are refused", async () => {
    expect(await messageOf(() => runControl().step(0))).toBe(
      "OptionError: run control, step: the number of steps must be a whole number of at least 1, got 0.",
    );
    const setRate = (rate: number) =>
      messageOf(() => {
        runControl().learningRate = rate;
      });
    expect(await setRate(-1)).toBe(
      "TrainingError: the learning rate must be a number of at least 0, got -1.",
    );
    expect(await setRate(Number.NaN)).toMatch(/at least 0, got NaN/);
  });
});

describe("the learning rate of a running run", () => {
  /** Sets rates when the run is paused before a step; the rates of all steps. */
  async function ratesWith(changes: Readonly<Record<number, number | null>>, trainee = createFakeTrainee()) {
    const control = runControl();
    control.pause();
    const running = run(trainee, control);
    for (let position = await control.whenPaused(); position !== null; ) {
      const { stepsTaken } = position;
      if (stepsTaken in changes) control.learningRate = changes[stepsTaken] ?? null;
      control.step();
      position = await control.whenPaused();
    }
    const history = await running;
    return { rates: trainee.seen.map(({ learningRate }) => learningRate), history };
  }

  test("replaces the schedule from that step on, until the schedule is set again", async () => {
    const { rates, history } = await ratesWith({ 1: 0.5, 4: null });
    expect(rates).toEqual([1, 0.5, 0.5, 0.5, 1 / 5, 1 / 6]);
    expect(history.epochs.map(({ learningRate }) => learningRate)).toEqual([0.5, 1 / 6]);
    expect(history.rateChanges).toEqual([
      { epoch: 0, step: 1, globalStep: 1, learningRate: 0.5 },
      { epoch: 1, step: 1, globalStep: 4, learningRate: null },
    ]);
  });

  test("the same rate again is no change", async () => {
    const { history } = await ratesWith({ 0: null, 1: 0.5, 2: 0.5 });
    expect(history.rateChanges).toHaveLength(1);
  });

  test("progress tells the rate that the last step had, not the one that is set since", async () => {
    const control = runControl();
    const rates: number[] = [];
    const note: Callback = {
      onProgress: ({ step, learningRate }) => {
        rates.push(learningRate);
        if (step === 1) control.learningRate = 0.25;
      },
    };
    const trainee = createFakeTrainee();
    await run(trainee, control, { callbacks: [note] });
    expect(rates).toEqual(trainee.seen.map(({ learningRate }) => learningRate));
    expect(rates).toContain(0.25);
  });

  test("a run that is resumed goes on with it, and knows since when", async () => {
    const whole = createFakeTrainee();
    const expected = await ratesWith({ 2: 0.5 }, whole);
    const control = runControl();
    let bytes = new Uint8Array();
    const save: Callback = {
      onTrainEnd: async (_, callback) => {
        bytes = await callback.saveCheckpoint();
      },
    };
    control.step(2);
    const first = createFakeTrainee();
    const running = run(first, control, { callbacks: [save] });
    await control.whenPaused();
    // Set, but no step has seen it.
    control.learningRate = 0.5;
    control.stop();
    expect((await running).rateChanges).toEqual([]);

    const checkpoint: Checkpoint = decodeCheckpoint(bytes, { name: "test" });
    expect(checkpoint.training).toMatchObject({ globalStep: 2, learningRate: 0.5, rateChanges: [] });
    const resumed = createFakeTrainee();
    const again = runControl();
    const history = await run(resumed, again, { resumeFrom: checkpoint });
    expect(again.learningRate).toBe(0.5);
    expect([...first.seen, ...resumed.seen]).toEqual(whole.seen);
    expect(history.rateChanges).toEqual(expected.history.rateChanges);

    const back = runControl();
    back.learningRate = null;
    const scheduled = createFakeTrainee();
    await run(scheduled, back, { resumeFrom: checkpoint });
    expect(scheduled.seen.map(({ learningRate }) => learningRate)).toEqual([1 / 3, 1 / 4, 1 / 5, 1 / 6]);
  });
});
