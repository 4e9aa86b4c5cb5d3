import type { ImageDataset } from "../data/index.ts";
import type { Node } from "../graph/index.ts";
import { createBuild } from "../ops/index.ts";
import { describeValue, type Field } from "../options/index.ts";
import { DataError, OptionError } from "../tensor/index.ts";

/** How much an example of each class counts: a number for each, or `"balanced"`, all classes alike. */
export type ClassWeights = readonly number[] | "balanced";

function isClassWeights(value: unknown): value is ClassWeights {
  if (value === "balanced") return true;
  const isWeight = (weight: unknown) => typeof weight === "number" && Number.isFinite(weight) && weight >= 0;
  return Array.isArray(value) && value.every(isWeight) && value.some((weight) => weight > 0);
}

/** The option `classWeights` of `fit`. */
export const classWeightsField: Field<ClassWeights> = {
  parse: (value, where, name) => {
    if (isClassWeights(value)) return value;
    throw new OptionError(
      `option "${name}" must be "balanced" or a number of at least 0 for each class, not all of them 0, got ${describeValue(value)}`,
      { where },
    );
  },
};

/**
 * A weight for each class. Balanced ones are N / (P n) for a class of which n of N examples are, and P classes that have
 * any: then each of those classes counts alike, and an example 1 on average.
 *
 * @throws OptionError for more or fewer weights than classes, DataError for a label that is no class
 */
export function resolveClassWeights(
  weights: ClassWeights,
  { name, labels, classNames }: Pick<ImageDataset, "name" | "labels" | "classNames">,
): readonly number[] {
  const beyond = labels.data.find((label) => label < 0 || label >= classNames.length);
  if (beyond !== undefined) {
    throw new DataError(`label ${beyond} is not one of 0 to ${classNames.length - 1}`, { where: name });
  }
  if (weights !== "balanced") {
    if (weights.length === classNames.length) return weights;
    throw new OptionError(`there are ${weights.length} classWeights and ${classNames.length} classes`, {
      where: "fit",
      hint: `Give one for each: ${classNames.slice(0, 8).join(", ")}${classNames.length > 8 ? ", ..." : ""}.`,
    });
  }
  const counts = classNames.map(() => 0);
  for (const label of labels.data) counts[label]++;
  const present = counts.filter((count) => count > 0).length;
  // The weight of a class without examples weighs nothing.
  return counts.map((count) => (count === 0 ? 1 : labels.data.length / (present * count)));
}

/** Multiplies the loss of each example by the weight of its class. Shapes: losses [N], labels int32 [N] -> [N]. */
export function weighLosses(losses: Node, labels: Node, weights: readonly number[]): Node {
  const build = createBuild("classWeights");
  const oneHot = build("oneHot", [labels], { classes: weights.length });
  const offsets = weights.map(() => 0);
  const weighed = build("channelAffine", [oneHot], { factors: weights, offsets });
  const ofExamples = build("reduceSum", [weighed], { axes: [1], keepDimensions: false });
  return build("multiply", [losses, ofExamples], {});
}
