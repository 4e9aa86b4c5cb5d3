import { describe, expect, it } from "vitest";
import { datasets } from "../data/index.ts";
import { nonLinearities, walkCosts } from "../inspect/index.ts";
import { lossKinds } from "../losses/index.ts";
import { learningRateAt, optimizerKinds } from "../optimizers/index.ts";
import { models } from "../zoo/index.ts";
import { costNames, nonLinearityNames } from "./commands/backprop.ts";
import { compileChoice } from "./compile.ts";
import { configFromFlags, type TrainSettings } from "./config.ts";
import { datasetNames, lossNames, modelNames, optimizerNames } from "./names.ts";
import { keyName } from "./options.ts";

const choose = (settings: TrainSettings, stepsPerEpoch = 100) =>
  compileChoice(configFromFlags(settings), stepsPerEpoch);

describe("names of the command line", () => {
  it("are those of the library", () => {
    expect([...modelNames].sort()).toEqual([...models.names].sort());
    expect(datasetNames).toEqual(Object.keys(datasets));
    expect(new Set(lossNames.map(keyName))).toEqual(new Set(lossKinds.map(keyName)));
    expect(nonLinearityNames).toEqual(nonLinearities);
    expect(costNames).toEqual(walkCosts);
    const kinds = new Set(optimizerNames.map((optimizer) => choose({ optimizer }).optimizer.kind));
    expect(kinds).toEqual(new Set(optimizerKinds));
  });
});

describe("optimizers", () => {
  it("have their own rate and decay unless told", () => {
    expect(choose({}).optimizer).toMatchObject({
      kind: "adam",
      options: { learningRate: 0.001, weightDecay: 0 },
    });
    expect(
      choose({ optimizer: "nesterov", learningRate: 0.2, weightDecay: 0.1, clipNorm: 2 }).optimizer,
    ).toMatchObject({
      kind: "sgd",
      options: { learningRate: 0.2, weightDecay: 0.1, clipNorm: 2, momentum: 0.9, nesterov: true },
    });
    expect(choose({ optimizer: "sgd" }).optimizer).toMatchObject({
      options: { learningRate: 0.01, momentum: 0 },
    });
  });

  it("have the rates of layers that were given", () => {
    const learningRates = [{ layers: "fc", factor: 0.5 }];
    expect(choose({ learningRates }).learningRates).toEqual(learningRates);
    expect(choose({}).learningRates).toEqual([]);
  });

  it.each<[TrainSettings, readonly (readonly [step: number, rate: number])[]]>([
    [
      { schedule: "step:2" },
      [
        [0, 1],
        [199, 1],
        [200, 0.1],
        [400, 0.01],
      ],
    ],
    [
      { schedule: "cosine" },
      [
        [0, 1],
        [250, 0.5],
        [500, 0],
      ],
    ],
    [
      { schedule: "warm-up:1+cosine" },
      [
        [0, 0.01],
        [49, 0.5],
        [100, 1],
        [300, 0.5],
        [500, 0],
      ],
    ],
    [
      { schedule: "warm-up:0.5" },
      [
        [24, 0.5],
        [50, 1],
        [499, 1],
      ],
    ],
    [
      { schedule: "one-cycle" },
      [
        [0, 0.04],
        [149, 1],
      ],
    ],
  ])("follow %j, counted in epochs", (settings, points) => {
    const { options } = choose({ ...settings, learningRate: 1 }).optimizer;
    for (const [step, rate] of points)
      expect(learningRateAt(options.learningRate, step)).toBeCloseTo(rate, 6);
  });

  it("refuse a warm-up that takes all of the training", () => {
    expect(() => choose({ schedule: "warm-up:5" })).toThrow(
      "--schedule: a warm-up of 5 epochs leaves nothing of 5. Use a shorter warm-up or more --epochs.",
    );
  });
});

describe("losses", () => {
  it("take label smoothing where there is such a thing", () => {
    expect(choose({ labelSmoothing: 0.1 }).loss).toMatchObject({
      options: { labelSmoothing: 0.1, fromLogits: true },
    });
    expect(choose({ loss: "mean_squared_error" }).loss.kind).toBe("meanSquaredError");
    expect(choose({ loss: "categorical_crossentropy" }).loss.kind).toBe("categoricalCrossentropy");
    expect(() => choose({ loss: "mean_squared_error", labelSmoothing: 0.1 })).toThrow(
      "--label-smoothing: mean_squared_error has no label smoothing. Leave it out",
    );
  });
});
