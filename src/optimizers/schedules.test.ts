import { expect, test } from "vitest";
import { messageOf } from "../testing/error-message.ts";
import { learningRateAt, readSchedule, type Schedule } from "./schedule.ts";
import * as schedules from "./schedule-factories.ts";

const rates = (schedule: Schedule, steps: readonly number[]) =>
  steps.map((step) => learningRateAt(schedule, step));

test("constant", () => {
  expect(rates(schedules.constant({ learningRate: 0.25 }), [0, 5, 1e6])).toEqual([0.25, 0.25, 0.25]);
  expect(learningRateAt(0.5, 3)).toBe(0.5);
});

test("step falls every decaySteps", () => {
  const schedule = schedules.step({ initialLearningRate: 0.8, decaySteps: 3, decayRate: 0.5 });
  expect(rates(schedule, [0, 2, 3, 5, 6, 9])).toEqual([0.8, 0.8, 0.4, 0.4, 0.2, 0.1]);
});

test("exponential falls or rises by the same factor at every step", () => {
  const falling = schedules.exponential({ initialLearningRate: 0.8, decaySteps: 2, decayRate: 0.25 });
  expect(rates(falling, [0, 1, 2, 5])).toBeCloseToTensor([0.8, 0.4, 0.2, 0.025], { absolute: 1e-15 });
  const rising = schedules.exponential({ initialLearningRate: 1e-6, decaySteps: 3, decayRate: 1000 });
  expect(rates(rising, [0, 1, 3, 6])).toBeCloseToTensor([1e-6, 1e-5, 1e-3, 1], { relative: 1e-12 });
});

test("cosine falls along half a wave and stays at its end", () => {
  const schedule = schedules.cosine({ initialLearningRate: 2, decaySteps: 12, alpha: 0.1 });
  const expected = [2, 1.1 + 0.9 * Math.cos(Math.PI / 3), 1.1, 0.2, 0.2];
  expect(rates(schedule, [0, 4, 6, 12, 99])).toBeCloseToTensor(expected, { absolute: 1e-14 });
});

test("oneCycle has the rates of PyTorch 2.13's OneCycleLR(max_lr=1, total_steps=10)", () => {
  const schedule = schedules.oneCycle({ maximumLearningRate: 1, totalSteps: 10 });
  const expected = [
    0.040000000000000036, 0.52, 1, 0.9504846320134737, 0.8117456539497631, 0.6112620219362893,
    0.38874197806371075, 0.18825834605023697, 0.049519367986526286, 4e-6,
  ];
  expect(rates(schedule, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeCloseToTensor(expected, { absolute: 1e-14 });
  expect(learningRateAt(schedule, 1000)).toBeCloseTo(4e-6, 15);
});

test("warmUp rises in a straight line, then hands over at step 0", () => {
  const after = schedules.step({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 });
  const schedule = schedules.warmUp({ steps: 4, schedule: after });
  expect(rates(schedule, [0, 1, 2, 3, 4, 5, 6])).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 0.5]);
  expect(rates(schedules.warmUp({ steps: 2, schedule: 0.5 }), [0, 1, 2])).toEqual([0.25, 0.5, 0.5]);
});

test("JSON keeps schedules, nested ones too", () => {
  const schedule = schedules.warmUp({
    steps: 5,
    schedule: schedules.cosine({ initialLearningRate: 0.1, decaySteps: 7 }),
  });
  const again = readSchedule(JSON.parse(JSON.stringify(schedule)));
  expect(again).toEqual(schedule);
  expect(rates(again, [0, 3, 9])).toEqual(rates(schedule, [0, 3, 9]));
});

test("wrong options are named", async () => {
  expect(await messageOf(() => schedules.cosine({ initialLearningRate: 1, decaySteps: 0 }))).toBe(
    'OptionError: schedules.cosine: option "decaySteps" must be a whole number of at least 1, got 0.',
  );
  expect(await messageOf(() => readSchedule({ kind: "cosin" }))).toBe(
    'OptionError: there is no schedule "cosin". Did you mean "cosine"? Known: constant, step, exponential, cosine, oneCycle, warmUp.',
  );
});

test("a file cannot exhaust the stack with nested schedules", async () => {
  let nested: unknown = 0.1;
  for (let depth = 0; depth < 5000; depth++)
    nested = { kind: "warmUp", options: { steps: 1, schedule: nested } };
  expect(await messageOf(() => readSchedule(nested))).toBe(
    "OptionError: schedules: schedules are nested more than 8 deep.",
  );
});
