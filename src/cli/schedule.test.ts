import { describe, expect, it } from "vitest";
import { OptionError } from "../tensor/index.ts";
import { parseSchedule } from "./schedule.ts";

describe("forms", () => {
  it.each([
    ["constant", { kind: "constant", stepEpochs: null, warmUpEpochs: 0, endsWithTraining: false }],
    ["step:2", { kind: "step", stepEpochs: 2, warmUpEpochs: 0, endsWithTraining: false }],
    ["cosine", { kind: "cosine", stepEpochs: null, warmUpEpochs: 0, endsWithTraining: true }],
    ["warm-up:0.5", { kind: "constant", stepEpochs: null, warmUpEpochs: 0.5, endsWithTraining: false }],
    ["warm-up:1+one-cycle", { kind: "one-cycle", stepEpochs: null, warmUpEpochs: 1, endsWithTraining: true }],
  ])("%s", (text, expected) => {
    expect(parseSchedule(text)).toEqual(expected);
  });
});

describe("mistakes", () => {
  it.each([
    ["cosin", '--schedule: unknown schedule "cosin". Did you mean "cosine"? Known: constant, step, cosine'],
    ["step", '--schedule: "step" is not a schedule. Known forms: constant, step:EPOCHS'],
    ["cosine:2", '--schedule: "cosine:2" is not a schedule.'],
    ["cosine+step:2", '--schedule: "cosine+step:2" is not a schedule.'],
    ["warm-up:1+step:2+cosine", "is not a schedule."],
    ["step:0", '--schedule step: a whole number of at least 1 was expected, got "0".'],
    ["warm-up:-1", '--schedule warm-up: a number above 0 was expected, got "-1".'],
  ])("%s", (text, message) => {
    expect(() => parseSchedule(text)).toThrow(OptionError);
    expect(() => parseSchedule(text)).toThrow(message);
  });
});
