import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImageDataset, numberedClasses } from "../../data/dataset.ts";
import type { ImageStream } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { createReferenceEngine, createWasmEngine } from "../../engine/index.ts";
import { layers } from "../../layers/index.ts";
import { losses } from "../../losses/index.ts";
import { greatestOf, type Model, normalized, sequential, softmaxOf } from "../../models/index.ts";
import { RandomStream, type Shape, sizeOf, Tensor } from "../../tensor/index.ts";
import { messageOf } from "../../testing/error-message.ts";
import type { MoveFigures } from "./figures.ts";
import { imageTranslations } from "./of-image.ts";
import { type TranslationMapOptions, translationMap } from "./translation-map.ts";

/** Images of random bytes with random labels. */
function drawImages(count: number, shape: Shape, classes: number): ImageDataset<"uint8"> {
  const stream = new RandomStream(5);
  const images = Uint8Array.from({ length: count * sizeOf(shape) }, () => stream.integer(256));
  const labels = Int32Array.from({ length: count }, () => stream.integer(classes));
  return {
    name: "drawn",
    images: new Tensor("uint8", [count, ...shape], images),
    labels: new Tensor("int32", [count], labels),
    classNames: numberedClasses(classes),
  };
}

/** The images moved pixel by pixel. */
function moved(
  images: Tensor<"uint8">,
  { dx, dy, edge }: { readonly dx: number; readonly dy: number; readonly edge: boolean },
): Tensor<"uint8"> {
  const [count, height, width, channels] = images.shape;
  const result = Tensor.zeros("uint8", images.shape);
  const within = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));
  for (let n = 0; n < count; n++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        const [row, column] = [within(i - dy, height), within(j - dx, width)];
        if (!edge && (row !== i - dy || column !== j - dx)) continue;
        for (let c = 0; c < channels; c++) {
          result.data[((n * height + i) * width + j) * channels + c] =
            images.data[((n * height + row) * width + column) * channels + c];
        }
      }
  return result;
}

/** Colours, numbers of their own for each channel, edges that padding blurs. */
function colourNet(engine: Engine): Model {
  const model = sequential(
    [
      layers.conv2d({
        filters: 5,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        inputShape: [7, 6, 3],
      }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dense({ units: 4 }),
    ],
    { preprocessing: normalized({ mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.3, 0.25] }), seed: 3 },
  );
  model.compile({ engine });
  return model;
}

