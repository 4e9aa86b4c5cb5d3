import { expect, test } from "vitest";
import { type ImageDataset, type ImageStream, stratifiedFolds, subset } from "../data/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { crossValidate } from "./cross-validation.ts";

const data = halves(15);
function streamOf({ name, images, labels, classNames }: ImageDataset): ImageStream {
  const size = images.data.length / labels.data.length;
  return {
    ...{ name, labels, classNames, imageShape: images.shape.slice(1) },
    read: async (indices) => {
      const rows = [...indices].map((index) => [...images.data.subarray(index * size, (index + 1) * size)]);
      return Uint8Array.from(rows.flat());
    },
  };
}

const makeModel = () => small(createReferenceEngine(), 3);

test("each fold is trained and scored as by hand; mean and deviation are over the folds", async () => {
  const { folds, reason, mean, deviation } = await crossValidate(makeModel, data, {
    folds: 3,
    seed: 2,
    epochs: 2,
    batchSize: 4,
  });
  expect(reason).toBe("completed");
  const expected = await Promise.all(
    stratifiedFolds(data, { folds: 3, seed: 2 }).map(async ({ train, validation }) => {
      const model = makeModel();
      await model.fit(subset(data, train), { epochs: 2, batchSize: 4, seed: 2 });
      const { examples, ...scores } = await model.evaluate(subset(data, validation));
      return { scores, heldBack: examples };
    }),
  );
  expect(folds).toMatchObject(
    expected.map((result, fold) => ({ ...result, fold, trained: 10, heldBack: 5 })),
  );
  expect(folds.map(({ history }) => history.epochs.at(-1)?.validation)).toEqual(
    expected.map(({ scores }) => scores),
  );
  const losses = expected.map(({ scores }) => scores.loss);
  const center = (losses[0] + losses[1] + losses[2]) / 3;
  expect(mean.loss).toBeCloseTo(center, 12);
  const squares = losses.map((loss) => (loss - center) ** 2);
  expect(deviation.loss).toBeCloseTo(Math.sqrt((squares[0] + squares[1] + squares[2]) / 2), 12);
  expect(Object.keys(mean)).toEqual(["loss", "accuracy", "top1Accuracy"]);
  expect(Object.keys(deviation)).toEqual(Object.keys(mean));
});

test("images that are read when they are needed give the same", async () => {
  const options = { folds: 3, seed: 2, batchSize: 4 };
  const streamed = await crossValidate(makeModel, streamOf(data), options);
  const resident = await crossValidate(makeModel, data, options);
  expect([streamed.mean, streamed.deviation]).toEqual([resident.mean, resident.deviation]);
});

test("an abort ends with the folds that are done", async () => {
  const abort = new AbortController();
  let models = 0;
  const { folds, reason } = await crossValidate(
    () => {
      if (++models === 2) abort.abort();
      return makeModel();
    },
    data,
    { folds: 3, signal: abort.signal },
  );
  expect([models, folds.length, reason]).toEqual([2, 1, "interrupted"]);
});

test("what cannot be is refused", async () => {
  const model = makeModel();
  expect(await messageOf(() => crossValidate(() => model, data, { folds: 3 }))).toBe(
    "OptionError: crossValidate: makeModel gave a model for fold 2 that it had given before. Make a new one each time: else it has seen what it is scored on.",
  );
  const validationSplit: object = { validationSplit: 0.2 };
  expect(await messageOf(() => crossValidate(makeModel, data, validationSplit))).toBe(
    'OptionError: crossValidate: option "validationSplit" has no place here. Each fold is validated on the examples that it holds back.',
  );
  const slip: object = { fold: 3 };
  expect(await messageOf(() => crossValidate(makeModel, data, slip))).toMatch(
    /^OptionError: fit: unknown option "fold"/,
  );
  expect(await messageOf(() => crossValidate(makeModel, data, { folds: 16 }))).toMatch(
    /15 examples cannot be shared out to 16 folds/,
  );
});
