import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWasmEngine, type WasmEngine } from "../engine/wasm/index.ts";
import { type Layer, layers } from "../layers/index.ts";
import { functional, input, Model, sequential } from "../models/index.ts";
import { ShapeError, Tensor } from "../tensor/index.ts";
import { drawn } from "../testing/drawn.ts";
import { messageOf } from "../testing/error-message.ts";
import { convolutionWindow, layerWindows } from "./convolution-window.ts";

let engine: WasmEngine;
beforeAll(async () => {
  engine = await createWasmEngine({ threads: 1, kernels: "rule" });
});
afterAll(() => engine.close());

/** A model of one layer, which is called `layer`. */
function single(layer: Layer, shape: readonly number[]): Model {
  const x = input({ shape });
  const model = functional({ inputs: x, outputs: layer.apply(x) }, { seed: 3 });
  return new Model({ ...model.parts(), engine });
}

const size = fc.integer({ min: 1, max: 4 });
const pair = fc.tuple(size, size);
const sides = fc.integer({ min: 0, max: 2 });
const padding = fc.oneof(
  fc.constantFrom("same" as const, "valid" as const),
  fc.record({ top: sides, bottom: sides, left: sides, right: sides }),
);
const walk = { strides: fc.tuple(size, size), padding };
const activation = fc.constantFrom(
  ...([
    "linear",
    "relu",
    "relu6",
    "leakyRelu",
    "hardSigmoid",
    "hardSwish",
    "sigmoid",
    "tanh",
    "softmax",
    "logSoftmax",
    "gelu",
  ] as const),
);
const name = "layer";

/** Layers that have windows, on images of four channels. */
const drawnLayers = fc.oneof(
  fc
    .record({
      kernelSize: pair,
      ...walk,
      dilationRate: pair,
      groups: fc.constantFrom(1, 2, 4),
      activation,
      useBias: fc.boolean(),
    })
    .map((options): Layer => layers.conv2d({ ...options, filters: 8, biasInitializer: "ones", name })),
  fc
    .record({ kernelSize: pair, ...walk, depthMultiplier: fc.integer({ min: 1, max: 3 }), activation })
    .map((options): Layer => layers.depthwiseConv2d({ ...options, name })),
  fc
    .record({ poolSize: pair, ...walk, ceilMode: fc.boolean() })
    .map((options): Layer => layers.maxPool2d({ ...options, name })),
  fc
    .record({ poolSize: pair, ...walk, ceilMode: fc.boolean(), countPadding: fc.boolean() })
    .map((options): Layer => layers.averagePool2d({ ...options, name })),
  fc.boolean().map((keepDimensions): Layer => layers.globalAveragePool2d({ keepDimensions, name })),
  fc.boolean().map((keepDimensions): Layer => layers.globalMaxPool2d({ keepDimensions, name })),
  fc
    .record({ units: size, activation, useBias: fc.boolean() })
    .map((options): Layer => layers.dense({ ...options, name })),
);

describe("a window spelled out is what the engine gives", () => {
  test("of drawn layers, at drawn places", async () => {
    let checked = 0;
    const drawing = fc.record({
      layer: drawnLayers,
      height: fc.integer({ min: 2, max: 9 }),
      width: fc.integer({ min: 2, max: 9 }),
      seed: fc.integer({ min: 0, max: 999 }),
    });
    await fc.assert(
      fc.asyncProperty(drawing, async ({ layer, height, width, seed }) => {
        const model = fits(layer, [height, width, 4]);
        if (model === null) return;
        const windows = await layerWindows(model, name, drawn([2, height, width, 4], seed));
        const [rows, columns, filters] = windows.outputShape;
        for (const step of [0, 1, 2]) {
          const last = step === 2;
          const place = {
            image: (seed + step) % 2,
            y: last ? rows - 1 : (seed * step) % rows,
            x: last ? columns - 1 : (3 * seed * step) % columns,
            filter: last ? filters - 1 : (seed + step) % filters,
          };
          const window = windows.at(place);
          expect(window.place).toEqual(place);
          expect([window.output]).toBeCloseToTensor([window.computed], { absolute: 2e-5, relative: 2e-5 });
          expect(window.inputs.shape).toEqual([
            window.rows.length,
            window.columns.length,
            window.channels.length,
          ]);
          const total = window.products?.data.reduce((sum, product) => sum + product, 0);
          if (total !== undefined) expect(window.sum).toBe(total);
          checked++;
        }
      }),
      { numRuns: 120 },
    );
    expect(checked).toBeGreaterThan(150);
  });

  /** `null` where the window is larger than the image. */
  function fits(layer: Layer, shape: readonly number[]): Model | null {
    try {
      return single(layer, shape);
    } catch (error) {
      if (error instanceof ShapeError) return null;
      throw error;
    }
  }
});

/** 1 to 16, row by row. */
const counting = Tensor.from(
  Array.from({ length: 16 }, (_, index) => index + 1),
  [1, 4, 4, 1],
);

