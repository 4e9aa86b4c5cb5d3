import { expect, test } from "vitest";
import { augmentations } from "../data/index.ts";
import { OptionError } from "../tensor/errors.ts";
import { augmentation } from "./augmentation.ts";

const parse = augmentation("--augment");

test("forms", () => {
  expect(parse("none")).toBe(null);
  // As in runs from before there was anything else.
  expect(parse("shift:2")).toEqual({ shift: 2 });
  expect(parse("shift:2@3,5")).toEqual([augmentations.shift({ pixels: 2, classes: ["3", "5"] })]);
  expect(parse("shift:2+flip+flip:vertical+rotate:10+scale:0.9-1.1+shear:5+crop+crop:0.3-1")).toEqual([
    augmentations.shift({ pixels: 2 }),
    augmentations.flip(),
    augmentations.flip({ horizontal: false, vertical: true }),
    augmentations.rotation({ degrees: 10 }),
    augmentations.scale({ minimum: 0.9, maximum: 1.1 }),
    augmentations.shear({ horizontal: 5 }),
    augmentations.randomResizedCrop(),
    augmentations.randomResizedCrop({ scale: [0.3, 1] }),
  ]);
  expect(parse("color:0.2+cutout:8+mixup+rand")).toEqual([
    augmentations.colorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05 }),
    augmentations.cutout({ size: 8 }),
    augmentations.mixup(),
    augmentations.randAugment(),
  ]);
  expect(parse("mixup:0.4")).toEqual([augmentations.mixup({ alpha: 0.4 })]);
  expect(parse("rand:3,12")).toEqual([augmentations.randAugment({ operations: 3, magnitude: 12 })]);
  expect(parse("flip@cat, guinea pig")).toEqual([augmentations.flip({ classes: ["cat", "guinea pig"] })]);
});

test.each([
  [
    "flipp",
    '--augment: unknown augmentation "flipp". Did you mean "flip"? Known: shift:PIXELS, flip (or flip:vertical), rotate:DEGREES',
  ],
  ["shift:0", '--augment shift: a whole number from 1 to 1000 was expected, got "0".'],
  ["shift", "--augment shift: shift:PIXELS was expected."],
  ["flip:up", '--augment flip: flip or flip:vertical was expected, got "flip:up".'],
  ["scale:0.9", '--augment scale: two numbers FROM-TO were expected, got "0.9".'],
  ["scale:1.1-0.9", 'augmentations.scale: "minimum" 1.1 is above "maximum" 0.9.'],
  ["rand:2", '--augment rand: rand:OPERATIONS,MAGNITUDE was expected, got "rand:2".'],
  [
    "rotate:200",
    'augmentations.rotation: option "degrees" must be a number at least 0 and at most 180, got 200.',
  ],
  ["flip+", '--augment: unknown augmentation "". Known: shift:PIXELS'],
])("%s", (text, message) => {
  expect(() => parse(text)).toThrow(OptionError);
  expect(() => parse(text)).toThrow(message);
});
