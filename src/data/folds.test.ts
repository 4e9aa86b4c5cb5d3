import fc from "fast-check";
import { expect, test } from "vitest";
import { Tensor } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { stratifiedFolds } from "./folds.ts";
import { fromArrays } from "./from-arrays.ts";
import type { ImageStream } from "./image-stream.ts";
import { subset } from "./subset.ts";

const labelled = (labels: readonly number[]) => ({
  name: "drawn",
  labels: new Tensor("int32", [labels.length], Int32Array.from(labels)),
});

test("each example is held back once, and every class and fold as evenly as can be", () => {
  const classes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(classes, fc.integer({ min: 2, max: 7 }), fc.nat(), (labels, wanted, seed) => {
      const folds = Math.min(wanted, labels.length);
      const result = stratifiedFolds(labelled(labels), { folds, seed });
      expect(result.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b)).toEqual([
        ...labels.keys(),
      ]);
      for (const { train, validation } of result) {
        expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...labels.keys()]);
        expect([...validation]).toEqual([...validation].sort((a, b) => a - b));
      }
      const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);
      expect(spread(result.map(({ validation }) => validation.length))).toBeLessThanOrEqual(1);
      for (const label of new Set(labels)) {
        const ofLabel = result.map(
          ({ validation }) => validation.filter((index) => labels[index] === label).length,
        );
        expect(spread(ofLabel)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("the seed alone decides", () => {
  const labels = labelled(Array.from({ length: 40 }, (_, index) => index % 3));
  expect(stratifiedFolds(labels, { seed: 4 })).toEqual(stratifiedFolds(labels, { seed: 4 }));
  expect(stratifiedFolds(labels, { seed: 4 })).not.toEqual(stratifiedFolds(labels, { seed: 5 }));
  expect(stratifiedFolds(labels)).toEqual(stratifiedFolds(labels, { folds: 5, seed: 0 }));
});

test("numbers that cannot be are refused", async () => {
  const labels = labelled([0, 1, 1]);
  expect(await messageOf(() => stratifiedFolds(labels, { folds: 4 }))).toBe(
    "OptionError: drawn: 3 examples cannot be shared out to 4 folds. Give a whole number from 2 to 3 as folds.",
  );
  expect(await messageOf(() => stratifiedFolds(labels, { folds: 1 }))).toMatch(/to 1 folds/);
  expect(await messageOf(() => stratifiedFolds(labels, { folds: 2, seed: -1 }))).toBe(
    'OptionError: drawn: option "seed" must be a whole number of at least 0, got -1.',
  );
});

test("a subset has the examples of the indices, in memory or read when they are needed", async () => {
  const images = new Tensor("uint8", [3, 1, 2, 1], Uint8Array.of(1, 2, 3, 4, 5, 6));
  const data = fromArrays({ images, labels: [0, 1, 0], classes: ["a", "b"], name: "three" });
  const part = subset(data, [2, 0, 2], "part");
  expect(part.name).toBe("part");
  expect([...part.images.data]).toEqual([5, 6, 1, 2, 5, 6]);
  expect(part.images.shape).toEqual([3, 1, 2, 1]);
  expect([...part.labels.data]).toEqual([0, 0, 0]);

  const stream: ImageStream = {
    name: "stream",
    imageShape: [1, 2, 1],
    labels: data.labels,
    classNames: data.classNames,
    read: async (indices) => Uint8Array.from([...indices].flatMap((index) => [10 * index, 10 * index + 1])),
  };
  const some = subset(stream, Int32Array.of(1, 2));
  expect(some.name).toBe("stream");
  expect([...some.labels.data]).toEqual([1, 0]);
  expect([...(await some.read(Int32Array.of(1, 0)))]).toEqual([20, 21, 10, 11]);

  expect(await messageOf(() => subset(data, [0, 3]))).toBe(
    "DataError: three: 3 is not the index of one of 3 examples.",
  );
  expect(await messageOf(() => subset(data, []))).toBe(
    "DataError: three: a subset must have an example at least, got no index.",
  );
});
