import type { PartScores, PhotoPrediction } from "../result.ts";

/** Photos that a report shows. */
export interface Selection {
  /** The surest of a wrong class first. */
  readonly wrong: readonly PhotoPrediction[];
  /** Right, but by little: the least sure first. */
  readonly narrow: readonly PhotoPrediction[];
  /** Right, and sure, of all classes in turn. */
  readonly sure: readonly PhotoPrediction[];
}

/**
 * Chooses examples: wrong ones, and as many right ones, half of them the least sure and half the surest of each class.
 *
 * @param most - of the wrong ones, and of the right ones
 */
export function selectPhotos({ predictions, mistakes, classes }: PartScores, most: number): Selection {
  const right = predictions.filter((prediction) => prediction.right);
  const bySureness = right.toSorted((a, b) => a.labelProbability - b.labelProbability);
  // Nothing is right by little where all are right by much.
  const unsure = bySureness.filter(({ labelProbability }) => labelProbability < 0.95);
  const narrow = unsure.slice(0, Math.floor(most / 2));
  const rest = bySureness.filter((prediction) => !narrow.includes(prediction)).reverse();
  const queues = classes.map((_, label) => rest.filter((prediction) => prediction.label === label));
  return { wrong: mistakes.slice(0, most), narrow, sure: inTurn(queues, most - narrow.length) };
}

/** The first of each list, then the second of each, and so on. */
function inTurn<Item>(lists: readonly (readonly Item[])[], most: number): Item[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const found: Item[] = [];
  for (let round = 0; round < longest; round++) {
    for (const list of lists) {
      if (found.length === most) return found;
      if (round < list.length) found.push(list[round]);
    }
  }
  return found;
}
