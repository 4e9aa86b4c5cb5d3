import { OptionError } from "../../tensor/errors.ts";
import { arrange, counted, type FolderPhoto, type ImageFolderContent } from "./arrange.ts";
import type { DecodePool } from "./decode-pool.ts";
import type { Candidate, PhotoProblem } from "./folder-list.ts";
import type { PhotoIdentities } from "./near-duplicates.ts";
import type { Photo, PhotoOptions } from "./photo.ts";
import { type PhotoStream, photoStream } from "./photo-stream.ts";
import { readPhotos } from "./read-photos.ts";
import { type PhotoPart, type PhotoSplit, type SplitFractions, splitPhotos } from "./split-photos.ts";

/** What {@link ImageFolder.stream} reads, and what it makes of it. */
export interface FolderStreamOptions extends PhotoOptions {
  /** Photos of these parts alone; unless told, all. */
  readonly parts?: readonly PhotoPart[];
  /** Photos of these indices alone, in this order; in place of `parts`. */
  readonly indices?: ArrayLike<number>;
  /** Unless told, one pool serves all callers of the process. */
  readonly pool?: DecodePool;
}

/** What tells a photo from others, or why it cannot be read. */
export type PhotoIdentity = Pick<Photo, "contentHash" | "likeness" | "problem">;

/** How {@link ImageFolder.split} deals out photos. */
export interface FolderSplitOptions {
  /** Shares of the photos that have no part yet. */
  readonly fractions?: SplitFractions;
  /** Default 0. */
  readonly seed?: number;
  /** Whether photos that look the same are kept on one side, which needs all of them read once. Default true. */
  readonly nearDuplicates?: boolean;
  /** What is known of photos that were read before, by their `file`: those are not read again. */
  readonly identities?: ReadonlyMap<string, PhotoIdentity>;
  /** Called after each photo that was read. */
  readonly onProgress?: (done: number, photos: number) => void;
  readonly signal?: AbortSignal;
  /** Unless told, one pool serves all callers of the process. */
  readonly pool?: DecodePool;
}

/** Photos of several classes, known by their paths. None is in memory. */
export class ImageFolder {
  /** For messages. */
  readonly name: string;
  /** The folder or CSV file. */
  readonly root: string;
  readonly classNames: readonly string[];
  /** In the order of their classes, then of their paths. */
  readonly photos: readonly FolderPhoto[];
  /** What was passed over, and why. */
  readonly problems: readonly PhotoProblem[];
  /** What else is worth knowing, a sentence each: classes of one photo, photos that are the same. */
  readonly notes: readonly string[];

  /** What {@link imageFolder} makes of a folder. */
  constructor({ name, root, classNames, photos, problems, notes }: ImageFolderContent) {
    this.name = name;
    this.root = root;
    this.classNames = classNames;
    this.photos = photos;
    this.problems = problems;
    this.notes = notes;
  }

  /** How many photos each class has. */
  get counts(): readonly number[] {
    const counts = this.classNames.map(() => 0);
    for (const { label } of this.photos) counts[label]++;
    return counts;
  }

  /**
   * The same folder with a part for each photo. Photos without one are dealt out, each class for itself, in shares and by a
   * seed; photos that are the same go to one side. Parts that the folder has stay as they are, but where it has `train` and
   * nothing for validation, a share of `train` becomes that. Unless told otherwise all photos are read for it once, and
   * those that cannot be decoded go to `problems`.
   *
   * @throws OptionError when the fractions leave nothing to train on
   */
  async split(options: FolderSplitOptions = {}): Promise<ImageFolder> {
    const { fractions = {}, seed = 0, nearDuplicates = true } = options;
    const { folder, identities } = nearDuplicates
      ? await this.#identify(options)
      : { folder: this, identities: {} };
    const { photos } = folder;
    const hasPart = (part: PhotoPart) => photos.some((photo) => photo.part === part);
    // A folder that says what is for training says what is for tests, too: only validation is a matter of course.
    const open = !hasPart("train") || !hasPart("validation");
    const split = splitPhotos({
      ...identities,
      labels: photos.map(({ label }) => label),
      given: photos.map(({ part }) => (part === "train" && open ? null : part)),
      seed,
      fractions: hasPart("train") ? { ...fractions, test: 0 } : fractions,
    });
    // What the folder has for training stays so, though the same photo is among its tests: that is told.
    const settled = photos.map(({ part }, index) =>
      part === "train" && split.parts[index] === "test" ? "train" : split.parts[index],
    );
    return new ImageFolder({
      ...folder,
      photos: photos.map((photo, index) => ({ ...photo, part: settled[index] })),
      notes: [...folder.notes, ...describeDuplicates(photos, settled, split)],
    });
  }

