import { DataError } from "../tensor/index.ts";

/** How predictions and labels of some examples go together. */
export interface ConfusionMatrix {
  /** `counts[label][prediction]`: number of examples. */
  readonly counts: readonly (readonly number[])[];
  /** Share of examples that are predicted right. */
  readonly accuracy: number;
  /** For each class: right predictions of it, as a share of all predictions of it; 0 where there is none. */
  readonly precision: readonly number[];
  /** For each class: right predictions of it, as a share of its examples; 0 where there is none. */
  readonly recall: readonly number[];
  /** For each class: the harmonic mean 2 p r / (p + r) of precision and recall; 0 where both are 0. */
  readonly f1: readonly number[];
}

/**
 * Counts how often each class is taken for each other.
 *
 * @param labels - the class of each example
 * @param predictions - the predicted class of each example
 * @param classes - number of classes
 * @throws DataError when the lists differ in length or hold something that is not a class
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (labels.length !== predictions.length) {
    throw new DataError(`got ${labels.length} labels and ${predictions.length} predictions`, {
      where: "metrics.confusionMatrix",
      hint: "There must be one of each for every example.",
    });
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let example = 0; example < labels.length; example++) {
    const label = classOf(labels[example], "label", example, classes);
    const prediction = classOf(predictions[example], "prediction", example, classes);
    counts[label][prediction]++;
  }
  const right = counts.map((row, index) => row[index]);
  const labelled = counts.map(sum);
  const predicted = counts.map((_, index) => sum(counts.map((row) => row[index])));
  const precision = right.map((count, index) => share(count, predicted[index]));
  const recall = right.map((count, index) => share(count, labelled[index]));
  const f1 = precision.map((p, index) => share(2 * p * recall[index], p + recall[index]));
  return { counts, accuracy: share(sum(right), labels.length), precision, recall, f1 };
}

function classOf(value: number, what: string, example: number, classes: number): number {
  if (Number.isInteger(value) && value >= 0 && value < classes) return value;
  throw new DataError(
    `${what} ${value} of example ${example} is not one of the classes 0 to ${classes - 1}`,
    {
      where: "metrics.confusionMatrix",
    },
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
