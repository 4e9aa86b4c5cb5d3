import { DataError } from "../../tensor/errors.ts";
import type { Candidate, PhotoProblem } from "./folder-list.ts";
import { naturalOrder } from "./natural-order.ts";
import type { PhotoPart } from "./split-photos.ts";

/** A photo of a folder. */
export interface FolderPhoto {
  /** For people: below the folder, with `/`. */
  readonly path: string;
  /** To open it: the folder as it was given, and the path. */
  readonly file: string;
  /** Index into the folder's `classNames`. */
  readonly label: number;
  /** What it is used for; `null` while that is not settled. */
  readonly part: PhotoPart | null;
}

/** What an `ImageFolder` is made of. */
export interface ImageFolderContent {
  readonly name: string;
  /** The folder or CSV file. */
  readonly root: string;
  readonly classNames: readonly string[];
  readonly photos: readonly FolderPhoto[];
  readonly problems: readonly PhotoProblem[];
  readonly notes: readonly string[];
}

/** Photos that have not been sorted by classes yet. */
export interface Unarranged extends Omit<ImageFolderContent, "photos"> {
  readonly photos: readonly Candidate[];
}

/**
 * Brings classes and photos into their order. Classes without a photo to train on are left out, which `problems` then
 * tells, and those of one photo are noted.
 *
 * @throws DataError when fewer than two classes are left
 */
export function arrange({ name, root, photos, problems, classNames, notes }: Unarranged): ImageFolderContent {
  const trainable = trainableClasses(photos);
  const kept = [...trainable].sort(naturalOrder);
  const leftOut = classNames
    .filter((className) => !trainable.has(className))
    .sort(naturalOrder)
    .map((className) => ({ path: className, file: root, problem: whyLeftOut(photos, className) }));
  const allProblems = [...problems, ...leftOut];
  const labels = new Map(kept.map((className, label) => [className, label]));
  const arranged = photos
    .flatMap(({ path, file, className, part }) => {
      const label = labels.get(className);
      return label === undefined ? [] : [{ path, file, label, part }];
    })
    .sort((a, b) => a.label - b.label || naturalOrder(a.path, b.path));
  if (kept.length < 2) throw tooFewClasses(root, kept, arranged.length, allProblems);
  const single = kept
    .filter((_, label) => arranged.filter((photo) => photo.label === label).length === 1)
    .map((className) => `class "${className}" has one photo, which is trained on: nothing tests it`);
  return {
    name,
    root,
    classNames: kept,
    photos: arranged,
    problems: allProblems,
    notes: [...notes, ...single.filter((note) => !notes.includes(note))],
  };
}

/** Classes of which something can be trained on: where parts are given, that is not sure. */
function trainableClasses(photos: readonly Candidate[]): Set<string> {
  const trainable = photos.filter(({ part }) => part === null || part === "train");
  return new Set((trainable.length === 0 ? photos : trainable).map(({ className }) => className));
}

function whyLeftOut(photos: readonly Candidate[], className: string): string {
  const others = photos.filter((photo) => photo.className === className).length;
  return others === 0
    ? "there is no photo of this class: it is left out"
    : `there is no photo of this class to train on: it is left out, with ${counted(others, "other photo")}`;
}

function tooFewClasses(
  root: string,
  classNames: readonly string[],
  photos: number,
  problems: readonly PhotoProblem[],
): DataError {
  const [first] = problems;
  const passedOver =
    first === undefined
      ? ""
      : ` What was passed over: ${problems.length}, first ${first.path} (${first.problem}).`;
  const what =
    classNames.length === 0
      ? "there are no photos in folders of classes"
      : `there is one class only, "${classNames[0]}", with ${counted(photos, "photo")}`;
  return new DataError(what, {
    where: root,
    hint: `Give two classes or more, a folder for each, such as ${root}/cat and ${root}/dog.${passedOver}`,
  });
}

/** `1 photo`, `3 photos`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