/** A net for images of any size, which costs nearly nothing. */
function meanNet(engine: Engine, inputShape: Shape): Model {
  const model = sequential([
    layers.globalAveragePool2d({ inputShape }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
  model.compile({ engine, loss: losses.sparseCategoricalCrossentropy({ fromLogits: false }) });
  return model;
}

let engines: { readonly wasm: Engine; readonly reference: Engine };
beforeAll(async () => {
  engines = {
    wasm: await createWasmEngine({ threads: 2, kernels: "rule" }),
    reference: createReferenceEngine(),
  };
});
afterAll(async () => {
  await engines.wasm.close();
  await engines.reference.close();
});

describe("translationMap", () => {
  test.each([
    ["wasm", "zeros"],
    ["wasm", "edge"],
    ["reference", "zeros"],
    ["reference", "edge"],
  ] as const)(
    "%s, %s: figures are those of images moved one by one, to the bit",
    async (name, background) => {
      const engine = engines[name];
      const model = colourNet(engine);
      // Not a whole number of batches.
      const dataset = drawImages(53, [7, 6, 3], 4);
      const maxShift = 2;
      const map = await translationMap(model, dataset, { maxShift, background, batchSize: 16, engine });
      const before = await model.predictClasses(dataset.images, { batchSize: 16 });
      expect(map).toMatchObject({ maxShift, background, examples: 53 });
      expect(map.moves.map(({ dx, dy }) => [dx, dy]).slice(0, 7)).toEqual([
        [-2, -2],
        [-1, -2],
        [0, -2],
        [1, -2],
        [2, -2],
        [-2, -1],
        [-1, -1],
      ]);
      for (const { dx, dy, ...figures } of map.moves) {
        const images = moved(dataset.images, { dx, dy, edge: background === "edge" });
        const { result, classes } = await model.evaluateClasses({ ...dataset, images }, { batchSize: 16 });
        const same = classes.filter((predicted, index) => predicted === before[index]).length;
        const { accuracy, loss } = result;
        expect(figures).toEqual({ accuracy, loss, consistency: same / 53, examples: 53 });
      }
      expect(map.clean).toEqual({ accuracy: map.moves[12].accuracy, loss: map.moves[12].loss });
      expect(map.moves[12].consistency).toBe(1);
      // Moves matter to this net.
      expect(new Set(map.moves.map(({ loss }) => loss)).size).toBe(25);
    },
  );

  test("means by distance are over the square of moves that far", async () => {
    const model = colourNet(engines.reference);
    const map = await translationMap(model, drawImages(20, [7, 6, 3], 4), {
      maxShift: 3,
      engine: engines.reference,
    });
    expect(map.byDistance.map(({ distance, moves }) => [distance, moves])).toEqual([
      [0, 1],
      [1, 8],
      [2, 16],
      [3, 24],
    ]);
    const ring = map.moves.filter(({ dx, dy }) => Math.max(Math.abs(dx), Math.abs(dy)) === 2);
    const mean = (of: (move: MoveFigures) => number) => ring.reduce((sum, move) => sum + of(move), 0) / 16;
    expect(map.byDistance[2].accuracy).toBeCloseTo(
      mean(({ accuracy }) => accuracy),
      12,
    );
    expect(map.byDistance[2].loss).toBeCloseTo(
      mean(({ loss }) => loss),
      12,
    );
    expect(map.byDistance[2].consistency).toBeCloseTo(
      mean(({ consistency }) => consistency),
      12,
    );
    expect(map.byDistance[2].lowestAccuracy).toBe(Math.min(...ring.map(({ accuracy }) => accuracy)));
  });

  test("examples are images that were right, with the smallest move that flips them", async () => {
    const model = colourNet(engines.reference);
    const drawn = drawImages(60, [7, 6, 3], 4);
    // Right of most, wrong of every tenth.
    const said = await model.predictClasses(drawn.images);
    const labels = said.map((label, index) => (index % 10 === 0 ? (label + 1) % 4 : label));
    const dataset = { ...drawn, labels: new Tensor("int32", [60], labels) };
    const map = await translationMap(model, dataset, { maxShift: 2, examples: 6, engine: engines.reference });
    expect(map.flips).toHaveLength(6);
    expect(map.flips.some(({ index }) => index % 10 === 0)).toBe(false);
    // One of each class comes first.
    const classes = new Set(map.flips.map(({ label }) => label)).size;
    expect(classes).toBeGreaterThan(1);
    expect(new Set(map.flips.slice(0, classes).map(({ label }) => label)).size).toBe(classes);
    const order = map.moves.toSorted(
      (a, b) =>
        Math.max(Math.abs(a.dx), Math.abs(a.dy)) - Math.max(Math.abs(b.dx), Math.abs(b.dy)) ||
        Math.abs(a.dx) + Math.abs(a.dy) - (Math.abs(b.dx) + Math.abs(b.dy)),
    );
    const scoresOf = async (index: number, dx: number, dy: number) => {
      const image = dataset.images.data.slice(index * 126, (index + 1) * 126);
      return await model.predict(moved(new Tensor("uint8", [1, 7, 6, 3], image), { dx, dy, edge: false }));
    };
    for (const flip of map.flips) {
      expect(dataset.labels.data[flip.index]).toBe(flip.label);
      for (const { dx, dy } of order) {
        const scores = await scoresOf(flip.index, dx, dy);
        const [predicted] = greatestOf(scores);
        if (dx === 0 && dy === 0) expect(flip.before).toEqual(softmaxOf(scores.data));
        if (dx === flip.dx && dy === flip.dy) {
          expect(predicted).toBe(flip.predicted);
          expect(predicted).not.toBe(flip.label);
          expect(flip.after).toEqual(softmaxOf(scores.data));
          break;
        }
        expect(predicted).toBe(flip.label);
      }
    }
  });

  test("moves are told of as they are done, the smallest first; an abort ends it", async () => {
    const model = colourNet(engines.wasm);
    const dataset = drawImages(30, [7, 6, 3], 4);
    const told: MoveFigures[] = [];
    const options = { maxShift: 2, engine: engines.wasm, limit: 10 };
    const map = await translationMap(model, dataset, { ...options, onMove: (move) => told.push(move) });
    expect(told.slice(0, 6).map(({ dx, dy }) => [dx, dy])).toEqual([
      [0, 0],
      [0, -1],
      [-1, 0],
      [1, 0],
      [0, 1],
      [-1, -1],
    ]);
    expect(told).toHaveLength(25);
    expect(new Set(told)).toEqual(new Set(map.moves));
    expect(map.examples).toBe(10);
    const stop = new AbortController();
    const stopped = translationMap(model, dataset, {
      ...options,
      signal: stop.signal,
      onMove: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    await expect(translationMap(model, dataset, { ...options, signal: stop.signal })).rejects.toThrow(
      "enough",
    );
  });

  test("images that memory does not hold at once go through in parts, with the same figures; streams too", async () => {
    const shape = [400, 400, 1];
    const model = meanNet(engines.wasm, shape);
    const dataset = drawImages(230, shape, 3);
    const { images, ...rest } = dataset;
    const sizes: number[] = [];
    const stream: ImageStream = {
      ...rest,
      imageShape: shape,
      read: async (indices) => {
        sizes.push(indices.length);
        return images.data.subarray(indices[0] * 160000, (indices[indices.length - 1] + 1) * 160000);
      },
    };
    const told: MoveFigures[] = [];
    const options = { maxShift: 1, batchSize: 10, engine: engines.wasm };
    const map = await translationMap(model, stream, { ...options, onMove: (move) => told.push(move) });
    // 32 MB of images with their margin.
    expect(sizes).toEqual([200, 30]);
    expect(told.map(({ examples }) => examples)).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      ...Array.from({ length: 9 }, () => 230),
    ]);
    expect(await translationMap(model, dataset, options)).toEqual(map);
    const { accuracy, loss } = await model.evaluate(dataset, { batchSize: 10 });
    expect(map.clean.accuracy).toBe(accuracy);
    expect(map.clean.loss).toBe(loss);
  });

  test("what it cannot do it says", async () => {
    const model = colourNet(engines.reference);
    const dataset = drawImages(3, [7, 6, 3], 4);
    const failure = (options: object, of: ImageDataset = dataset) =>
      messageOf(
        translationMap(model, of, { engine: engines.reference, ...options } as TranslationMapOptions),
      );
    expect(await failure({ maxShift: 6 })).toBe(
      "OptionError: translationMap: a move by 6 pixels leaves nothing of 7 x 6 images. Give a maxShift of at most 5.",
    );
    expect(await failure({ maxShift: -1 })).toContain(
      'option "maxShift" must be a whole number of at least 0',
    );
    expect(await failure({ maxShift: 1, limit: 0 })).toContain(
      'option "limit" must be a whole number of at least 1',
    );
    expect(await failure({ maxShift: 1, background: "black" })).toContain('must be one of "zeros", "edge"');
    expect(await failure({ maxShift: 1, onMove: 3 })).toContain('option "onMove" must be a function, got 3');
    expect(await failure({ maxShift: 1, signal: 3 })).toContain(
      'option "signal" must be an AbortSignal, got 3',
    );
    expect(await failure({ maxShfit: 1 })).toContain('Did you mean "maxShift"?');
    const floats = { ...dataset, images: dataset.images.as("float32") };
    expect(await failure({ maxShift: 1 }, floats)).toBe(
      "DataError: drawn: the images are float32, uint8 was expected. Images are moved as bytes, before the model's preprocessing.",
    );
    expect(await failure({ maxShift: 1 }, drawImages(3, [7, 7, 3], 4))).toContain(
      "takes images of shape [N, 7, 6, 3]",
    );
    expect(await failure({ maxShift: 1 }, drawImages(3, [7, 6, 3], 9))).toContain("is not one of 0 to 3");
    const numbers = sequential([layers.dense({ units: 2, inputShape: [4] })]);
    expect(await messageOf(translationMap(numbers, dataset))).toContain("no rows and columns to move");
  });
});

describe("imageTranslations", () => {
  test.each(["zeros", "edge"] as const)(
    "%s: probabilities are those of the moved images",
    async (background) => {
      const model = colourNet(engines.wasm);
      const { images } = drawImages(1, [7, 6, 3], 4);
      const image = new Tensor("uint8", [7, 6, 3], images.data);
      const { maxShift, probabilities, classes } = await imageTranslations(model, image, {
        maxShift: 2,
        background,
      });
      expect(maxShift).toBe(2);
      expect(probabilities.shape).toEqual([5, 5, 4]);
      expect(classes.shape).toEqual([5, 5]);
      for (const dy of [-2, -1, 0, 1, 2])
        for (const dx of [-2, -1, 0, 1, 2]) {
          const scores = await model.predict(moved(images, { dx, dy, edge: background === "edge" }));
          const place = (dy + 2) * 5 + dx + 2;
          const row = Array.from(probabilities.data.subarray(place * 4, place * 4 + 4));
          for (const [index, probability] of softmaxOf(scores.data).entries()) {
            expect(row[index]).toBeCloseTo(probability, 5);
          }
          expect(classes.data[place]).toBe(greatestOf(scores)[0]);
        }
    },
  );

  test("outputs that are probabilities stay as they are", async () => {
    const model = meanNet(engines.wasm, [5, 5, 1]);
    const { images } = drawImages(1, [5, 5, 1], 3);
    const { probabilities } = await imageTranslations(model, new Tensor("uint8", [5, 5, 1], images.data), {
      maxShift: 0,
    });
    expect(Array.from(probabilities.data)).toEqual(Array.from((await model.predict(images)).data));
  });

  test("what it cannot do it says", async () => {
    const model = colourNet(engines.wasm);
    const image = Tensor.zeros("uint8", [7, 6, 3]);
    expect(await messageOf(imageTranslations(model, Tensor.zeros("uint8", [6, 6, 3])))).toContain(
      'the image is [6, 6, 3], model "model" takes [7, 6, 3]',
    );
    expect(await messageOf(imageTranslations(model, image.as("float32") as never))).toContain(
      "the image is float32, uint8 was expected",
    );
    expect(await messageOf(imageTranslations(model, image))).toContain(
      "imageTranslations: a move by 6 pixels leaves nothing of 7 x 6 images. Give a maxShift of at most 5.",
    );
    expect(await messageOf(imageTranslations(model, image, { maxShift: 1.5 }))).toContain(
      'option "maxShift"',
    );
  });
});
