import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import { isKind, type Node, topologicalOrder } from "../graph/index.ts";
import { layers, type SymbolicTensor } from "../layers/index.ts";
import { buildForward, functional, input, type Model, sequential } from "../models/index.ts";
import { createBuild } from "../ops/index.ts";
import { ShapeError, sizeOf } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { receptiveField } from "./receptive-field.ts";

/** A layer or a block of layers on a value. */
type Part = (x: SymbolicTensor) => SymbolicTensor;

const size = fc.integer({ min: 1, max: 4 });
const pair = fc.tuple(size, size);
const stride = fc.integer({ min: 1, max: 3 });
const sides = fc.integer({ min: 0, max: 2 });
const padding = fc.oneof(
  fc.constantFrom("same" as const, "valid" as const),
  sides,
  fc.tuple(sides, sides),
  fc.record({ top: sides, bottom: sides, left: sides, right: sides }),
);

const simple: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kernelSize: pair, strides: stride, padding, dilationRate: fc.integer({ min: 1, max: 2 }) }).map(
    (options): Part =>
      (x) =>
        layers.conv2d({ ...options, filters: 2, activation: "relu" }).apply(x),
  ),
  fc.record({ kernelSize: pair, strides: stride, padding }).map(
    (options): Part =>
      (x) =>
        layers.conv2d({ ...options, filters: 4, groups: 2 }).apply(x),
  ),
  fc.record({ kernelSize: pair, strides: stride, padding }).map(
    (options): Part =>
      (x) =>
        layers.depthwiseConv2d({ ...options, depthMultiplier: 2 }).apply(x),
  ),
  fc.record({ kernelSize: pair, padding: fc.constantFrom("same" as const, "valid" as const) }).map(
    (options): Part =>
      (x) =>
        layers.separableConv2d({ ...options, filters: 2 }).apply(x),
  ),
  fc
    .record({
      kernelSize: pair,
      strides: stride,
      padding: fc.constantFrom("same" as const, "valid" as const),
    })
    .map(
      (options): Part =>
        (x) =>
          layers.conv2dTranspose({ ...options, filters: 2 }).apply(x),
    ),
  fc.record({ poolSize: pair, strides: stride, padding, ceilMode: fc.boolean() }).map(
    (options): Part =>
      (x) =>
        layers.maxPool2d(options).apply(x),
  ),
  fc.record({ poolSize: pair, strides: stride, padding, ceilMode: fc.boolean() }).map(
    (options): Part =>
      (x) =>
        layers.averagePool2d(options).apply(x),
  ),
  fc
    .record({
      padding: pair,
      mode: fc.constantFrom("constant" as const, "edge" as const, "reflect" as const),
    })
    .map(
      (options): Part =>
        (x) =>
          layers.padding2d(options).apply(x),
    ),
  pair.map(
    (cropping): Part =>
      (x) =>
        layers.cropping2d({ cropping }).apply(x),
  ),
  fc.record({ size: pair, interpolation: fc.constantFrom("nearest" as const, "bilinear" as const) }).map(
    (options): Part =>
      (x) =>
        layers.upSampling2d(options).apply(x),
  ),
  pair.map(
    (outputSize): Part =>
      (x) =>
        layers.adaptiveAveragePool2d({ outputSize }).apply(x),
  ),
  fc.constant<Part>((x) => layers.batchNormalization().apply(x)),
  fc.constant<Part>((x) => layers.permute({ dims: [2, 1, 3] }).apply(x)),
  fc.constant<Part>((x) => layers.dropout({ rate: 0.5 }).apply(x)),
);

/** Branches that meet: a sum, or a concatenation along the channels, of parts that keep the image's size. */
const branching: fc.Arbitrary<Part> = fc
  .record({
    kernels: fc.array(pair, { minLength: 1, maxLength: 2 }),
    isSum: fc.boolean(),
    withPool: fc.boolean(),
  })
  .map(({ kernels, isSum, withPool }) => (x: SymbolicTensor) => {
    const filters = x.shape[2] ?? 1;
    const branches = kernels.map((kernelSize) =>
      layers.conv2d({ filters, kernelSize, padding: "same" }).apply(x),
    );
    if (withPool) branches.push(layers.maxPool2d({ poolSize: 3, strides: 1, padding: "same" }).apply(x));
    return (isSum ? layers.add() : layers.concatenate()).apply([x, ...branches]);
  });

/** What all units have in common, so that each sees the whole image. A product with 0 in the padding would not change. */
const shared: Part = (x) =>
  layers.add().apply([x, layers.globalAveragePool2d({ keepDimensions: true }).apply(x)]);

