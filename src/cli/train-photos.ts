/** Photos in folders by class, or of a CSV file, as `fovea train` takes them. */
import { createHash } from "node:crypto";
import { absolutePath } from "#host";
import {
  ImageFolder,
  imageFolder,
  type PhotoIdentity,
  type PhotoPart,
  type PhotoStream,
  readPhotos,
} from "../data/index.ts";
import type { Model } from "../models/index.ts";
import { photoOptionsOf } from "../reuse/features/index.ts";
import { DataError, OptionError } from "../tensor/errors.ts";
import { RandomStream } from "../tensor/random.ts";
import type { Shape } from "../tensor/shape.ts";
import { models } from "../zoo/index.ts";
import type { TrainFlags } from "./commands/train.ts";
import type { TrainConfig } from "./config.ts";
import { csvRow } from "./csv-row.ts";
import { listenForInterruption } from "./interruption.ts";
import { runPhotosFile } from "./names.ts";
import type { RunData } from "./run-data.ts";
import { untilStopped } from "./stopped.ts";
import { problemsText } from "./terminal/finetune-report.ts";
import { formatCount } from "./terminal/numbers.ts";
import { PhotoProgress } from "./terminal/photo-progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Share of the photos to judge by, where neither folder nor flag says so. */
const usualTestSplit = 0.2;

/**
 * Looks through the photos and deals them out. All of them are read for it once: what cannot be decoded is left out, and
 * photos that are nearly the same go to one side.
 *
 * @throws OptionError for flags that the photos do not suit; DataError for photos that are not those of the resumed run
 */
