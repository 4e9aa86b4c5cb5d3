import { expect, test } from "vitest";
import { augmentations } from "../data/augment/index.ts";
import { createReferenceEngine } from "../engine/reference/index.ts";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { halves } from "../testing/halves.ts";
import { small } from "../testing/small-model.ts";
import { type Callback, decodeCheckpoint } from "../train/index.ts";
import { resolveClassWeights } from "./class-weights.ts";

const labelled = (labels: readonly number[], classNames: readonly string[]) => ({
  name: "drawn",
  labels: new Tensor("int32", [labels.length], Int32Array.from(labels)),
  classNames,
});

test("balanced weights let every class that has examples count alike, and an example 1 on average", () => {
  const data = labelled([0, 0, 0, 2, 2, 3], ["a", "b", "c", "d"]);
  const weights = resolveClassWeights("balanced", data);
  expect(weights).toEqual([6 / (3 * 3), 1, 6 / (3 * 2), 6 / (3 * 1)]);
  const ofExamples = [...data.labels.data].map((label) => weights[label]);
  expect(ofExamples.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(6, 12);
});

test("balanced weights are those of the examples that are trained on, and a checkpoint keeps them", async () => {
  const data = halves(12);
  let bytes = new Uint8Array();
  const save: Callback = {
    onTrainEnd: async (_, control) => {
      bytes = await control.saveCheckpoint();
    },
  };
  const options = { batchSize: 4, validationSplit: 0.25, callbacks: [save] };
  await small(createReferenceEngine(), 1).fit(data, { ...options, classWeights: "balanced" });
  const checkpoint = decodeCheckpoint(bytes, { name: "test" });
  const trained = labelled([...data.labels.data.subarray(0, 9)], data.classNames);
  const expected = resolveClassWeights("balanced", trained);
  expect(expected[0]).not.toBe(expected[1]);
  expect(checkpoint.training.configuration.classWeights).toEqual(expected);

  const resume = (classWeights: "balanced" | readonly number[]) =>
    messageOf(() =>
      small(createReferenceEngine()).fit(data, { resumeFrom: checkpoint, epochs: 2, classWeights }),
    );
  expect(await resume([1, 2])).toMatch(
    /^OptionError: fit: the run to resume has classWeights \[.*\], not \[1,2\]\./,
  );
  const again = small(createReferenceEngine());
  const { epochs } = await again.fit(data, { resumeFrom: checkpoint, epochs: 2, classWeights: "balanced" });
  expect(epochs).toHaveLength(2);
});

test("of blended examples each label counts by its own weight", async () => {
  const data = halves(8);
  const lossWith = async (classWeights: readonly number[]) => {
    const model = small(createReferenceEngine(), 1);
    const options = { batchSize: 8, augment: [augmentations.mixup()], classWeights };
    return (await model.fit(data, options)).epochs[0].loss;
  };
  const [left, right, plain] = [await lossWith([1, 0]), await lossWith([0, 1]), await lossWith([1, 1])];
  expect(left + right).toBeCloseTo(plain, 6);
  expect(await lossWith([2, 3])).toBeCloseTo(2 * left + 3 * right, 6);
});

test("validation is not weighted", async () => {
  const data = halves(8);
  const model = small(createReferenceEngine(), 1);
  const { epochs } = await model.fit(data, { validationData: data, classWeights: [5, 7] });
  const { examples, ...scores } = await model.evaluate(data);
  expect(epochs[0].validation).toEqual(scores);
});

test("wrong weights are named", async () => {
  const fit = (classWeights: unknown) =>
    messageOf(() => small(createReferenceEngine()).fit(halves(4), { classWeights } as object));
  expect(await fit([1, 2, 3])).toBe(
    "OptionError: fit: there are 3 classWeights and 2 classes. Give one for each: left, right.",
  );
  for (const wrong of [[1, -1], [0, 0], "equal", [1, Number.NaN]]) {
    expect(await fit(wrong)).toMatch(
      /^OptionError: fit: option "classWeights" must be "balanced" or a number of at least 0 for each class, not all of them 0, got /,
    );
  }
  expect(await messageOf(() => resolveClassWeights("balanced", labelled([0, 2], ["a", "b"])))).toBe(
    "DataError: drawn: label 2 is not one of 0 to 1.",
  );
});
