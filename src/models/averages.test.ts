import { describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint } from "../train/index.ts";
import { Model } from "./model.ts";

const momentum = 0.75;
const data = halves(11);
/** One step an epoch. */
const options = { epochs: 5, batchSize: 11, seed: 7, validationData: halves(5, 9) };

/** A model's weights before the first step and after each, without averages. */
async function trajectory(engine: Engine): Promise<Map<string, Tensor>[]> {
  const model = small(engine, 1);
  const states = [await model.getWeights()];
  const note: Callback = { onEpochEnd: async (_, control) => void states.push(await control.readWeights()) };
  await model.fit(data, { ...options, callbacks: [note] });
  return states;
}

describe("averages", () => {
  test("are those of the weights and running statistics after each step, from the first weights on", async () => {
    const model = small(createReferenceEngine(), 1);
    const { epochs } = await model.fit(data, { ...options, emaMomentum: momentum });
    const weights = await model.getWeights();
    const [first, ...states] = await trajectory(createReferenceEngine());
    for (const [name, value] of weights) {
      const expected = Float64Array.from(first.get(name)?.data ?? []);
      for (const state of states) {
        const now = state.get(name)?.data ?? [];
        expected.forEach((average, index) => {
          expected[index] = momentum * average + (1 - momentum) * now[index];
        });
      }
      expect(value.data, name).toBeCloseToTensor(expected, { absolute: 1e-6 });
    }
    expect(weights.get("dense.weight")).not.toEqual(states.at(-1)?.get("dense.weight"));
    const { examples, ...scores } = await model.evaluate(options.validationData);
    expect(epochs.at(-1)?.validation).toEqual(scores);
  });

  test.each([1, 3])(
    "a run in %i pieces goes on from a checkpoint bit for bit",
    async (gradientAccumulation) => {
      const run = { ...options, batchSize: 4, emaMomentum: momentum, gradientAccumulation };
      let bytes = new Uint8Array();
      const save: Callback = {
        onEpochEnd: async ({ epoch }, control) => {
          if (epoch === 1) bytes = await control.saveCheckpoint();
        },
      };
      const whole = small(createRoundingEngine(), 1);
      const expected = await whole.fit(data, { ...run, callbacks: [save] });
      const checkpoint = decodeCheckpoint(bytes, { name: "test" });
      const resumed = Model.fromCheckpoint(checkpoint, { engine: createRoundingEngine() });
      const history = await resumed.fit(data, {
        resumeFrom: checkpoint,
        validationData: options.validationData,
      });
      const figures = (epochs: typeof history.epochs) =>
        epochs.map((epoch) => ({ ...epoch, milliseconds: 0 }));
      expect(figures(history.epochs)).toEqual(figures(expected.epochs));
      expect(await resumed.getWeights()).toEqual(await whole.getWeights());
      // As a model, a checkpoint is the averages at that moment: what validation saw.
      const { examples, ...scores } = await Model.fromBytes(bytes, {
        engine: createRoundingEngine(),
      }).evaluate(options.validationData);
      expect(scores).toEqual(expected.epochs[1]?.validation);
      const other = { resumeFrom: checkpoint, emaMomentum: 0.5 };
      expect(await messageOf(() => resumed.fit(data, other))).toMatch(
        /^OptionError: fit: the run to resume has emaMomentum 0.75, not 0.5\./,
      );
    },
  );

  test("a callback reads what validation saw, and what it writes is what the model has", async () => {
    const model = small(createRoundingEngine(), 1);
    const seen: Map<string, Tensor>[] = [];
    const keepFirst: Callback = {
      onEpochEnd: async (_, control) => void seen.push(await control.readWeights()),
      onTrainEnd: (_, control) => control.writeWeights(seen[0]),
    };
    const { epochs } = await model.fit(data, { ...options, emaMomentum: momentum, callbacks: [keepFirst] });
    expect(await model.getWeights()).toEqual(seen[0]);
    const { examples, ...scores } = await model.evaluate(options.validationData);
    expect(scores).toEqual(epochs[0]?.validation);
  });
});
