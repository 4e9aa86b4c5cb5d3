import { confusionMatrix } from "../metrics/index.ts";
import { likeliestClasses, softmaxOf } from "../models/index.ts";
import type { PartScores, PhotoPart, PhotoPlace, PhotoPrediction } from "./result.ts";

/** A photo and what the classifier made of it. */
export interface JudgedPhoto extends PhotoPlace {
  readonly label: number;
  /** Shapes: `[classes]`. */
  readonly logits: Float32Array;
}

/** Classes that are told of each photo. */
const topClasses = 5;
/** Mistakes that are listed. */
const mostMistakes = 50;

/** How the classifier does on some photos. */
export function judge(
  part: PhotoPart,
  photos: readonly JudgedPhoto[],
  classNames: readonly string[],
): PartScores {
  let loss = 0;
  const predictions = photos.map(({ path, file, label, logits }): PhotoPrediction => {
    const probabilities = softmaxOf(logits);
    loss += lossOf(logits, label) / photos.length;
    const top = likeliestClasses(probabilities, topClasses, classNames);
    const right = top[0]?.class === label;
    return { path, file, part, label, top, right, labelProbability: probabilities[label] };
  });
  const guesses = predictions.map(({ top }) => top[0]?.class ?? 0);
  const labels = predictions.map(({ label }) => label);
  const confusion = confusionMatrix(labels, guesses, classNames.length);
  const { precision, recall, f1, counts, accuracy } = confusion;
  const classes = classNames.map((name, index) => {
    const examples = counts[index].reduce((sum, count) => sum + count, 0);
    const guessed = counts.reduce((sum, row) => sum + row[index], 0);
    return {
      name,
      examples,
      // No share of nothing is 0: that would look like a failure.
      precision: guessed === 0 ? null : precision[index],
      recall: examples === 0 ? null : recall[index],
      f1: examples === 0 ? null : f1[index],
    };
  });
  const surety = ({ top }: PhotoPrediction) => top[0]?.probability ?? 0;
  const mistakes = predictions
    .filter(({ right }) => !right)
    .sort((a, b) => surety(b) - surety(a))
    .slice(0, mostMistakes);
  return { part, examples: photos.length, accuracy, loss, confusion, classes, predictions, mistakes };
}

/** -ln softmax(x)_label = ln(sum_j exp(x_j - m)) - (x_label - m), m the greatest: exact where the probability is 0. */
function lossOf(logits: Float32Array, label: number): number {
  const greatest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const sum = logits.reduce((total, value) => total + Math.exp(value - greatest), 0);
  return Math.log(sum) - (logits[label] - greatest);
}
