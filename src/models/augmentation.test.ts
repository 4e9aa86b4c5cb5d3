import { describe, expect, test } from "vitest";
import { drawStep, planAugmentations, stepKey } from "../data/augment/index.ts";
import {
  type Augmentation,
  augmentations,
  augmentImages,
  fromArrays,
  type ImageDataset,
  type ImageStream,
} from "../data/index.ts";
import type { Engine, Feeds } from "../engine/engine.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { createWasmEngine } from "../engine/wasm/index.ts";
import { inputsOf } from "../graph/index.ts";
import { layers } from "../layers/index.ts";
import { RandomStream, Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { createRoundingEngine } from "../testing/rounding-engine.ts";
import { small } from "../testing/small-model.ts";
import type { Callback, History } from "../train/index.ts";
import { createAugmenter } from "./augmenter.ts";
import { loadBatch } from "./batch-source.ts";
import { Model } from "./model.ts";
import { readPreprocessing } from "./preprocessing.ts";
import { sequential } from "./sequential.ts";

/** Random photos of three classes. */
function photos(count: number, [height, width, channels] = [9, 11, 3]): ImageDataset<"uint8"> {
  const random = new RandomStream(4);
  const pixels = Uint8Array.from({ length: count * height * width * channels }, () => random.integer(256));
  return fromArrays({
    images: new Tensor("uint8", [count, height, width, channels], pixels),
    labels: Array.from({ length: count }, (_, index) => index % 3),
    classes: ["cat", "dog", "bird"],
    name: "photos",
  });
}

const everything: readonly Augmentation[] = [
  augmentations.randomResizedCrop({ scale: [0.3, 1] }),
  augmentations.flip({ classes: ["dog", "bird"] }),
  augmentations.shift({ pixels: 2 }),
  augmentations.rotation({ degrees: 30 }),
  augmentations.shear({ horizontal: 10, vertical: 5 }),
  augmentations.scale({ minimum: 0.7, maximum: 1.4 }),
  augmentations.colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
  augmentations.cutout({ size: 4, probability: 0.5 }),
  augmentations.mixup({ alpha: 1 }),
];

/** The images that a step takes: all of a data set, in order. */
async function imagesOfStep(
  engine: Engine,
  dataset: ImageDataset,
  list: readonly Augmentation[],
  preprocessing = {},
): Promise<Tensor> {
  const [count, ...inputShape] = dataset.images.shape;
  const { architecture } = sequential([layers.flatten({ inputShape })]);
  const context = { architecture, preprocessing: readPreprocessing(preprocessing) };
  const { changes, draw } = createAugmenter(dataset, list);
  const data = { name: "data/train", capacity: count, dtype: "uint8" } as const;
  const graph = { outputs: { images: loadBatch(context, data, count, changes).images }, updates: [] };
  const session = await engine.openSession();
  try {
    const names = new Set(inputsOf(graph).keys());
    await session.allocate("data/train/images", dataset.images);
    await session.write("data/train/images", dataset.images);
    const program = await session.compile(graph);
    const indices = Int32Array.from({ length: count }, (_, index) => index);
    const { feeds: drawn, changePixels } = draw({ indices, key: stepKey(6, 2) });
    const pixels = Uint8Array.from(dataset.images.data);
    changePixels(pixels);
    const feeds: Feeds = {
      indices: new Tensor("int32", [count], indices),
      key: new Tensor("uint32", [2], Uint32Array.from(stepKey(6, 2))),
      ...drawn,
      pixels: new Tensor("uint8", dataset.images.shape, pixels),
      places: new Tensor("int32", [count], indices),
    };
    const [{ images }] = await program.run([
      Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name))),
    ]);
    return images;
  } finally {
    await session.close();
  }
}

