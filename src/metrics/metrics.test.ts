import { expect, test } from "vitest";
import { evaluate } from "../engine/reference/index.ts";
import { createBuild } from "../ops/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { confusionMatrix } from "./confusion-matrix.ts";
import * as metrics from "./factories.ts";
import { type Metric, metricName, perExampleMetric, readMetrics } from "./metric.ts";

function hits(metric: Metric): number[] {
  const build = createBuild();
  const scores = build("input", [], { name: "scores", shape: [3, 4], dtype: "float32" });
  const labels = build("input", [], { name: "labels", shape: [3], dtype: "int32" });
  const node = perExampleMetric(metric, build, scores, labels);
  const values = [
    [1, 5, 3, 2],
    [1, 5, 3, 2],
    [4, 1, 2, 3],
  ];
  return [...evaluate([node], { scores: values.flat(), labels: [1, 3, 2] })[0]];
}

test("accuracy and top-k count the examples whose label scores high enough", () => {
  expect(hits(metrics.accuracy())).toEqual([1, 0, 0]);
  expect(hits(metrics.topKAccuracy({ k: 2 }))).toEqual([1, 0, 0]);
  expect(hits(metrics.topKAccuracy({ k: 3 }))).toEqual([1, 1, 1]);
});

test("metrics have names, and JSON keeps them", async () => {
  const all = readMetrics(["accuracy", metrics.topKAccuracy(), metrics.topKAccuracy({ k: 3 })]);
  expect(all.map(metricName)).toEqual(["accuracy", "top5Accuracy", "top3Accuracy"]);
  expect(readMetrics(JSON.parse(JSON.stringify(all)))).toEqual(all);
  expect(await messageOf(() => readMetrics(["accuracy", "accuracy"]))).toBe(
    'OptionError: compile: the metric "accuracy" is given twice.',
  );
  expect(await messageOf(() => readMetrics("accuracy"))).toBe(
    "OptionError: compile: metrics must be a list.",
  );
  expect(await messageOf(() => readMetrics(["acuracy"]))).toBe(
    'OptionError: there is no metric "acuracy". Did you mean "accuracy"? Known: accuracy, topKAccuracy.',
  );
});

test("the confusion matrix counts labels against predictions", () => {
  const { counts, accuracy, precision, recall, f1 } = confusionMatrix(
    [0, 0, 0, 1, 1, 2],
    [0, 0, 1, 1, 0, 1],
    4,
  );
  expect(counts).toEqual([
    [2, 1, 0, 0],
    [1, 1, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 0],
  ]);
  expect(accuracy).toBe(0.5);
  expect(precision).toEqual([2 / 3, 1 / 3, 0, 0]);
  expect(recall).toEqual([2 / 3, 1 / 2, 0, 0]);
  expect(f1).toBeCloseToTensor([2 / 3, 0.4, 0, 0]);
});

test("the confusion matrix refuses what is no class", async () => {
  expect(await messageOf(() => confusionMatrix([0], [0, 1], 2))).toBe(
    "DataError: metrics.confusionMatrix: got 1 labels and 2 predictions. There must be one of each for every example.",
  );
  expect(await messageOf(() => confusionMatrix([0, 1], [0, 2], 2))).toBe(
    "DataError: metrics.confusionMatrix: prediction 2 of example 1 is not one of the classes 0 to 1.",
  );
});
