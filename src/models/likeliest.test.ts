import { expect, test } from "vitest";
import { layers } from "../layers/index.ts";
import { endsInSoftmax, likeliestClasses, softmaxOf } from "./likeliest.ts";
import { sequential } from "./sequential.ts";

test("softmax of large scores does not overflow, and its sum is 1", () => {
  const [first, second, third] = softmaxOf(Float32Array.of(1000, 1001, -1000));
  expect(first).toBeCloseTo(1 / (1 + Math.E), 12);
  expect(second).toBeCloseTo(Math.E / (1 + Math.E), 12);
  expect(third).toBe(0);
});

test("the likeliest classes come first, equals in their order, with names or numbers", () => {
  const probabilities = [0.1, 0.4, 0.1, 0.4];
  expect(likeliestClasses(probabilities, 3, ["a", "b", "c", "d"])).toEqual([
    { class: 1, name: "b", probability: 0.4 },
    { class: 3, name: "d", probability: 0.4 },
    { class: 0, name: "a", probability: 0.1 },
  ]);
  expect(likeliestClasses(probabilities, 9, null).map(({ name }) => name)).toEqual(["1", "3", "0", "2"]);
});

test("a model's end says whether its outputs are probabilities", () => {
  const dense = layers.dense({ units: 3, inputShape: [2] });
  expect(endsInSoftmax(sequential([dense]))).toBe(false);
  expect(endsInSoftmax(sequential([dense, layers.activation({ activation: "softmax" })]))).toBe(true);
});