const part = fc.oneof(
  { weight: 6, arbitrary: simple },
  { weight: 3, arbitrary: branching },
  fc.constant(shared),
);
const ends: readonly Part[] = [
  (x) => layers.globalMaxPool2d().apply(x),
  (x) => layers.flatten().apply(x),
  (x) => layers.dense({ units: 3 }).apply(layers.flatten().apply(x)),
  (x) => layers.reshape({ targetShape: [-1, 2] }).apply(x),
  (x) => x,
];

const nets = fc.record({
  shape: fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 3, max: 9 }), fc.constantFrom(2, 4)),
  parts: fc.array(part, { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom(...ends),
});

/** The net; `null` where a part does not fit behind another. */
function netOf({ shape, parts, end }: typeof nets extends fc.Arbitrary<infer T> ? T : never): Model | null {
  try {
    const x = input({ shape });
    const outputs = end(parts.reduce((value, next) => next(value), x));
    return outputs === x || sizeOf(outputs.shape) > 2000 ? null : functional({ inputs: x, outputs });
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}

/** Positive numbers, that nothing cancels: whatever goes up makes what is computed from it go up. */
function positive(node: Node<"variable">): Float64Array {
  const { name } = node.attributes;
  const from = name.endsWith("running_mean") ? 0 : 0.5;
  return Float64Array.from({ length: sizeOf(node.shape) }, (_, index) => from + ((index * 7) % 5) / 10);
}

/**
 * Which units of which layers go up when a pixel does: for each call, an array of [pixels, units]. All pixels of an image of ones are
 * raised one by one, by so much that it wins every maximum.
 */
function truth({
  architecture,
  inputShape,
}: Model): readonly { readonly units: number; has(pixel: number, unit: number): boolean }[] {
  const [height, width, channels] = inputShape;
  const count = height * width + 1;
  const images = createBuild()("input", [], {
    name: "images",
    shape: [count, ...inputShape],
    dtype: "float32",
  });
  const { values } = buildForward(architecture, images, { training: false, key: null });
  const pixels = new Float64Array(count * height * width * channels).fill(1);
  for (let pixel = 0; pixel < height * width; pixel++) {
    pixels.fill(
      1000,
      (pixel * height * width + pixel) * channels,
      (pixel * height * width + pixel + 1) * channels,
    );
  }
  const leaves = topologicalOrder(values).filter((node) => isKind(node, "variable"));
  const feeds = new Map<Node, Float64Array>([
    [images, pixels],
    ...leaves.map((leaf) => [leaf, positive(leaf)] as const),
  ]);
  return evaluate(values, feeds).map((result) => {
    const units = result.length / count;
    const base = result.subarray((count - 1) * units);
    return {
      units,
      has: (pixel, unit) => Math.abs(result[pixel * units + unit] - base[unit]) > 1e-9 * Math.abs(base[unit]),
    };
  });
}

/** The smallest rectangle that holds the pixels. */
function boxOf(pixels: readonly number[], width: number) {
  if (pixels.length === 0) return { height: 0, width: 0 };
  const rows = pixels.map((pixel) => Math.floor(pixel / width));
  const columns = pixels.map((pixel) => pixel % width);
  const [top, left] = [Math.min(...rows), Math.min(...columns)];
  const [bottom, right] = [Math.max(...rows) + 1, Math.max(...columns) + 1];
  return { top, left, bottom, right, height: bottom - top, width: right - left };
}

describe("against what changes when a pixel does", () => {
  test("units of drawn nets", () => {
    let checked = 0;
    fc.assert(
      fc.property(nets, fc.integer({ min: 0, max: 1000 }), (drawing, seed) => {
        const model = netOf(drawing);
        fc.pre(model !== null);
        if (model === null) return;
        const [height, width] = model.inputShape;
        const { calls, layers: named } = model.architecture;
        for (const [index, { units, has }] of truth(model).entries()) {
          const { shape, layer } = calls[index];
          const { name } = named[layer];
          // The first, the last and some in between.
          for (const unit of new Set([0, units - 1, seed % units, (7 * seed) % units])) {
            const [, columns = 1, channels = units] = shape.length === 3 ? shape : [];
            const place =
              shape.length === 3
                ? {
                    y: Math.floor(unit / (columns * channels)),
                    x: Math.floor(unit / channels) % columns,
                    channel: unit % channels,
                  }
                : { channel: unit };
            if (shape.length === 2) continue;
            const found = receptiveField(model, name, place);
            const seen = Array.from({ length: height * width }, (_, pixel) => pixel).filter((pixel) =>
              has(pixel, unit),
            );
            expect(found, `${name} at ${JSON.stringify(place)}`).toMatchObject(boxOf(seen, width));
            checked++;
            if (found.figures === null || place.y === undefined || place.x === undefined) continue;
            if (seen.length === 0) continue;
            const { rows, columns: across } = found.figures;
            // Never larger than the figures say.
            expect(found.top).toBeGreaterThanOrEqual(rows.start + rows.stride * place.y);
            expect(found.bottom).toBeLessThanOrEqual(rows.start + rows.stride * place.y + rows.size);
            expect(found.left).toBeGreaterThanOrEqual(across.start + across.stride * place.x);
            expect(found.right).toBeLessThanOrEqual(across.start + across.stride * place.x + across.size);
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(checked).toBeGreaterThan(1000);
  });
});

describe("figures", () => {
  const lenet = sequential([
    layers.conv2d({ filters: 6, kernelSize: 5, padding: 2, name: "c1", inputShape: [28, 28, 1] }),
    layers.averagePool2d({ name: "s2" }),
    layers.conv2d({ filters: 16, kernelSize: 5, name: "c3" }),
    layers.averagePool2d({ name: "s4" }),
    layers.flatten(),
    layers.dense({ units: 10, name: "f6" }),
  ]);

  test("of LeNet's layers, worked out by hand", () => {
    const figures = ["c1", "s2", "c3", "s4"].map((name) => receptiveField(lenet, name).figures?.rows);
    expect(figures).toEqual([
      { size: 5, stride: 1, start: -2 },
      { size: 6, stride: 2, start: -2 },
      { size: 14, stride: 2, start: -2 },
      { size: 16, stride: 4, start: -2 },
    ]);
    expect(receptiveField(lenet, "s4", { y: 1, x: 4 })).toMatchObject({
      ...{ top: 2, bottom: 18, left: 14, right: 28, height: 16, width: 14 },
    });
    expect(receptiveField(lenet, "f6", { channel: 3 })).toEqual({
      layer: "f6",
      ...{ top: 0, left: 0, bottom: 28, right: 28, height: 28, width: 28 },
      figures: null,
    });
  });

  test("are those of the field where nothing is padded", () => {
    const walk = fc.record({
      kernelSize: pair,
      strides: stride,
      dilationRate: fc.integer({ min: 1, max: 2 }),
    });
    const walks = fc.array(walk, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(walks, fc.integer({ min: 0, max: 99 }), (drawing, seed) => {
        const convolutions = drawing.map((options) => layers.conv2d({ ...options, filters: 1 }));
        const image = layers.cropping2d({
          cropping: { top: 3, bottom: 0, left: 0, right: 1 },
          inputShape: [60, 60, 1],
        });
        let model: Model;
        try {
          model = sequential([image, ...convolutions]);
        } catch {
          return;
        }
        const { name } = model.architecture.layers[drawing.length + 1];
        const y = seed % (model.outputShape[0] ?? 1);
        const { top, bottom, left, figures } = receptiveField(model, name, { y, x: 0 });
        const { start = 0, stride = 0, size: extent = 0 } = figures?.rows ?? {};
        expect([top, bottom, left]).toEqual([start + stride * y, start + stride * y + extent, 0]);
      }),
    );
  });

  test("of a whole layer it is all that any unit sees", () => {
    expect(receptiveField(lenet, "c3", { y: 0 })).toMatchObject({ top: 0, bottom: 12, left: 0, right: 28 });
  });
});

describe("mistakes", () => {
  const model = sequential([
    layers.conv2d({ filters: 2, kernelSize: 3, name: "conv", inputShape: [5, 6, 1] }),
    layers.flatten({ name: "flat" }),
    layers.dense({ units: 3, name: "out" }),
  ]);

  test("say what is wrong", async () => {
    const text = (layer: string, place: object) => messageOf(() => receptiveField(model, layer, place));
    expect(await text("conv1", {})).toBe(
      'OptionError: model "model": there is no layer "conv1". Did you mean "conv"? Known: input, conv, flat, out.',
    );
    expect(await text("conv", { y: 3 })).toBe(
      'OptionError: receptiveField, layer "conv": y must be less than 3, got 3. Rows, columns and channels are counted from 0.',
    );
    expect(await text("conv", { channel: 2 })).toContain("channel must be less than 2, got 2");
    expect(await text("out", { x: 1 })).toBe(
      'OptionError: receptiveField, layer "out": x is 1, but the layer gives [3], which has no rows and columns. Name the unit by its channel alone.',
    );
    expect(await text("conv", { row: 1 })).toContain('unknown option "row"');
  });

  test("need an image", async () => {
    const net = sequential([layers.dense({ units: 2, name: "out", inputShape: [3] })]);
    expect(await messageOf(() => receptiveField(net, "out"))).toBe(
      'ShapeError: receptiveField, model "model": its input is [3]. Receptive fields are parts of an image: the input must be [height, width, channels].',
    );
  });
});
