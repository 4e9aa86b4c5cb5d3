import { describe, expect, it } from "vitest";
import { FormatError, OptionError } from "../tensor/index.ts";
import { augmentation } from "./augmentation.ts";
import { configFromFile, configFromFlags, resumedConfig } from "./config.ts";

const defaults = configFromFlags({});

describe("a configuration from flags", () => {
  it("has Keras's usual values where nothing is said", () => {
    expect(defaults).toEqual({
      version: 1,
      data: "mnist",
      model: "lenet5",
      epochs: 5,
      batchSize: 128,
      optimizer: "adam",
      learningRate: null,
      learningRates: [],
      schedule: "constant",
      loss: "sparse_categorical_crossentropy",
      labelSmoothing: 0,
      weightDecay: null,
      clipNorm: null,
      classWeights: null,
      ema: null,
      gradientAccumulation: 1,
      augment: null,
      validationSplit: 0,
      limit: null,
      testSplit: null,
      imageSize: null,
      photos: null,
      seed: 1,
      precision: "fast",
      weights: null,
      strict: true,
    });
  });

  it("takes a model's own loss, unless another is named", () => {
    expect(configFromFlags({ model: "lenet5:1998" }).loss).toBe("maximum_a_posteriori");
    const loss = "sparse_categorical_crossentropy";
    expect(configFromFlags({ model: "lenet5:1998", loss }).loss).toBe(loss);
    expect(configFromFlags({ model: "resnet18" }).loss).toBe(loss);
  });

  it.each([
    [{ schedule: "cosin" }, '--schedule: unknown schedule "cosin". Did you mean "cosine"?'],
    [{ validationSplit: 1 }, "--validation-split: "],
    [{ ema: 1 }, "--ema: "],
    [{ gradientAccumulation: 0 }, "--gradient-accumulation: "],
    [{ labelSmoothing: 1 }, "--label-smoothing: "],
    [{ data: "" }, "--data: "],
    [{ testSplit: 0 }, "--test-split: "],
  ])("refuses %j", (settings, message) => {
    expect(() => configFromFlags(settings)).toThrow(OptionError);
    expect(() => configFromFlags(settings)).toThrow(message);
  });
});

describe("a configuration from a file", () => {
  it("comes back as it was written", () => {
    const config = configFromFlags({
      augment: { shift: 2 },
      learningRate: 0.5,
      learningRates: [{ layers: "fc*", factor: 0.1 }],
      classWeights: [1, 2],
      ema: 0.99,
      gradientAccumulation: 4,
    });
    expect(configFromFile(JSON.parse(JSON.stringify(config)), "config.json")).toEqual(config);
  });

  it("keeps augmentations, and checks them", () => {
    const augment = augmentation("--augment")("shift:4+flip@cat+rand:2,9+mixup");
    const config = configFromFlags({ augment });
    expect(config.augment).toHaveLength(4);
    expect(configFromFile(JSON.parse(JSON.stringify(config)), "config.json")).toEqual(config);
    const broken = { ...defaults, augment: [{ kind: "flip", options: { probability: 2 } }] };
    expect(() => configFromFile(broken, "config.json")).toThrow(
      'damaged: augment: augmentations.flip: option "probability" must be a number at least 0 and at most 1, got 2.',
    );
  });

  it("of a run from before there was a choice has what was usual", () => {
    const { weights, strict, learningRates, classWeights, ema, gradientAccumulation, ...later } = defaults;
    const { testSplit, imageSize, photos, ...older } = later;
    expect(configFromFile(older, "config.json")).toEqual(defaults);
  });

  it.each([
    [{ ...defaults, epochs: "five" }, "config.json: the run's configuration is damaged: epochs: "],
    [{ ...defaults, epochs: undefined }, "config.json: the run's configuration is damaged: epochs: "],
    [{ ...defaults, version: 2 }, "config.json: the run's configuration is damaged: version: "],
    [{ ...defaults, extra: 1 }, "config.json: the run's configuration is damaged: "],
    [{ ...defaults, augment: { shift: 0 } }, "damaged: augment.shift: "],
    [null, "config.json: the run's configuration is damaged: "],
  ])("refuses %j", (value, message) => {
    expect(() => configFromFile(value, "config.json")).toThrow(FormatError);
    expect(() => configFromFile(value, "config.json")).toThrow(message);
  });
});

describe("a configuration to go on with", () => {
  const cosine = configFromFlags({ schedule: "cosine" });

  it("is the run's own, with more epochs if so asked", () => {
    expect(resumedConfig(defaults, {}, "runs/a")).toEqual(defaults);
    expect(resumedConfig(defaults, { epochs: 8, model: "lenet5" }, "runs/a")).toEqual({
      ...defaults,
      epochs: 8,
    });
    expect(resumedConfig(cosine, { epochs: 5 }, "runs/a")).toEqual(cosine);
  });

  it("refuses flags that say something else", () => {
    expect(() => resumedConfig(defaults, { batchSize: 64 }, "runs/a")).toThrow(
      "--batch-size: the run was started with 128, and cannot go on with 64. Leave the flag out to go on with runs/a, or",
    );
  });

  it("refuses more epochs where the schedule has come to its end", () => {
    expect(() => resumedConfig(cosine, { epochs: 8 }, "runs/a")).toThrow(
      "--epochs: the schedule cosine is laid out over 5 epochs, and cannot go on for 8.",
    );
  });
});