describe.each([
  ["reference", createReferenceEngine],
  ["wasm", () => createWasmEngine({ threads: 2 })],
] as const)("on the %s engine", (_, createEngine) => {
  test.each([
    ["geometry, colours, cutout and mixup", everything],
    ["RandAugment", [augmentations.randAugment({ operations: 3, magnitude: 20 })]],
    ["bytes alone", [augmentations.equalize(), augmentations.posterize({ bits: 3 })]],
    ["mixup alone", [augmentations.mixup()]],
  ])("a step sees what augmentImages shows: %s", async (_name, list) => {
    const dataset = photos(24);
    const { images, labels, classNames } = dataset;
    const shown = augmentImages(images, list, { seed: 6, step: 2, labels: labels.data, classNames });
    const engine = await createEngine();
    const seen = await imagesOfStep(engine, dataset, list, { scale: 1 });
    // What is shown is rounded to bytes.
    expect(seen.data).toBeCloseToTensor(Array.from(shown.images.data), { absolute: 0.505 });
    // Numbers for each channel, in the model's order, come after all changes.
    const scale = [0.5, 0.25, 2];
    const offset = [1, 2, 3];
    const prepared = await imagesOfStep(engine, dataset, list, { scale, offset, channelOrder: "bgr" });
    const expected = Array.from(seen.data, (__, at) => {
      const channel = at % 3;
      return scale[channel] * seen.data[at - channel + 2 - channel] + offset[channel];
    });
    expect(prepared.data).toBeCloseToTensor(expected, { absolute: 2e-4 });
  });
});