  /**
   * A stream of photos for `fit`, `evaluate` and `predictBatches`, decoded when they are needed.
   *
   * @throws OptionError when no photo is of the parts, or an index is none of a photo
   */
  stream(options: FolderStreamOptions): PhotoStream {
    const { parts, indices, ...rest } = options;
    const chosen = indices === undefined ? this.#ofParts(parts) : this.#ofIndices(indices);
    return photoStream({
      ...rest,
      name: parts === undefined ? this.name : `${this.name} (${parts.join(" and ")})`,
      files: chosen.map(({ file }) => file),
      labels: chosen.map(({ label }) => label),
      classNames: this.classNames,
    });
  }

  /** Reads every photo that is not known yet, once. @returns the folder without those that cannot be decoded, and what tells the others apart */
  async #identify(
    options: FolderSplitOptions,
  ): Promise<{ folder: ImageFolder; identities: PhotoIdentities }> {
    const { onProgress, signal, pool } = options;
    const { photos, classNames } = this;
    const problems = [...this.problems];
    const readable: Candidate[] = [];
    const identities = new Map<string, PhotoIdentity>(options.identities);
    const files = photos.flatMap(({ file }) => (identities.has(file) ? [] : [file]));
    const known = photos.length - files.length;
    // Of no use but for their hashes: the smallest there are.
    const size = { height: 1, width: 1, channels: 1, identify: "only" as const };
    const wanted = { ...size, ...(signal && { signal }), ...(pool && { pool }) };
    for await (const { index, path: file, contentHash, likeness, problem } of readPhotos(files, wanted)) {
      identities.set(file, { contentHash, likeness, problem });
      onProgress?.(known + index + 1, photos.length);
    }
    for (const { path, file, label, part } of photos) {
      const problem = identities.get(file)?.problem ?? null;
      if (problem !== null) problems.push({ path, file, problem });
      else readable.push({ path, file, className: classNames[label], part });
    }
    const folder = new ImageFolder(arrange({ ...this, photos: readable, problems, classNames }));
    const ordered = folder.photos.map(({ file }) => identities.get(file));
    return {
      folder,
      identities: {
        contentHashes: ordered.map((photo) => photo?.contentHash ?? ""),
        likenesses: ordered.map((photo) => photo?.likeness ?? null),
      },
    };
  }

  #ofParts(parts: readonly PhotoPart[] | undefined): readonly FolderPhoto[] {
    if (parts === undefined) return this.photos;
    const chosen = this.photos.filter(({ part }) => part !== null && parts.includes(part));
    if (chosen.length > 0) return chosen;
    const isSplit = this.photos.some(({ part }) => part !== null);
    throw new OptionError(`there are no photos to be used for: ${parts.join(", ")}`, {
      where: this.name,
      hint: isSplit
        ? "Give more photos, or a larger share to this part when splitting."
        : "Deal them out first, as by await folder.split().",
    });
  }

  #ofIndices(indices: ArrayLike<number>): readonly FolderPhoto[] {
    return Array.from(indices, (index) => {
      const photo = this.photos[index];
      if (photo !== undefined) return photo;
      throw new OptionError(`${index} is the index of no photo: there are ${this.photos.length}`, {
        where: this.name,
        hint: "Indices are those of the folder's photos, from 0.",
      });
    });
  }
}

/** A sentence for each thing that photos which are the same may spoil. */
function describeDuplicates(
  photos: readonly FolderPhoto[],
  parts: readonly PhotoPart[],
  { duplicates, contradictions }: PhotoSplit,
): string[] {
  const leaks = duplicates.filter((group) => new Set(group.map((index) => parts[index])).size > 1);
  const listed = (groups: readonly (readonly number[])[]) => {
    const texts = groups.slice(0, 3).map((group) =>
      group
        .slice(0, 3)
        .map((index) => photos[index].path)
        .join(" = "),
    );
    return `${texts.join("; ")}${groups.length > 3 ? "; ..." : ""}`;
  };
  const notes: string[] = [];
  if (duplicates.length > 0) {
    notes.push(
      `${counted(duplicates.length, "group")} of photos that are the same or nearly so: ${listed(duplicates)}`,
    );
  }
  if (contradictions.length > 0)
    notes.push(
      `the same photo has several classes, ${counted(contradictions.length, "time")}: ${listed(contradictions)}`,
    );
  if (leaks.length > 0)
    notes.push(
      `the folder has the same photo on two sides, ${counted(leaks.length, "time")}: ${listed(leaks)}`,
    );
  return notes;
}
