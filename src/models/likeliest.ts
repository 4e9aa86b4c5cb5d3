import { isKind } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { buildForward } from "./forward.ts";
import type { Model } from "./model.ts";

/** A class and how likely it is. */
export interface ClassProbability {
  /** Index into the class names. */
  readonly class: number;
  /** Its number where the model has no names. */
  readonly name: string;
  /** From 0 to 1. */
  readonly probability: number;
}

/** Whether a model's outputs are probabilities already, rather than logits. */
export function endsInSoftmax({ architecture, inputShape }: Model): boolean {
  const shape = [1, ...inputShape];
  const images = createBuild()("input", [], { name: "images", shape, dtype: "float32" });
  return isKind(buildForward(architecture, images, { training: false, key: null }).output, "softmax");
}

/** softmax(x)_i = exp(x_i - max x) / sum_j exp(x_j - max x), in float64. */
export function softmaxOf(scores: Float32Array): number[] {
  const greatest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const powers = Array.from(scores, (score) => Math.exp(score - greatest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * How a model's scores of one image are read as probabilities: as they are where it ends in a softmax, else through one. The
 * model is looked at once; what comes back takes any number of rows.
 *
 * Shapes: `[classes]` -> `[classes]`.
 */
export function probabilitiesFrom(model: Model): (scores: Float32Array) => number[] {
  return endsInSoftmax(model) ? (scores) => Array.from(scores) : softmaxOf;
}

/**
 * The likeliest classes, the likeliest first; of equals the one that comes first.
 *
 * @param count - how many at most
 */
export function likeliestClasses(
  probabilities: readonly number[],
  count: number,
  classNames: readonly string[] | null,
): ClassProbability[] {
  const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  return order.slice(0, count).map((index) => ({
    class: index,
    name: classNames?.[index] ?? String(index),
    probability: probabilities[index],
  }));
}