describe("fit", () => {
  const data = halves(11);
  const list = [
    augmentations.shift({ pixels: 1 }),
    augmentations.rotation({ degrees: 15 }),
    augmentations.colorJitter({ contrast: 0.3 }),
    augmentations.randAugment({ operations: 1 }),
    augmentations.mixup(),
  ];
  const options = { epochs: 3, batchSize: 4, seed: 7, augment: list } as const;
  const withoutTimes = (history: History) => history.epochs.map((record) => ({ ...record, milliseconds: 0 }));

  test("a run that is resumed ends with the same weights, bit for bit", async () => {
    const whole = small(createRoundingEngine());
    const expected = await whole.fit(data, options);
    for (const stop of [1, 3, 5]) {
      const abort = new AbortController();
      let bytes = new Uint8Array();
      let steps = 0;
      const callback: Callback = {
        onProgress: () => {
          if (++steps >= stop) abort.abort();
        },
        onTrainEnd: async (_, control) => {
          bytes = await control.saveCheckpoint();
        },
      };
      await small(createRoundingEngine()).fit(data, {
        ...options,
        callbacks: [callback],
        signal: abort.signal,
      });
      const resumed = Model.fromBytes(bytes, { engine: createRoundingEngine() });
      const history = await resumed.fit(data, { resumeFrom: bytes });
      expect(withoutTimes(history)).toEqual(withoutTimes(expected));
      expect(await resumed.getWeights()).toEqual(await whole.getWeights());
    }
  });

  test("another list is not gone on with", async () => {
    let bytes = new Uint8Array();
    const callback: Callback = {
      onTrainEnd: async (_, control) => {
        bytes = await control.saveCheckpoint();
      },
    };
    await small(createReferenceEngine()).fit(data, { ...options, epochs: 1, callbacks: [callback] });
    const resume = (augment: readonly Augmentation[] | { readonly shift: number }) =>
      messageOf(() => small(createReferenceEngine()).fit(data, { resumeFrom: bytes, epochs: 2, augment }));
    const message =
      "OptionError: fit: the run to resume has other augmentations. Leave augment away to go on with the run's own, or start afresh.";
    expect(await resume(list.slice(1))).toBe(message);
    expect(await resume({ shift: 1 })).toBe(message);
  });

  test("the wasm engine trains to the same bits on one thread and on two", async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(async (threads) => {
        const model = small(await createWasmEngine({ threads }), 3);
        const history = await model.fit(halves(43), { ...options, batchSize: 8 });
        return { weights: await model.getWeights(), losses: history.epochs.map(({ loss }) => loss) };
      }),
    );
    expect(one).toEqual(two);
  });

  test("mixup's loss is that of both labels by their shares", async () => {
    const model = sequential([layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 2 })], {
      seed: 5,
    });
    model.compile({ engine: createReferenceEngine(), optimizer: "sgd" });
    const list = [augmentations.mixup({ alpha: 1 })];
    const expected = await lossByHand();
    const { epochs } = await model.fit(data, { batchSize: 11, seed: 7, shuffle: false, augment: list });
    expect(epochs[0].loss).toBeCloseTo(expected, 4);

    async function lossByHand(): Promise<number> {
      const mixed = augmentImages(data.images, list, { seed: 7, labels: data.labels.data });
      // Mixed images that were not rounded to bytes.
      const size = data.images.data.length / 11;
      const pixels = Float32Array.from(data.images.data, (value, at) => {
        const share = mixed.shares[Math.floor(at / size)];
        const other = data.images.data[mixed.partners[Math.floor(at / size)] * size + (at % size)];
        return (share * value + (1 - share) * other) / 255;
      });
      const output = await model.predict(new Tensor("float32", data.images.shape, pixels));
      const lossOf = (row: number, label: number) => {
        const logits = output.data.subarray(2 * row, 2 * row + 2);
        return Math.log(Math.exp(logits[0]) + Math.exp(logits[1])) - logits[label];
      };
      const { shares, partners } = mixed;
      const { data: labels } = data.labels;
      const losses = Array.from(shares, (share, row) => {
        return share * lossOf(row, labels[row]) + (1 - share) * lossOf(row, labels[partners[row]]);
      });
      return losses.reduce((sum, value) => sum + value, 0) / losses.length;
    }
  });

  test("photos are cut where they are read, if their stream can, and not once more", async () => {
    const { images, labels, classNames } = photos(5);
    const list = [augmentations.randomResizedCrop({ scale: [0.2, 0.5], probability: 0.6 })];
    const seen: (Float32Array | null)[] = [];
    const stream = (heedsCrops: boolean): ImageStream => ({
      name: "photos",
      imageShape: [9, 11, 3],
      labels,
      classNames,
      heedsCrops,
      read: async (indices, { crops = null } = {}) => {
        seen.push(crops);
        const size = 9 * 11 * 3;
        const bytes = Array.from(indices, (index) => [
          ...images.data.subarray(index * size, (index + 1) * size),
        ]);
        return Uint8Array.from(bytes.flat());
      },
    });
    const options = { batchSize: 5, seed: 3, shuffle: false } as const;
    const lossOf = async (examples: ImageStream, augment: readonly Augmentation[]) => {
      const model = sequential([layers.flatten({ inputShape: [9, 11, 3] }), layers.dense({ units: 3 })], {
        seed: 1,
      });
      model.compile({ engine: createReferenceEngine(), optimizer: "sgd" });
      return (await model.fit(examples, { ...options, augment })).epochs[0].loss;
    };
    const plain = await lossOf(stream(true), []);
    const cut = await lossOf(stream(true), list);
    expect(seen[0]).toBe(null);
    const draws = drawStep(planAugmentations(list, classNames), stepKey(3, 0), {
      height: 9,
      width: 11,
      channels: 3,
      cropsAtSource: true,
    });
    const { drafts } = draws.batch(Array.from({ length: 5 }, (_, index) => ({ index, label: null })));
    const expected = drafts.flatMap(({ crop }) =>
      crop === null
        ? Array.from({ length: 4 }, () => Number.NaN)
        : [crop.top, crop.left, crop.height, crop.width],
    );
    expect(seen[1]).toEqual(Float32Array.from(expected));
    expect(drafts.filter(({ crop }) => crop !== null).length).toBeGreaterThan(1);
    // This stream gives whole images all the same: nothing else has cut them.
    expect(cut).toBe(plain);
    // One that cannot is not asked to: the step cuts.
    expect(await lossOf(stream(false), list)).not.toBe(plain);
    expect(seen[2]).toBe(null);
  });

  test("mistakes", async () => {
    const fit = (dataset: ImageDataset, augment: unknown) => {
      const [, ...inputShape] = dataset.images.shape;
      const model = sequential([layers.flatten({ inputShape }), layers.dense({ units: 3 })]);
      model.compile({ engine: createReferenceEngine() });
      return messageOf(() => model.fit(dataset, { augment } as object));
    };
    expect(await fit(photos(3), [augmentations.flip({ classes: ["cow"] })])).toBe(
      'OptionError: augmentations.flip: there is no class "cow". Did you mean "cat"? Known: cat, dog, bird.',
    );
    expect(await fit(photos(3, [2, 2, 2]), [augmentations.randAugment()])).toBe(
      'OptionError: fit, augment: randAugment takes images of one channel or three, "photos" has 2. Leave it away, or train on gray or RGB images.',
    );
    expect(await fit(photos(3), ["flipp"])).toMatch(
      /^OptionError: there is no augmentation "flipp"\. Did you mean "flip"\?/,
    );
    expect(await fit(photos(3), { flip: true })).toMatch(/^OptionError: fit, augment: unknown option "flip"/);
  });
});
