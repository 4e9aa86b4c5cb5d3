import { evaluate } from "../engine/reference/index.ts";
import type { OpKind } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import type { OpCase } from "./draws/index.ts";

/**
 * How an engine's numbers are held against the reference:
 * - `exact`: moving, choosing and counting have one right answer, bit for bit;
 * - `summed`: error relative to the greatest sum of |a| |b| that an output element adds up;
 * - `scaled`: error relative to the greatest element, or 1.
 */
export type Bound = "exact" | "summed" | "scaled";

/** The bound of every kind: a kind without one is a compile error. */
export const bounds: { readonly [K in OpKind]: Bound } = {
  input: "exact",
  variable: "exact",
  constant: "exact",
  add: "summed",
  subtract: "summed",
  multiply: "summed",
  divide: "scaled",
  affine: "scaled",
  channelAffine: "scaled",
  clip: "exact",
  clipGradient: "exact",
  reshape: "exact",
  pad: "exact",
  slice: "exact",
  concatenate: "exact",
  transpose: "exact",
  broadcast: "exact",
  reduceSum: "summed",
  matmul: "summed",
  conv2d: "summed",
  conv2dInputGradient: "summed",
  conv2dFilterGradient: "summed",
  maxPool2d: "exact",
  maxPool2dGradient: "scaled",
  averagePool2d: "summed",
  averagePool2dGradient: "summed",
  adaptiveAveragePool2d: "summed",
  adaptiveAveragePool2dGradient: "summed",
  resample2d: "scaled",
  localResponseNormalization: "scaled",
  localResponseNormalizationGradient: "scaled",
  relu: "exact",
  reluGradient: "exact",
  leakyRelu: "scaled",
  leakyReluGradient: "scaled",
  hardSwish: "scaled",
  hardSwishGradient: "scaled",
  sigmoid: "scaled",
  sigmoidGradient: "scaled",
  tanh: "scaled",
  tanhGradient: "scaled",
  gelu: "scaled",
  geluGradient: "scaled",
  softmax: "scaled",
  softmaxGradient: "scaled",
  logSoftmax: "scaled",
  logSoftmaxGradient: "scaled",
  dropout: "scaled",
  batchMoments: "scaled",
  batchMomentsGradient: "scaled",
  batchNormalize: "scaled",
  batchNormalizeReduce: "scaled",
  batchNormalizeInputGradient: "scaled",
  batchNormalizeMomentsGradient: "scaled",
  softmaxCrossEntropy: "scaled",
  softmaxCrossEntropyGradient: "scaled",
  oneHot: "exact",
  topKHits: "exact",
  loadImages: "scaled",
  loadRows: "exact",
  loadLabels: "exact",
  warpImages: "scaled",
  mixExamples: "scaled",
};

/** What a drawn op should come to, and the greatest error allowed. */
export interface Expectation {
  readonly values: Float64Array;
  readonly absolute: number;
}

/** The float64 reference of a drawn op, and the error that its kind's bound allows at a tolerance. */
export function expectationOf({ node, leaves, values }: OpCase, tolerance: number): Expectation {
  const [reference] = evaluate([node], values);
  const bound = bounds[node.kind];
  if (bound === "exact") return { values: reference.map(roundTo(node.dtype)), absolute: 0 };
  if (bound === "scaled") return { values: reference, absolute: tolerance * greatest(reference, 1) };
  // A sum of products of absolute values; a difference adds them up as well.
  const kind = node.kind === "subtract" ? "add" : node.kind;
  const absolute = new Map(
    leaves.map((leaf) => [leaf, (values.get(leaf) ?? new Float64Array()).map(Math.abs)]),
  );
  const [magnitude] = evaluate([createBuild()(kind, leaves, node.attributes)], absolute);
  return { values: reference, absolute: tolerance * greatest(magnitude, 0) };
}

function greatest(values: Float64Array, least: number): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
}

function roundTo(dtype: string): (value: number) => number {
  return dtype === "float32" ? Math.fround : (value) => value;
}
