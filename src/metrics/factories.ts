import { createMetric, type Metric, type TopKAccuracyOptions } from "./metric.ts";

export { type ConfusionMatrix, confusionMatrix } from "./confusion-matrix.ts";

/** Share of examples whose label has the highest score. */
export function accuracy(): Metric<"accuracy"> {
  return createMetric("accuracy", {});
}

/** Share of examples whose label is among the k highest scores. */
export function topKAccuracy(options: TopKAccuracyOptions = {}): Metric<"topKAccuracy"> {
  return createMetric("topKAccuracy", options);
}