describe("by hand", () => {
  test("a convolution at a corner, with padding, stride and bias", async () => {
    const layer = layers.conv2d({
      filters: 1,
      kernelSize: 3,
      strides: 2,
      padding: 1,
      activation: "relu",
      name,
    });
    const model = single(layer, [4, 4, 1]);
    await model.setWeights(
      new Map([
        [`${name}.weight`, Tensor.from([1, 2, 3, 4, 5, 6, 7, 8, -90], [3, 3, 1, 1])],
        [`${name}.bias`, Tensor.from([100])],
      ]),
    );
    const window = await convolutionWindow(model, name, counting, { y: 0, x: 0 });
    expect(window).toMatchObject({
      ...{ kind: "conv2d", operation: "convolution", rows: [-1, 0, 1], columns: [-1, 0, 1], channels: [0] },
      padded: [
        [true, true, true],
        [true, false, false],
        [true, false, false],
      ],
      // 5 x 1 + 6 x 2 + 8 x 5 - 90 x 6
      ...{ sum: -483, bias: 100, activation: "relu", output: 0, computed: 0, divisor: null, greatest: null },
    });
    expect([...window.inputs.data]).toEqual([0, 0, 0, 0, 1, 2, 0, 5, 6]);
    expect([...(window.products?.data ?? [])]).toEqual([0, 0, 0, 0, 5, 12, 0, 40, -540]);
  });

  test("of a depthwise convolution each filter sees its own channel", async () => {
    const layer = layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, name });
    const model = single(layer, [4, 4, 3]);
    const windows = await layerWindows(model, name, drawn([1, 4, 4, 3], 1));
    expect(windows.groups).toBe(3);
    expect([0, 1, 2, 5].map((filter) => windows.at({ filter }).channels)).toEqual([[0], [0], [1], [2]]);
  });

  test("the greatest of a pool, and the divisor of a mean", async () => {
    const max = await convolutionWindow(
      single(layers.maxPool2d({ poolSize: 2, name }), [4, 4, 1]),
      ...([name, counting, { y: 1, x: 0 }] as const),
    );
    expect(max).toMatchObject({
      operation: "maximum",
      sum: 14,
      greatest: { row: 1, column: 1 },
      kernel: null,
    });
    const mean = layers.averagePool2d({ poolSize: 3, padding: 1, strides: 3, name });
    const windows = await layerWindows(single(mean, [4, 4, 1]), name, counting);
    expect(windows.at()).toMatchObject({ sum: (1 + 2 + 5 + 6) / 4, divisor: 4, operation: "average" });
  });

  test("a unit of a dense layer is a sum over everything", async () => {
    const model = new Model({
      ...sequential([
        layers.flatten({ inputShape: [2, 2, 1] }),
        layers.dense({ units: 2, activation: "softmax", name }),
      ]).parts(),
      engine,
    });
    await model.setWeights(
      new Map([
        [`${name}.weight`, Tensor.from([1, 0, 1, 0, 1, 0, 1, 1], [4, 2])],
        [`${name}.bias`, Tensor.from([0, 6])],
      ]),
    );
    const window = await convolutionWindow(model, name, Tensor.from([1, 2, 3, 4], [1, 2, 2, 1]));
    expect(window).toMatchObject({ operation: "product", sum: 10, bias: 0, channels: [0, 1, 2, 3] });
    // Both sums are 10.
    expect(window.output).toBeCloseTo(0.5);
    expect(window.computed).toBeCloseTo(0.5);
  });
});

describe("mistakes", () => {
  test("say what is wrong", async () => {
    const x = input({ shape: [4, 4, 2] });
    const norm = layers.batchNormalization({ name: "norm" });
    const twice = layers.conv2d({ filters: 2, kernelSize: 1, name: "twice" });
    const conv = layers.conv2d({ filters: 2, kernelSize: 1, name: "conv" });
    const separable = layers.separableConv2d({ filters: 2, kernelSize: 1, name: "separable" });
    const first = twice.apply(norm.apply(x));
    const outputs = layers.add().apply([conv.apply(first), separable.apply(twice.apply(first))]);
    const model = new Model({ ...functional({ inputs: x, outputs }).parts(), engine });
    const images = drawn([1, 4, 4, 2], 0);
    const text = (layer: string, place: object = {}) =>
      messageOf(() => convolutionWindow(model, layer, images, place));
    expect(await text("norm")).toBe(
      'OptionError: layer "norm" (batchNormalization): has no windows. Take a convolution, a pooling or a dense layer.',
    );
    expect(await text("input")).toContain('layer "input" (input): has no windows.');
    expect(await text("separable")).toContain(
      'layer "separable" (separableConv2d): is two convolutions, not one.',
    );
    // The use of "twice" that "conv" reads is not the last.
    expect((await convolutionWindow(model, "conv", images)).layer).toBe("conv");
    for (const [place, what] of [
      [{ y: 4 }, "y must be less than 4, got 4"],
      [{ filter: 2 }, "filter must be less than 2, got 2"],
      [{ image: 1 }, "image must be less than 1, got 1"],
    ] as const) {
      expect(await messageOf(() => convolutionWindow(model, "conv", images, place))).toBe(
        `OptionError: window, layer "conv": ${what}. Images, rows, columns and filters are counted from 0.`,
      );
    }
  });
});
