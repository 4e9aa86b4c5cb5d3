import { expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import { createBuild } from "../ops/index.ts";
import { messageOf } from "../testing/error-message.ts";
import * as losses from "./factories.ts";
import { type Loss, lossKinds, perExampleLoss, readLoss } from "./loss.ts";

const logits = [
  [2, -1, 0.5],
  [0, 3, -2],
];
const labels = [0, 2];

function values(loss: Loss, activation: "linear" | "softmax" = "linear"): number[] {
  const build = createBuild();
  const scores = build("input", [], { name: "scores", shape: [2, 3], dtype: "float32" });
  const classes = build("input", [], { name: "labels", shape: [2], dtype: "int32" });
  const output = activation === "softmax" ? build("softmax", [scores], {}) : scores;
  const node = perExampleLoss(loss, build, output, classes);
  expect(node.shape).toEqual([2]);
  return [...evaluate([node], { scores: logits.flat(), labels })[0]];
}

const softmax = (row: readonly number[]) => {
  const sum = row.reduce((total, z) => total + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / sum);
};
const oneHot = (label: number) => [0, 1, 2].map((c) => (c === label ? 1 : 0));

test("mean squared error is (a - y)^2, averaged or summed over the outputs", () => {
  const sums = logits.map((row, n) => row.reduce((sum, a, c) => sum + (a - oneHot(labels[n])[c]) ** 2, 0));
  expect(values(losses.meanSquaredError({ reduction: "sum" }))).toBeCloseToTensor(sums);
  expect(values(losses.meanSquaredError())).toBeCloseToTensor(sums.map((sum) => sum / 3));
});

test("both cross-entropies are -log p(label), from logits and from a softmax", () => {
  const expected = logits.map((row, n) => -Math.log(softmax(row)[labels[n]]));
  for (const make of [losses.sparseCategoricalCrossentropy, losses.categoricalCrossentropy]) {
    expect(values(make())).toBeCloseToTensor(expected, { relative: 1e-12 });
    expect(values(make({ fromLogits: false }), "softmax")).toBeCloseToTensor(expected, { relative: 1e-12 });
  }
});

test("label smoothing spreads its share over all classes", () => {
  const smoothing = 0.3;
  const expected = logits.map((row, n) =>
    softmax(row).reduce(
      (sum, p, c) => sum - (oneHot(labels[n])[c] * (1 - smoothing) + smoothing / 3) * Math.log(p),
      0,
    ),
  );
  for (const make of [losses.sparseCategoricalCrossentropy, losses.categoricalCrossentropy]) {
    expect(values(make({ labelSmoothing: smoothing }))).toBeCloseToTensor(expected, { relative: 1e-12 });
  }
});

test("maximum a posteriori is y_label + log(exp(-j) + sum exp(-y)) of penalties y, the outputs' opposites", async () => {
  for (const j of [1, 0.25]) {
    const expected = logits.map((row, n) => {
      const shares = row.reduce((sum, output) => sum + Math.exp(output), Math.exp(-j));
      return -row[labels[n]] + Math.log(shares);
    });
    expect(values(losses.maximumAPosteriori({ rubbishPenalty: j }))).toBeCloseToTensor(expected, {
      relative: 1e-12,
    });
  }
  expect(await messageOf(() => losses.maximumAPosteriori({ rubbishPenalty: 0 }))).toBe(
    'OptionError: losses.maximumAPosteriori: option "rubbishPenalty" must be a number above 0, got 0.',
  );
});

test("a loss must suit what the model ends in", async () => {
  expect(await messageOf(() => values(losses.sparseCategoricalCrossentropy(), "softmax"))).toBe(
    "OptionError: compile: the loss takes logits, but the model ends in a softmax. Drop the softmax, or give the loss { fromLogits: false }.",
  );
  expect(await messageOf(() => values(losses.categoricalCrossentropy({ fromLogits: false })))).toBe(
    "OptionError: compile: the loss takes probabilities, but the model does not end in a softmax. Give the loss { fromLogits: true }, or end the model in a softmax.",
  );
});

test("JSON keeps losses, names stand for all defaults", async () => {
  expect(lossKinds).toEqual([
    ...["meanSquaredError", "categoricalCrossentropy", "sparseCategoricalCrossentropy", "maximumAPosteriori"],
  ]);
  for (const kind of lossKinds) {
    const loss = readLoss(kind);
    expect(readLoss(JSON.parse(JSON.stringify(loss)))).toEqual(loss);
  }
  expect(await messageOf(() => readLoss("crossEntropy"))).toMatch(
    /^OptionError: there is no loss "crossEntropy"/,
  );
  expect(await messageOf(() => losses.sparseCategoricalCrossentropy({ labelSmoothing: 1 }))).toBe(
    'OptionError: losses.sparseCategoricalCrossentropy: option "labelSmoothing" must be a number at least 0 and below 1, got 1.',
  );
});
