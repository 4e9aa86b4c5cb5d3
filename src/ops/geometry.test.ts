import { describe, expect, test } from "vitest";
import { OptionError } from "../tensor/index.ts";
import {
  convolutionOutputSize,
  dilatedSize,
  noPadding,
  poolOutputSize,
  resolvePadding,
  samePadding,
} from "./geometry.ts";

test("a dilated window spans dilation (size - 1) + 1", () => {
  expect([dilatedSize(3, 1), dilatedSize(3, 2), dilatedSize(1, 7)]).toEqual([3, 5, 1]);
});

test.each([
  // AlexNet's, ResNet's and LeNet's first convolutions, and an atrous one.
  { input: 227, kernel: 11, stride: 4, dilation: 1, pads: [0, 0], output: 55 },
  { input: 224, kernel: 7, stride: 2, dilation: 1, pads: [3, 3], output: 112 },
  { input: 28, kernel: 5, stride: 1, dilation: 1, pads: [2, 2], output: 28 },
  { input: 10, kernel: 3, stride: 1, dilation: 4, pads: [0, 1], output: 3 },
  { input: 2, kernel: 5, stride: 1, dilation: 1, pads: [0, 0], output: -2 },
])(
  "convolution of $input by $kernel/$stride gives $output",
  ({ input, kernel, stride, dilation, pads, output }) => {
    expect(convolutionOutputSize(input, kernel, stride, dilation, pads[0], pads[1])).toBe(output);
  },
);

describe("poolOutputSize", () => {
  test.each([
    { input: 7, pool: 2, stride: 2, pads: [0, 0], floor: 3, ceil: 4 },
    { input: 8, pool: 2, stride: 2, pads: [0, 0], floor: 4, ceil: 4 },
    // GoogLeNet's 3x3/2 pools in ceil mode: 112 -> 56.
    { input: 112, pool: 3, stride: 2, pads: [0, 0], floor: 55, ceil: 56 },
    // The fourth window would start at 5, in the padding after the input's 5: PyTorch drops it.
    { input: 5, pool: 2, stride: 2, pads: [1, 1], floor: 3, ceil: 3 },
    // Strides beyond the window leave gaps; the third window would start at 6 of 6.
    { input: 6, pool: 1, stride: 3, pads: [0, 0], floor: 2, ceil: 2 },
    { input: 1, pool: 3, stride: 2, pads: [1, 1], floor: 1, ceil: 1 },
  ])("$input by $pool/$stride with $pads", ({ input, pool, stride, pads, floor, ceil }) => {
    expect(poolOutputSize(input, pool, stride, pads[0], pads[1], false)).toBe(floor);
    expect(poolOutputSize(input, pool, stride, pads[0], pads[1], true)).toBe(ceil);
  });
});

describe("samePadding", () => {
  test.each([
    { input: 28, kernel: 3, stride: 1, dilation: 1, pads: [1, 1] },
    { input: 28, kernel: 2, stride: 1, dilation: 1, pads: [0, 1] },
    // TensorFlow's well-known asymmetry: 224 by 3/2 pads 0 before and 1 after.
    { input: 224, kernel: 3, stride: 2, dilation: 1, pads: [0, 1] },
    { input: 224, kernel: 7, stride: 2, dilation: 1, pads: [2, 3] },
    { input: 7, kernel: 3, stride: 2, dilation: 1, pads: [1, 1] },
    { input: 9, kernel: 3, stride: 1, dilation: 3, pads: [3, 3] },
    { input: 4, kernel: 1, stride: 3, dilation: 1, pads: [0, 0] },
  ])("$input by $kernel/$stride, dilation $dilation", ({ input, kernel, stride, dilation, pads }) => {
    expect(samePadding(input, kernel, stride, dilation)).toEqual(pads);
    expect(convolutionOutputSize(input, kernel, stride, dilation, pads[0], pads[1])).toBe(
      Math.ceil(input / stride),
    );
  });
});

describe("resolvePadding", () => {
  const window = { inputSize: [224, 7], kernelSize: [3, 3], strides: [2, 2] } as const;

  test("takes every way to say it", () => {
    expect(resolvePadding("valid", window)).toEqual(noPadding);
    expect(resolvePadding("same", window)).toEqual({ top: 0, bottom: 1, left: 1, right: 1 });
    expect(resolvePadding("same", { ...window, strides: [1, 1], dilations: [2, 1] })).toEqual({
      top: 2,
      bottom: 2,
      left: 1,
      right: 1,
    });
    expect(resolvePadding(2, window)).toEqual({ top: 2, bottom: 2, left: 2, right: 2 });
    expect(resolvePadding([1, 3], window)).toEqual({ top: 1, bottom: 1, left: 3, right: 3 });
    const explicit = { top: 0, bottom: 1, left: 2, right: 3 };
    expect(resolvePadding(explicit, window)).toEqual(explicit);
  });

  test.each([[-1], [0.5], [{ top: 0, bottom: 0, left: 0, right: Number.NaN }]])("refuses %j", (padding) => {
    expect(() => resolvePadding(padding, window, "conv1")).toThrow(OptionError);
    expect(() => resolvePadding(padding, window, "conv1")).toThrow(
      /^conv1: padding must be whole numbers of at least 0, got \[.*\]\. Use "same", "valid", a number, \[vertical, horizontal\] or/,
    );
  });
});
