import { describe, expect, test } from "vitest";
import type { Shape } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { runLayer } from "../testing/run-layer.ts";
import * as layers from "./factories.ts";
import { type Layer, layerWhere, outputShapeOf, parametersOf } from "./layer.ts";

const image: Shape = [5, 6, 3];

/** What a layer makes of two examples whose values count up from 1; parameters count up from 1 too. */
const valuesOf = (layer: Layer, ...inputs: Shape[]) =>
  runLayer(layer, inputs, false, (index) => index + 1).output();

describe("values", () => {
  test("a transposed convolution spreads its kernel, strides apart; same and valid keep strides times the size", () => {
    const spread = (padding: "same" | "valid" | number, kernelSize: number) =>
      valuesOf(
        layers.conv2dTranspose({
          filters: 1,
          kernelSize: [1, kernelSize],
          strides: [1, 2],
          padding,
          useBias: false,
        }),
        [1, 2, 1],
      ).slice(0, kernelSize === 3 && padding !== "same" ? 5 : 4);
    // The kernel is 1, 2, 3: 1 2 3 . . + 2 (. . 1 2 3).
    expect(spread("valid", 3)).toEqual([1, 2, 5, 4, 6]);
    // The odd column goes off the end, as TensorFlow has it.
    expect(spread("same", 3)).toEqual([1, 2, 5, 4]);
    // A kernel narrower than the strides leaves gaps.
    expect(spread("valid", 1)).toEqual([1, 0, 2, 0]);
    expect(spread("same", 1)).toEqual([1, 0, 2, 0]);
  });

  test("a depthwise convolution makes channel c M + m of channel c", () => {
    const layer = layers.depthwiseConv2d({ kernelSize: 1, depthMultiplier: 2, useBias: false });
    expect(parametersOf(layer, [[1, 1, 2]])).toMatchObject([{ name: "weight", shape: [1, 1, 1, 4] }]);
    // Two examples of channels 1, 2 and 3, 4; kernels 1, 2 for the first channel, 3, 4 for the second.
    expect(valuesOf(layer, [1, 1, 2])).toEqual([1, 2, 6, 8, 3, 6, 12, 16]);
  });

  test("a separable one ends with a product over the channels", () => {
    const layer = layers.separableConv2d({ filters: 1, kernelSize: 1 });
    // Depthwise kernels 1, 2 and pointwise weights 1, 2: 1 * 1 * 1 + 2 * 2 * 2, then 3 + 4 * 4.
    expect(valuesOf(layer, [1, 1, 2])).toEqual([9, 19]);
  });

  test("slices, cropping and permutation move values about", () => {
    expect(valuesOf(layers.slice({ begin: 1 }), [3])).toEqual([2, 3, 5, 6]);
    expect(valuesOf(layers.slice({ axis: 1, begin: -2, end: -1 }), [3])).toEqual([2, 5]);
    const sides = { top: 1, bottom: 0, left: 0, right: 1 };
    expect(valuesOf(layers.cropping2d({ cropping: sides }), [2, 2, 1])).toEqual([3, 7]);
    expect(valuesOf(layers.permute({ dims: [2, 1] }), [2, 3]).slice(0, 6)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test("merges of two and more", () => {
    const shapes: Shape[] = [[2], [2]];
    expect(valuesOf(layers.subtract(), [2], [1])).toEqual([0, 1, 1, 2]);
    expect(valuesOf(layers.divide(), ...shapes)).toEqual([1, 1, 1, 1]);
    expect(valuesOf(layers.average(), [2], [2], [1])).toBeCloseToTensor([1, 5 / 3, 8 / 3, 10 / 3]);
  });

  test("rescaling takes one number, or one for each channel", () => {
    expect(valuesOf(layers.rescaling({ scale: 2, offset: -1 }), [2])).toEqual([1, 3, 5, 7]);
    expect(valuesOf(layers.rescaling({ scale: 2, offset: [0, -1] }), [2])).toEqual([2, 3, 6, 7]);
    expect(valuesOf(layers.rescaling({ scale: [1, 10] }), [2])).toEqual([1, 20, 3, 40]);
  });

  test("a scale with one of its two parts", () => {
    const start = { weightInitializer: "zeros", biasInitializer: "ones" } as const;
    expect(valuesOf(layers.scale(start), [2])).toEqual([1, 1, 1, 1]);
    expect(valuesOf(layers.scale({ center: false }), [2])).toEqual([1, 2, 3, 4]);
    expect(valuesOf(layers.scale({ scale: false, ...start }), [2])).toEqual([2, 3, 4, 5]);
    expect(valuesOf(layers.scale({ scale: false, center: false }), [2])).toEqual([1, 2, 3, 4]);
  });

  test("arithmetic starts with a parameter that changes nothing, unless told otherwise", () => {
    for (const operation of ["add", "subtract", "multiply", "divide"] as const) {
      expect(valuesOf(layers.arithmetic({ operation, shape: [2] }), [2])).toEqual([1, 2, 3, 4]);
    }
    const reversed = layers.arithmetic({ operation: "subtract", shape: [1], reversed: true });
    expect(valuesOf(reversed, [2])).toEqual([-1, -2, -3, -4]);
    const ones = layers.arithmetic({ operation: "add", shape: [1, 1], initializer: "ones" });
    expect(valuesOf(ones, [1, 2])).toEqual([2, 3, 4, 5]);
  });

  test("local response normalization divides by a power of the neighbours' squares", () => {
    const layer = layers.localResponseNormalization({ size: 3, alpha: 3, beta: 0.5, bias: 2 });
    // 2 + 1 + 4 and 2 + 1 + 4; then 2 + 9 + 16 twice.
    expect(valuesOf(layer, [2])).toBeCloseToTensor([
      ...[1 / Math.sqrt(7), 2 / Math.sqrt(7)],
      ...[3 / Math.sqrt(27), 4 / Math.sqrt(27)],
    ]);
  });

  test("resizing by a scale that is not a ratio of sizes keeps the scale", () => {
    // floor(1.5 * 3) = 4 columns at 0, 2/3, 4/3, 2 of 1, 2, 3.
    const options = { scale: [1, 1.5], coordinates: "asymmetric" } as const;
    expect(valuesOf(layers.resize2d(options), [1, 3, 1]).slice(0, 4)).toBeCloseToTensor([1, 5 / 3, 7 / 3, 3]);
    const nearest = layers.resize2d({ ...options, interpolation: "nearest", rounding: "ceil" });
    expect(valuesOf(nearest, [1, 3, 1]).slice(0, 4)).toEqual([1, 2, 3, 3]);
  });

  test("a blur mirrors the border, which gives its neighbour twice, and has nothing to train", () => {
    // 1 to 9 in three rows: of a border and its neighbour half each, along both axes.
    expect(valuesOf(layers.blurPool2d(), [3, 3, 1]).slice(0, 4)).toEqual([3, 4, 6, 7]);
    const pairs = layers.blurPool2d({ filterSize: 2, strides: [3, 1] });
    expect(valuesOf(pairs, [3, 3, 1]).slice(0, 3)).toEqual([3, 4, 4]);
    expect(parametersOf(pairs, [image])).toEqual([]);
  });

  test("one output pixel lies in the middle, or at the beginning", () => {
    const one = (coordinates: "halfPixel" | "pytorchHalfPixel" | "alignCorners") =>
      valuesOf(layers.resize2d({ outputSize: 1, coordinates }), [1, 3, 1])[0];
    expect([one("halfPixel"), one("pytorchHalfPixel"), one("alignCorners")]).toEqual([2, 1, 1]);
  });
});

describe("errors name the layer, what came and how to mend it", () => {
  const cases: [layer: Layer, inputs: Shape[], message: string][] = [
    [
      layers.rescaling({ scale: [1, 2] }),
      [image],
      'ShapeError: layer "l" (rescaling): scale has 2 numbers, but the input is [5, 6, 3]. Give one number, or one for each of its 3 channels.',
    ],
    [
      layers.permute({ dims: [2, 1] }),
      [image],
      'ShapeError: layer "l" (permute): dims has 2 axes, but the input is [5, 6, 3]. Name each axis but the batch once, counted from 1.',
    ],
    [
      layers.softmax({ axis: 4 }),
      [image],
      'ShapeError: layer "l" (softmax): there is no axis 4 in [5, 6, 3] (without the batch). Axes are counted with the batch as 0: choose one of 1 to 3, or of -3 to -1.',
    ],
    [
      layers.prelu({ sharedAxes: [-4] }),
      [image],
      'ShapeError: layer "l" (prelu): there is no axis -4 in [5, 6, 3] (without the batch). Axes are counted with the batch as 0: choose one of 1 to 3, or of -3 to -1.',
    ],
    [
      layers.slice({ begin: 3 }),
      [image],
      'ShapeError: layer "l" (slice): nothing is left of axis -1 of [5, 6, 3] from 3 to the end. Its indices are 0 to 2.',
    ],
    [
      layers.clip({ minimum: 1, maximum: 0 }),
      [image],
      'OptionError: layer "l" (clip): minimum 1 is above maximum 0. Exchange them.',
    ],
    [
      layers.cropping2d({ cropping: [0, 3] }),
      [image],
      'ShapeError: layer "l" (cropping2d): nothing is left of [5, 6, 3]. Cut fewer rows and columns off.',
    ],
    [
      layers.padding2d({ padding: [5, 0], mode: "reflect" }),
      [image],
      'ShapeError: layer "l" (padding2d): an image of [5, 6, 3] has no [5, 5, 0, 0] rows and columns to mirror. Mirrored padding must be smaller than the image; use mode "edge" beyond that.',
    ],
    [
      layers.blurPool2d({ filterSize: 7 }),
      [[3, 9, 2]],
      'ShapeError: layer "l" (blurPool2d): a filter of 7 pixels mirrors 3, an image of [3, 9, 2] has too few. Use a smaller filter, or fewer poolings and strides before it.',
    ],
    [
      layers.resize2d(),
      [image],
      'ShapeError: layer "l" (resize2d): needs an outputSize or a scale. Give the size of the output in pixels, or how many times as large as the input it is.',
    ],
    [
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: [2, 1], padding: 1, outputPadding: 1 }),
      [image],
      'ShapeError: layer "l" (conv2dTranspose): outputPadding [1, 1] must be smaller than the strides [2, 1]. A whole stride more would be another input pixel.',
    ],
    [
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same", outputPadding: 1 }),
      [image],
      'ShapeError: layer "l" (conv2dTranspose): outputPadding says nothing beside padding "same", which fixes the size. Give the padding in numbers.',
    ],
    [
      layers.conv2dTranspose({ filters: 2, kernelSize: 3, groups: 2 }),
      [image],
      'ShapeError: layer "l" (conv2dTranspose): 2 groups do not divide 3 input channels and 2 filters. Choose groups that divide both.',
    ],
    [
      layers.arithmetic({ operation: "add", shape: [1, 5, 6, 3] }),
      [image],
      'ShapeError: layer "l" (arithmetic): a parameter [1, 5, 6, 3] has more axes than the input [5, 6, 3] (without the batch). Use layers.reshape() on the input first, or leave axes of size 1 out.',
    ],
    [
      layers.subtract(),
      [image, image, image],
      'ShapeError: layer "l" (subtract): takes 2 inputs, got 3. Join several with layers.add() or layers.concatenate() first.',
    ],
  ];
  test.each(cases)("%#", async (layer, inputs, message) => {
    const shape = () => outputShapeOf(layer, inputs, layerWhere("l", layer.kind));
    expect(await messageOf(shape)).toBe(message);
  });

  test("options of the wrong kind", async () => {
    expect(await messageOf(() => layers.permute({ dims: [1, 1] }))).toBe(
      'OptionError: layers.permute: option "dims" must be a list of the whole numbers from 1 on, each once, got [1,1].',
    );
    expect(await messageOf(() => layers.reduceMean({ axes: [0] }))).toBe(
      'OptionError: layers.reduceMean: option "axes" must be a whole number other than 0 (the batch), or a list of them, got [0].',
    );
    expect(await messageOf(() => layers.rescaling({ scale: [] }))).toBe(
      'OptionError: layers.rescaling: option "scale" must be a number, or a list of one for each channel, got [].',
    );
    for (const filterSize of [1, 8, 2.5]) {
      expect(await messageOf(() => layers.blurPool2d({ filterSize }))).toBe(
        `OptionError: layers.blurPool2d: option "filterSize" must be a whole number from 2 to 7, got ${filterSize}.`,
      );
    }
    expect(await messageOf(() => layers.resize2d({ scale: 0 }))).toBe(
      'OptionError: layers.resize2d: option "scale" must be a number above 0, or a pair of them for height and width, got 0.',
    );
  });
});