export async function openTrainingPhotos(
  config: TrainConfig,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<RunData> {
  const found = withoutLoneTrain(await imageFolder(config.data));
  checkShares(found, config);
  const inputShape = inputShapeOf(config);
  const identities = await identify(found, flags, terminal);
  const { validationSplit, testSplit, seed } = config;
  const fractions = { validation: validationSplit, test: testSplit ?? usualTestSplit };
  const folder = withTestPart(await found.split({ fractions, seed, identities }), found);
  const photos = { count: folder.photos.length, digest: digestOf(folder, identities) };
  if (config.photos !== null) checkSamePhotos(config.photos, photos, config.data, flags.resume ?? "");
  const indices = trainedIndices(folder, config);
  const isWatched = validationSplit > 0 || hasPart(folder, "validation");
  const streams: PhotoStream[] = [];
  const paths = new Map(folder.photos.map(({ file, path }) => [file, path]));
  if (flags.quiet !== true) {
    for (const line of openingText(folder, indices.length, inputShape)) terminal.err(`${line}\n`);
  }
  return {
    classNames: folder.classNames,
    inputShape,
    trained: indices.length,
    photos,
    table: tableOf(folder),
    partsFor: (model: Model) => {
      const input = photoOptionsOf(model);
      const stream = (part: PhotoPart) => kept(folder.stream({ ...input, parts: [part] }));
      return {
        train: kept(folder.stream({ ...input, indices })),
        validation: isWatched ? stream("validation") : null,
        test: stream("test"),
      };
    },
    problems: () => [
      ...folder.problems.map(({ path, problem }) => ({ path, problem })),
      ...streams
        .flatMap((stream) => stream.problems)
        .map(({ file, problem }) => ({ path: paths.get(file) ?? file, problem })),
    ],
  };

  function kept(stream: PhotoStream): PhotoStream {
    streams.push(stream);
    return stream;
  }
}

/** A folder of nothing but `train` has no parts: it says nothing of what to judge by. */
function withoutLoneTrain(folder: ImageFolder): ImageFolder {
  if (!folder.photos.every(({ part }) => part === "train")) return folder;
  return new ImageFolder({ ...folder, photos: folder.photos.map((photo) => ({ ...photo, part: null })) });
}

/** Where a folder has `train` and `val` alone, `val` is what is held out: it is watched, as the test part of other data is. */
function withTestPart(folder: ImageFolder, found: ImageFolder): ImageFolder {
  if (hasPart(folder, "test") || !hasPart(found, "validation")) return folder;
  return new ImageFolder({
    ...folder,
    photos: folder.photos.map((photo) => (photo.part === "validation" ? { ...photo, part: "test" } : photo)),
    notes: [...folder.notes, "there is no test part: the run is judged by the validation part"],
  });
}

function hasPart({ photos }: ImageFolder, part: PhotoPart): boolean {
  return photos.some((photo) => photo.part === part);
}

/** Shares that are asked for, of photos that have been dealt out already. */
function checkShares(folder: ImageFolder, { validationSplit, testSplit }: TrainConfig): void {
  const { photos, root } = folder;
  const hint = "Leave the flag out, or give photos without parts.";
  if (testSplit !== null && photos.some(({ part }) => part !== null)) {
    throw new OptionError(`${root} says itself which photos are for what`, { where: "--test-split", hint });
  }
  if (validationSplit > 0 && hasPart(folder, "validation")) {
    throw new OptionError(`${root} has photos for validation already`, { where: "--validation-split", hint });
  }
}

/** What photos become: the model's usual input, or that of `--image-size`. */
function inputShapeOf({ model, imageSize }: TrainConfig): Shape {
  if (imageSize === null) return models.create<string>(model).inputShape;
  const [height, width, channels] = imageSize;
  return [height, width, channels ?? models.create<string>(model).inputShape[2]];
}

/** Reads all photos once. */
async function identify(
  { photos }: ImageFolder,
  { quiet }: TrainFlags,
  terminal: Terminal,
): Promise<ReadonlyMap<string, PhotoIdentity>> {
  const progress = new PhotoProgress(terminal);
  using interruption = listenForInterruption(() => {
    progress.closeLine();
    terminal.err("Stopping; once more ends at once.\n");
  });
  const { signal } = interruption;
  const identities = new Map<string, PhotoIdentity>();
  const files = photos.map(({ file }) => file);
  try {
    await untilStopped("train", { signal, keeps: false }, async () => {
      // Of no use but for their hashes: the smallest there are.
      const options = { height: 1, width: 1, channels: 1, identify: "only", signal } as const;
      for await (const { index, path, contentHash, likeness, problem } of readPhotos(files, options)) {
        identities.set(path, { contentHash, likeness, problem });
        if (quiet !== true) progress.show({ done: index + 1, photos: files.length, cached: 0 });
      }
    });
  } finally {
    progress.closeLine();
  }
  return identities;
}

/** Tells the photos with their classes and parts from all others. */
function digestOf({ photos, classNames }: ImageFolder, identities: ReadonlyMap<string, PhotoIdentity>) {
  const hash = createHash("sha256");
  for (const { path, file, label, part } of photos) {
    hash.update(JSON.stringify([path, classNames[label], part, identities.get(file)?.contentHash]));
  }
  return hash.digest("hex");
}

/** A run that goes on with other photos would be judged by some that it was trained on. */
function checkSamePhotos(
  before: NonNullable<TrainConfig["photos"]>,
  now: NonNullable<TrainConfig["photos"]>,
  source: string,
  run: string,
): void {
  if (before.digest === now.digest) return;
  const what =
    before.count === now.count
      ? "some of them have another name, class or content"
      : `there were ${before.count}, and are ${now.count} that can be read`;
  throw new DataError(`the photos have changed since the run was started: ${what}`, {
    where: source,
    hint: `Bring back those that ${run}/${runPhotosFile} lists, or start a new run with --out.`,
  });
}

/** Indices of the photos to train on: with a limit, so many of them drawn by the seed, of each class its share. */
function trainedIndices({ photos, classNames }: ImageFolder, { limit, seed }: TrainConfig): number[] {
  const ofTrain = photos.flatMap(({ part }, index) => (part === "train" ? [index] : []));
  if (limit === null || limit >= ofTrain.length) return ofTrain;
  const random = new RandomStream(seed).split("limit");
  const ranked = classNames.flatMap((_, label) => {
    const own = ofTrain.filter((index) => photos[index].label === label);
    // The k-th of n lies at (k + 1/2) / n, so that every beginning of the whole has the classes' shares.
    const order = random.split("class", label).permutation(own.length);
    return Array.from(order, (place, k) => ({ index: own[place], rank: (k + 0.5) / own.length }));
  });
  return ranked
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, limit)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
}

/** Which photo is in which part, for `fovea evaluate` and for people. */
function tableOf({ photos, classNames }: ImageFolder): string {
  const rows = photos.map(({ file, label, part }) => [
    absolutePath(file),
    classNames[label],
    part ?? "train",
  ]);
  return [["path", "label", "part"], ...rows].map(csvRow).join("");
}

function openingText(
  { photos, classNames, problems, notes }: ImageFolder,
  trained: number,
  inputShape: Shape,
): string[] {
  const count = (part: PhotoPart) => formatCount(photos.filter((photo) => photo.part === part).length);
  const [height, width, channels] = inputShape;
  return [
    ...problemsText(problems),
    ...notes,
    `${formatCount(photos.length)} photos of ${formatCount(classNames.length)} classes: ${formatCount(trained)} to train on, ` +
      `${count("validation")} for validation, ${count("test")} to test; each becomes ${width}x${height}, ${channels === 1 ? "gray" : "RGB"}`,
  ];
}
