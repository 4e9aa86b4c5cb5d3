export { type ConfusionMatrix, confusionMatrix } from "./confusion-matrix.ts";
export * as metrics from "./factories.ts";
export {
  type Metric,
  type MetricKind,
  type MetricOptions,
  metricName,
  perExampleMetric,
  readMetrics,
  type TopKAccuracyOptions,
} from "./metric.ts";
