import { OptionError } from "../../tensor/errors.ts";
import { RandomStream } from "../../tensor/random.ts";
import { groupPhotos, type PhotoIdentities } from "./near-duplicates.ts";

/** What photos are used for: to train on, to choose by while training, to judge the result by. */
export type PhotoPart = "train" | "validation" | "test";

/** All of them, as a list. */
export const photoParts: readonly PhotoPart[] = ["train", "validation", "test"];

/** Shares of the photos that are kept from training. */
export interface SplitFractions {
  /** Default 0.1. */
  readonly validation?: number;
  /** Default 0.2. */
  readonly test?: number;
}

/** What {@link splitPhotos} goes by. */
export interface SplitPhotosOptions extends PhotoIdentities {
  /** Of each photo, the index of its class. */
  readonly labels: ArrayLike<number>;
  readonly fractions?: SplitFractions;
  /** Default 0. */
  readonly seed?: number;
  /** Parts that are settled already, `null` for photos that are to be dealt out. */
  readonly given?: readonly (PhotoPart | null)[];
}

/** Which photo is used for what. */
export interface PhotoSplit {
  /** Of each photo. */
  readonly parts: readonly PhotoPart[];
  /** Of each part, the indices of its photos, ascending. */
  readonly indices: Readonly<Record<PhotoPart, Int32Array>>;
  /** Groups of photos that are the same, as sets of indices: of two or more. */
  readonly duplicates: readonly (readonly number[])[];
  /** Those of `duplicates` that have photos of more than one class. */
  readonly contradictions: readonly (readonly number[])[];
  /** Those of `duplicates` that `given` has on both sides. */
  readonly leaks: readonly (readonly number[])[];
}

/**
 * Deals out photos to be trained on, chosen by and judged by. Each class is split for itself, in the given shares, and
 * photos that are the same (in their bytes, or by their likeness) go to one side, so that no test is of what was trained
 * on. The same seed gives the same split; of a class of one photo, that is trained on.
 *
 * @throws OptionError when the fractions leave nothing to train on, or the lists are not of one length
 */
export function splitPhotos(options: SplitPhotosOptions): PhotoSplit {
  const { seed = 0 } = options;
  const labels = Array.from(options.labels);
  const { length: count } = labels;
  const fractions = checkFractions(options.fractions);
  const given = options.given ?? Array.from({ length: count }, () => null);
  checkLengths(count, { given, contentHashes: options.contentHashes, likenesses: options.likenesses });
  const groups = membersOf(groupPhotos(count, options));
  const parts: (PhotoPart | null)[] = [...given];
  // A group that has a part already keeps it; the part of its first photo, if it has several.
  for (const group of groups) {
    const settled = group.find((index) => given[index] !== null);
    if (settled === undefined) continue;
    for (const index of group) parts[index] ??= given[settled];
  }
  const random = new RandomStream(seed).split("split");
  for (const label of new Set(labels.toSorted((a, b) => a - b))) {
    const open = groups.filter(([first]) => labels[first] === label && parts[first] === null);
    dealOut(open, fractions, random.split("class", label), parts);
  }
  const settled = parts.map((part) => part ?? "train");
  const duplicates = groups.filter(({ length }) => length > 1);
  const several = (of: (index: number) => unknown) => (group: readonly number[]) =>
    new Set(group.map(of).filter((value) => value !== null)).size > 1;
  return {
    parts: settled,
    indices: {
      train: indicesOf(settled, "train"),
      validation: indicesOf(settled, "validation"),
      test: indicesOf(settled, "test"),
    },
    duplicates,
    contradictions: duplicates.filter(several((index) => labels[index])),
    leaks: duplicates.filter(several((index) => given[index])),
  };
}

/** Groups of one class, the largest first and else in a drawn order, each to the part that lacks most. */
function dealOut(
  groups: readonly (readonly number[])[],
  fractions: Readonly<Record<PhotoPart, number>>,
  random: RandomStream,
  parts: (PhotoPart | null)[],
): void {
  const lacking = apportion(
    groups.reduce((sum, { length }) => sum + length, 0),
    groups.length,
    fractions,
  );
  const drawn = Array.from(random.permutation(groups.length), (place) => groups[place]);
  for (const group of drawn.sort((a, b) => b.length - a.length)) {
    const part = photoParts.reduce((most, other) => (lacking[other] > lacking[most] ? other : most));
    lacking[part] -= group.length;
    for (const index of group) parts[index] = part;
  }
}

/** How many photos each part is to have: its share, rounded; one at least where the groups suffice, training first. */
function apportion(
  count: number,
  groups: number,
  fractions: Readonly<Record<PhotoPart, number>>,
): Record<PhotoPart, number> {
  const counts = { train: 0, validation: 0, test: 0 };
  let left = groups - 1;
  for (const part of ["test", "validation"] as const) {
    if (fractions[part] === 0 || left < 1) continue;
    counts[part] = Math.max(1, Math.round(fractions[part] * count));
    left--;
  }
  // Rounding up must not eat what is to be trained on.
  while (counts.test + counts.validation >= count)
    counts[counts.test > counts.validation ? "test" : "validation"]--;
  return { ...counts, train: count - counts.test - counts.validation };
}

function membersOf(firsts: Int32Array): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  firsts.forEach((first, index) => {
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [index]);
    else group.push(index);
  });
  return [...groups.values()];
}

function indicesOf(parts: readonly PhotoPart[], wanted: PhotoPart): Int32Array {
  return Int32Array.from(parts.flatMap((part, index) => (part === wanted ? [index] : [])));
}

function checkFractions({ validation = 0.1, test = 0.2 }: SplitFractions = {}): Record<PhotoPart, number> {
  if (validation >= 0 && test >= 0 && validation + test < 1)
    return { train: 1 - validation - test, validation, test };
  throw new OptionError(
    `${validation} of the photos to validate and ${test} to test with leave none to train on`,
    {
      where: "data.splitPhotos",
      hint: "Give shares from 0 up whose sum is below 1, such as { validation: 0.1, test: 0.2 }.",
    },
  );
}

function checkLengths(count: number, lists: Readonly<Record<string, ArrayLike<unknown> | undefined>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (list === undefined || list.length === count) continue;
    throw new OptionError(`there are ${count} labels and ${list.length} ${name}`, {
      where: "data.splitPhotos",
      hint: "Give one for each photo, in the same order.",
    });
  }
}
