import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImageStream } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint, runControl } from "../train/index.ts";
import { crossValidate } from "./cross-validation.ts";
import { Model } from "./model.ts";

const data = halves(11);
const options = { epochs: 3, batchSize: 4, seed: 7, augment: { shift: 1 }, validationData: halves(5, 9) };

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 2 });
});
afterAll(async () => {
  await engine.close();
});

test("a paused model may be looked at in every way; the run ends with the same bits", async () => {
  const whole = small(engine);
  const expected = await whole.fit(data, options);
  const model = small(engine);
  const control = runControl();
  control.pause();
  const running = model.fit(data, { ...options, control });
  const losses: number[] = [];
  for (let position = await control.whenPaused(); position !== null; position = await control.whenPaused()) {
    const maps = await model.activations(data.images, { layers: ["conv2d"] });
    expect(maps.get("conv2d")?.shape).toEqual([11, 4, 4, 2]);
    losses.push((await model.evaluate(data, { batchSize: 3 + losses.length })).loss);
    await model.predict(data.images);
    const weights = await model.getWeights();
    const copy = Model.fromBytes(await model.toBytes(), { engine });
    expect(await copy.getWeights()).toEqual(weights);
    control.step();
  }
  const history = await running;
  expect(losses).toHaveLength(9);
  expect(new Set(losses).size).toBe(9);
  expect(await model.getWeights()).toEqual(await whole.getWeights());
  const figures = ({ epochs }: typeof history) => epochs.map((record) => ({ ...record, milliseconds: 0 }));
  expect(figures(history)).toEqual(figures(expected));
});

test("a running model may be looked at, too, and does not notice", async () => {
  const whole = small(engine);
  await whole.fit(data, { ...options, epochs: 20 });
  const model = small(engine);
  let looks = 0;
  const look = async () => {
    await model.activations(data.images, { layers: ["conv2d"] });
    await model.evaluate(data);
    looks++;
  };
  const looking: Promise<void>[] = [];
  await model.fit(data, {
    ...options,
    epochs: 20,
    // Awaited between chunks, and at the same time as the steps that are under way.
    callbacks: [{ onProgress: look }, { onProgress: () => void looking.push(look()) }],
  });
  await Promise.all(looking);
  expect(looks).toBeGreaterThan(20);
  expect(await model.getWeights()).toEqual(await whole.getWeights());
});

test("a changed rate makes other weights, and a checkpoint goes on with it, bit for bit", async () => {
  const steered = async (stopAt: number | null) => {
    const model = small(engine);
    const control = runControl();
    let bytes = new Uint8Array();
    const save: Callback = {
      onTrainEnd: async (_, run) => {
        bytes = await run.saveCheckpoint();
      },
    };
    control.step(4);
    const running = model.fit(data, {
      ...options,
      control,
      callbacks: [save],
    });
    await control.whenPaused();
    control.learningRate = 0.001;
    if (stopAt === null) control.resume();
    else {
      control.step(stopAt - 4);
      await control.whenPaused();
      control.stop();
    }
    return { history: await running, weights: await model.getWeights(), bytes };
  };
  const unsteered = small(engine);
  await unsteered.fit(data, options);
  const whole = await steered(null);
  expect(whole.weights).not.toEqual(await unsteered.getWeights());
  expect(whole.history.rateChanges).toEqual([{ epoch: 1, step: 1, globalStep: 4, learningRate: 0.001 }]);
  const part = await steered(6);
  expect(part.history).toMatchObject({ reason: "interrupted", epoch: 2, step: 0 });
  const checkpoint = decodeCheckpoint(part.bytes, { name: "test" });
  const resumed = Model.fromCheckpoint(checkpoint, { engine });
  const history = await resumed.fit(data, {
    resumeFrom: checkpoint,
    validationData: options.validationData,
  });
  expect(history.rateChanges).toEqual(whole.history.rateChanges);
  expect(await resumed.getWeights()).toEqual(whole.weights);
});

test("a run on a stream pauses and goes on, and gives up what is being read when it is stopped", async () => {
  const { images, labels, classNames } = data;
  const stream: ImageStream = {
    ...{ name: "stream", imageShape: [4, 4, 1], labels, classNames },
    read: async (indices) => {
      const bytes = new Uint8Array(indices.length * 16);
      for (const [place, index] of indices.entries())
        bytes.set(images.data.subarray(index * 16, (index + 1) * 16), place * 16);
      return bytes;
    },
  };
  const whole = small(engine);
  await whole.fit(stream, options);
  const model = small(engine);
  const control = runControl();
  control.step(4);
  const running = model.fit(stream, { ...options, control });
  expect(await control.whenPaused()).toEqual({ epoch: 1, step: 1, stepsTaken: 4 });
  control.resume();
  expect((await running).reason).toBe("completed");
  expect(await model.getWeights()).toEqual(await whole.getWeights());

  const stopped = runControl();
  const endless: ImageStream = { ...stream, read: () => new Promise(() => {}) };
  const stuck = small(engine).fit(endless, { ...options, control: stopped });
  stopped.stop();
  expect(await stuck).toMatchObject({ reason: "interrupted", epoch: 0, step: 0 });
});

test("a signal ends a paused run as well", async () => {
  const control = runControl();
  const abort = new AbortController();
  control.pause();
  const running = small(engine).fit(data, { ...options, control, signal: abort.signal });
  await control.whenPaused();
  abort.abort();
  expect(await running).toMatchObject({ reason: "interrupted", epoch: 0, step: 0 });
});

test("what is no control, and where there is no place for one", async () => {
  const fit = (control: unknown) =>
    messageOf(() => small(engine).fit(data, { ...options, control } as object));
  expect(await fit({ pause: true })).toBe(
    'OptionError: fit: option "control" must be a control from runControl(), got {"pause":true}.',
  );
  const folds = { folds: 2, control: runControl() } as object;
  expect(await messageOf(() => crossValidate(() => small(engine), data, folds))).toBe(
    'OptionError: crossValidate: option "control" has no place here. It controls one run of fit, and each fold is one. Stop them all with signal.',
  );
});

test("options that fit refuses leave the control as it was", async () => {
  const control = runControl();
  expect(await messageOf(() => small(engine).fit(data, { epochs: 0, control }))).toMatch(/option "epochs"/);
  expect(control.state).toBe("waiting");
  expect((await small(engine).fit(data, { ...options, epochs: 1, control })).reason).toBe("completed");
  expect(control.state).toBe("ended");
});
