import { describe, expect, it } from "vitest";
import { OptionError } from "../tensor/index.ts";
import {
  choice,
  classWeights,
  decimalNumber,
  imageSize,
  keyName,
  layerRates,
  numberList,
  pathName,
  pixelShift,
  wholeNumber,
} from "./options.ts";

describe("what is taken", () => {
  it.each<[string, unknown, unknown]>([
    ["a whole number", wholeNumber("--n", { minimum: 1 })("128"), 128],
    ["a whole number in powers of ten", wholeNumber("--n")("1e3"), 1000],
    ["a negative number", decimalNumber("--x")("-.5"), -0.5],
    ["a small number", decimalNumber("--x", { minimum: 0, above: true })("1e-3"), 0.001],
    ["a list", numberList("--list")("0.5, -0.8 1e-2"), [0.5, -0.8, 0.01]],
    ["a list with a gap", numberList("--list")("1,,2"), [1, 2]],
    ["a name", choice("--name", ["fast", "exact"])("exact"), "exact"],
    [
      "a name in another manner",
      choice("--name", ["mean_squared_error"], keyName)("meanSquaredError"),
      "mean_squared_error",
    ],
    ["a shift", pixelShift("--shift")("2,-3"), { up: 2, left: -3 }],
    ["the side of an image", imageSize("--image-size")("64"), [64, 64]],
    ["height and width", imageSize("--image-size")("48X64"), [48, 64]],
    ["height, width and channels", imageSize("--image-size")("48x64x3"), [48, 64, 3]],
    ["a path", pathName("--out")("a folder"), "a folder"],
    [
      "rates of layers",
      layerRates("--learning-rates")("*:0.1, layer4.0:1e-2,fc:1"),
      [
        { layers: "*", factor: 0.1 },
        { layers: "layer4.0", factor: 0.01 },
        { layers: "fc", factor: 1 },
      ],
    ],
    ["balanced classes", classWeights("--class-weights")("balanced"), "balanced"],
    ["weights of classes", classWeights("--class-weights")("1,0.5"), [1, 0.5]],
  ])("%s", (_, value, expected) => {
    expect(value).toEqual(expected);
  });
});

describe("what is refused", () => {
  it.each<[() => unknown, string]>([
    [
      () => wholeNumber("--n", { minimum: 1 })("0"),
      '--n: a whole number of at least 1 was expected, got "0".',
    ],
    [
      () => wholeNumber("--n", { minimum: 1 })("1.5"),
      '--n: a whole number of at least 1 was expected, got "1.5".',
    ],
    [
      () => wholeNumber("--n", { minimum: 1, maximum: 9 })("10"),
      '--n: a whole number from 1 to 9 was expected, got "10".',
    ],
    [() => decimalNumber("--x", { maximum: 1 })("2"), '--x: a number of at most 1 was expected, got "2".'],
    [
      () => decimalNumber("--x", { minimum: 0, above: true })("0"),
      '--x: a number above 0 was expected, got "0".',
    ],
    [
      () => decimalNumber("--x", { minimum: 0, maximum: 1, above: true })("0"),
      '--x: a number above 0 and up to 1 was expected, got "0".',
    ],
    [
      () => decimalNumber("--x", { minimum: 0, maximum: 1, below: true })("1"),
      '--x: a number of at least 0 and below 1 was expected, got "1".',
    ],
    [
      () => decimalNumber("--x", { maximum: 1, below: true })("1"),
      '--x: a number below 1 was expected, got "1".',
    ],
    [
      () => imageSize("--image-size")("64x"),
      '--image-size: a size in pixels was expected, got "64x". For example: --image-size 64, --image-size 48x64 (height',
    ],
    [() => imageSize("--image-size")("0"), 'a size in pixels was expected, got "0"'],
    [() => imageSize("--image-size")("99999"), 'a size in pixels was expected, got "99999"'],
    [() => imageSize("--image-size")("64x64x2"), 'a size in pixels was expected, got "64x64x2"'],
    [() => imageSize("--image-size")("64x64x3x1"), 'a size in pixels was expected, got "64x64x3x1"'],
    [() => pathName("--out")(""), "--out: a name was expected, got an empty one."],
    [() => decimalNumber("--x")("1,5"), '--x: a number was expected, got "1,5".'],
    [() => decimalNumber("--x")("Infinity"), '--x: a number was expected, got "Infinity".'],
    [() => decimalNumber("--x")("0x10"), '--x: a number was expected, got "0x10".'],
    [
      () => numberList("--list")("1,b"),
      '--list: numbers separated by commas were expected, got "1,b". For example: --list 0.5,-0.8,1.2',
    ],
    [
      () => choice("--name", ["adam", "sgd"])("adm"),
      '--name: unknown name "adm". Did you mean "adam"? Known: adam, sgd.',
    ],
    [
      () => pixelShift("--shift")("2"),
      '--shift: two whole numbers UP,LEFT were expected, got "2". For example: --shift 2,2 moves',
    ],
    [
      () => layerRates("--learning-rates")("fc=1"),
      '--learning-rates: LAYERS:FACTOR was expected, got "fc=1". For example: --learning-rates "*:0.1,fc:1"',
    ],
    [
      () => classWeights("--class-weights")("1,-1"),
      '--class-weights: weights of at least 0 were expected, got "1,-1"',
    ],
    [() => classWeights("--class-weights")("even"), "numbers separated by commas were expected"],
    [() => layerRates("--learning-rates")("fc:1,"), 'LAYERS:FACTOR was expected, got ""'],
    [() => layerRates("--learning-rates")("fc:-1"), 'a number of at least 0 was expected, got "-1"'],
    [() => pixelShift("--shift")("2,2,2"), "two whole numbers UP,LEFT were expected"],
    [() => pixelShift("--shift")("0.5,1"), "two whole numbers UP,LEFT were expected"],
  ])("%#", (parse, message) => {
    expect(parse).toThrow(OptionError);
    expect(parse).toThrow(message);
  });
});
