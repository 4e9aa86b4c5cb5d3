import { OptionError } from "../tensor/errors.ts";
import { RandomStream } from "../tensor/random.ts";
import type { ImageDataset } from "./dataset.ts";
import type { ImageStream } from "./image-stream.ts";

/** One of several ways to hold a part of the examples back. Indices rise. */
export interface Fold {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** How {@link stratifiedFolds} shares examples out. */
export interface FoldOptions {
  /** How many folds; default 5. */
  readonly folds?: number;
  /** Of the draw that decides which example is held back when; default 0. */
  readonly seed?: number;
}

/**
 * Shares examples out so that each is held back in exactly one fold, and every fold holds back about the same share of
 * each class (Kohavi 1995): of no class, and of all together, do two folds hold back numbers that differ by more than 1.
 * A pure function of labels, number and seed.
 *
 * @throws OptionError for a number of folds that is not from 2 to that of the examples, or a wrong seed
 */
export function stratifiedFolds(
  { name, labels }: Pick<ImageDataset | ImageStream, "name" | "labels">,
  { folds = 5, seed = 0 }: FoldOptions = {},
): readonly Fold[] {
  const count = labels.data.length;
  if (!Number.isSafeInteger(folds) || folds < 2 || folds > count) {
    throw new OptionError(`${count} examples cannot be shared out to ${folds} folds`, {
      where: name,
      hint: `Give a whole number from 2 to ${count} as folds.`,
    });
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`option "seed" must be a whole number of at least 0, got ${seed}`, { where: name });
  }
  const foldOf = new Int32Array(count);
  const random = new RandomStream(seed).split("folds");
  let next = 0;
  for (const [label, members] of byLabel(labels.data)) {
    // A class goes on where the last one ended, so that the folds' sizes stay even.
    for (const position of random.split("class", label).permutation(members.length)) {
      foldOf[members[position]] = next++ % folds;
    }
  }
  const indices = Int32Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: folds }, (_, fold) => ({
    train: indices.filter((index) => foldOf[index] !== fold),
    validation: indices.filter((index) => foldOf[index] === fold),
  }));
}

/** The examples of each label, in the order of the labels. */
function byLabel(labels: Int32Array): readonly (readonly [label: number, members: readonly number[]])[] {
  const groups = new Map<number, number[]>();
  for (const [index, label] of labels.entries()) {
    const members = groups.get(label);
    if (members === undefined) groups.set(label, [index]);
    else members.push(index);
  }
  return [...groups].sort(([a], [b]) => a - b);
}
