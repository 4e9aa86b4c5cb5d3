import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { checkOptions, type Fields, type Resolved, readChoice, wholeNumberField } from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";

/** `metrics.accuracy()` takes no options. */
export type AccuracyOptions = Record<never, never>;

/** Options of `metrics.topKAccuracy`. */
export interface TopKAccuracyOptions {
  /** How many guesses an example has; default 5. */
  readonly k?: number;
}

/** All kinds of metrics and the type of their options: a closed union. */
export interface MetricOptions {
  accuracy: AccuracyOptions;
  topKAccuracy: TopKAccuracyOptions;
}

/** The name of a kind of metric. */
export type MetricKind = keyof MetricOptions;

/** A metric: a plain description that JSON keeps. */
export interface Metric<K extends MetricKind = MetricKind> {
  readonly kind: K;
  readonly options: Resolved<MetricOptions[K]>;
}

interface MetricDefinition<O extends object> {
  readonly fields: Fields<O>;
  /** The key of its value in results. */
  readonly name: (options: Resolved<O>) => string;
  /** A value for each example, whose mean is the metric. Shapes: scores [N, C], labels int32 [N] -> [N]. */
  readonly perExample: (options: Resolved<O>, build: Build, scores: Node, labels: Node) => Node;
}

const metricTable: { readonly [K in MetricKind]: MetricDefinition<MetricOptions[K]> } = {
  accuracy: {
    fields: {},
    name: () => "accuracy",
    perExample: (_options, build, scores, labels) => build("topKHits", [scores, labels], { k: 1 }),
  },
  topKAccuracy: {
    fields: { k: wholeNumberField(1, 5) },
    name: ({ k }) => `top${k}Accuracy`,
    perExample: ({ k }, build, scores, labels) => build("topKHits", [scores, labels], { k }),
  },
};

function definitionOf<K extends MetricKind>(kind: K): MetricDefinition<MetricOptions[K]> {
  return metricTable[kind];
}

/** @throws OptionError for an unknown or wrong option */
export function createMetric<K extends MetricKind>(kind: K, options: unknown): Metric<K> {
  const { fields } = definitionOf(kind);
  return Object.freeze({ kind, options: checkOptions(`metrics.${kind}`, options, fields) });
}

/**
 * Metrics from their names or from descriptions that JSON kept.
 *
 * @throws OptionError for an unknown name, a wrong option, or one metric given twice
 */
export function readMetrics(values: unknown): readonly Metric[] {
  if (!Array.isArray(values)) throw new OptionError("metrics must be a list", { where: "compile" });
  const metrics = values.map((value) => {
    const { kind, options } = readChoice("metric", value, metricTable);
    return createMetric(kind, options);
  });
  const names = metrics.map(metricName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new OptionError(`the metric "${twice}" is given twice`, { where: "compile" });
  return metrics;
}

/** The key of a metric's value in results: `accuracy`, `top5Accuracy`. */
export function metricName<K extends MetricKind>(metric: Metric<K>): string {
  return definitionOf(metric.kind).name(metric.options);
}

/** Builds a metric's value of each example. Shapes: scores [N, C], labels int32 [N] -> [N]. */
export function perExampleMetric<K extends MetricKind>(
  metric: Metric<K>,
  build: Build,
  scores: Node,
  labels: Node,
): Node {
  return definitionOf(metric.kind).perExample(metric.options, build, scores, labels);
}
