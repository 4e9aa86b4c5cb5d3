import { describe, expect, test } from "vitest";
import { messageOf } from "../../testing/error-message.ts";
import {
  type Augmentation,
  type AugmentationKind,
  type AugmentationOptions,
  augmentationKinds,
  readAugmentation,
  readAugmentations,
} from "./augmentation.ts";
import { planAugmentations } from "./draws.ts";
import * as augmentations from "./factories.ts";

const made: { readonly [K in AugmentationKind]: Augmentation<K> } = {
  shift: augmentations.shift({ pixels: 2 }),
  flip: augmentations.flip(),
  rotation: augmentations.rotation({ degrees: 10 }),
  scale: augmentations.scale(),
  shear: augmentations.shear({ horizontal: 5 }),
  randomResizedCrop: augmentations.randomResizedCrop(),
  colorJitter: augmentations.colorJitter({ hue: 0.1 }),
  posterize: augmentations.posterize({ bits: 4 }),
  solarize: augmentations.solarize(),
  equalize: augmentations.equalize(),
  autoContrast: augmentations.autoContrast(),
  sharpness: augmentations.sharpness({ amount: 0.5 }),
  cutout: augmentations.cutout({ size: 8 }),
  mixup: augmentations.mixup(),
  randAugment: augmentations.randAugment(),
};

test.each(augmentationKinds)("%s is a plain description that JSON keeps", (kind) => {
  const augmentation: Augmentation = made[kind];
  expect(augmentation.kind).toBe(kind);
  expect(readAugmentation(JSON.parse(JSON.stringify(augmentation)))).toEqual(augmentation);
});

test("defaults", () => {
  const common = { probability: 1, classes: null };
  const expected: Partial<AugmentationOptions> = {
    shift: { ...common, pixels: 2, share: null },
    flip: { probability: 0.5, classes: null, horizontal: true, vertical: false },
    scale: { ...common, minimum: 0.9, maximum: 1.1 },
    randomResizedCrop: { ...common, scale: [0.08, 1], ratio: [3 / 4, 4 / 3] },
    colorJitter: { ...common, brightness: 0, contrast: 0, saturation: 0, hue: 0.1 },
    solarize: { ...common, threshold: 128 },
    cutout: { ...common, size: 8, value: null },
    mixup: { ...common, alpha: 0.2 },
    randAugment: { ...common, operations: 2, magnitude: 9 },
  };
  for (const [kind, options] of Object.entries(expected)) {
    expect(made[kind as AugmentationKind].options).toEqual(options);
  }
});

describe("mistakes", () => {
  test.each([
    [{ kind: "shift" }, 'augmentations.shift: give either "pixels" or "share".'],
    [
      { kind: "shift", options: { pixels: 1, share: 0.1 } },
      'augmentations.shift: give either "pixels" or "share".',
    ],
    [
      { kind: "shift", options: { pixels: 1.5 } },
      'augmentations.shift: option "pixels" must be a whole number of at least 0, got 1.5.',
    ],
    [
      { kind: "flip", options: { horizontal: false } },
      'augmentations.flip: "horizontal" or "vertical" must be true.',
    ],
    [{ kind: "rotation" }, 'augmentations.rotation: option "degrees" is missing. It has no default.'],
    [
      { kind: "scale", options: { minimum: 1.2 } },
      'augmentations.scale: "minimum" 1.2 is above "maximum" 1.1.',
    ],
    ["shear", 'augmentations.shear: "horizontal" or "vertical" must be above 0.'],
    [
      { kind: "randomResizedCrop", options: { scale: [0.5, 0.1] } },
      'augmentations.randomResizedCrop: option "scale" must be two numbers above 0, the first not above the second, got [0.5,0.1].',
    ],
    [
      { kind: "randomResizedCrop", options: { scale: [0.5, 2] } },
      'augmentations.randomResizedCrop: "scale" must be at most 1, the whole image.',
    ],
    [
      "colorJitter",
      'augmentations.colorJitter: one of "brightness", "contrast", "saturation" and "hue" must be above 0.',
    ],
    [
      { kind: "posterize", options: { bits: 9 } },
      'augmentations.posterize: "bits" must be at most 8, got 9.',
    ],
    [
      { kind: "randAugment", options: { magnitude: 31 } },
      'augmentations.randAugment: "magnitude" must be at most 30, got 31.',
    ],
    [
      { kind: "flip", options: { probability: 2 } },
      'augmentations.flip: option "probability" must be a number at least 0 and at most 1, got 2.',
    ],
    [
      { kind: "flip", options: { classes: [] } },
      'augmentations.flip: option "classes" must be a list of names or indices of classes, got [].',
    ],
    [
      { kind: "rotatoin" },
      /^OptionError: there is no augmentation "rotatoin"\. Did you mean "rotation"\? Known: shift, flip, /,
    ],
    [3, /^OptionError: augmentation must be a name or a description, got 3\. Known: shift, /],
  ])("%j", async (value, message) => {
    expect(await messageOf(() => readAugmentation(value))).toEqual(
      message instanceof RegExp ? expect.stringMatching(message) : `OptionError: ${message}`,
    );
  });

  test("of lists", async () => {
    expect(await messageOf(() => readAugmentations({ shift: 2 }))).toBe(
      'OptionError: augmentations must be a list, got {"shift":2}. Such as [augmentations.flip(), augmentations.shift({ pixels: 4 })].',
    );
    expect(await messageOf(() => readAugmentations([made.mixup, made.flip, made.mixup]))).toBe(
      "OptionError: a list can have one mixup only. Leave the others away.",
    );
    expect(await messageOf(() => readAugmentations(Array.from({ length: 33 }, () => made.flip)))).toBe(
      "OptionError: 33 augmentations are more than 32.",
    );
  });

  test("of classes", async () => {
    const names = ["cat", "dog"];
    const flip = (...classes: (string | number)[]) => [augmentations.flip({ classes })];
    expect(planAugmentations(flip("dog", 0), names).classes).toEqual([new Set([1, 0])]);
    expect(await messageOf(() => planAugmentations(flip("dgo"), names))).toBe(
      'OptionError: augmentations.flip: there is no class "dgo". Did you mean "dog"? Known: cat, dog.',
    );
    expect(await messageOf(() => planAugmentations(flip(2), names))).toBe(
      "OptionError: augmentations.flip: there is no class 2. Give 0 to 1.",
    );
  });
});
