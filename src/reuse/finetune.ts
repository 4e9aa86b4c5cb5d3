import { describeMachine } from "#host";
import { type FolderPhoto, type ImageFolder, imageFolder, stratifiedFolds } from "../data/index.ts";
import { groupPhotos } from "../data/photos/near-duplicates.ts";
import type { Engine } from "../engine/engine.ts";
import { defaultEngine } from "../engine/index.ts";
import type { Model } from "../models/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type Backbone, loadBackbone } from "./backbone.ts";
import type { FinetuneEvent } from "./events.ts";
import { extractFeatures, type Features } from "./features/index.ts";
import {
  type Head,
  type HeadOptions,
  headModel,
  joinHead,
  type LabelledFeatures,
  refitHead,
  trainHead,
} from "./head.ts";
import { type JudgedPhoto, judge } from "./judge.ts";
import type { FinetuneOptions } from "./options.ts";
import { type FinetuneSettings, readFinetuneOptions } from "./read-options.ts";
import type {
  ClassCounts,
  FinetunePhase,
  FinetuneResult,
  FinetuneTiming,
  FoldsReport,
  PartScores,
  PhotoPart,
  PhotoPlace,
} from "./result.ts";
import { layersOf, partStream, trainUnfrozen, type UnfreezeSettings } from "./unfreeze.ts";

/** What is told on the way, and where time goes. */
class Course {
  readonly timings: FinetuneTiming[] = [];
  readonly tell: (event: FinetuneEvent) => void;
  readonly #signal: AbortSignal | null;

  constructor(tell: (event: FinetuneEvent) => void, signal: AbortSignal | null) {
    this.tell = tell;
    this.#signal = signal;
  }

  async phase<Result>(phase: FinetunePhase, work: () => Promise<Result>): Promise<Result> {
    this.#signal?.throwIfAborted();
    const start = performance.now();
    this.tell({ type: "phase", phase });
    const result = await work();
    this.timings.push({ phase, milliseconds: performance.now() - start });
    return result;
  }
}

/** Photos with a part and features each. */
interface Dealt {
  readonly folder: ImageFolder;
  readonly data: LabelledFeatures;
  /** Rows of `data` by part. */
  readonly rows: Readonly<Record<PhotoPart, readonly number[]>>;
  /** The photo of each row. */
  readonly byRow: ReadonlyMap<number, FolderPhoto>;
  readonly duplicates: readonly (readonly PhotoPlace[])[];
  /** Whether the folder itself says what is for validation. */
  readonly ownValidation: boolean;
}

/**
 * Makes a classifier of your own photos: takes most of a trained net as it is, and trains a last layer of its own on what the
 * net makes of the photos. Every photo goes through the net once; features are kept on disk. Photos are dealt out by class,
 * near-duplicates to one side, and the test part is seen by nothing but the judgement at the end.
 *
 * @param onEvent - is told how far it has come
 * @throws OptionError for a wrong option, FileError or DataError for photos that cannot be used; the signal's reason when that
 *   ends it
 */
export async function finetune(
  options: FinetuneOptions,
  onEvent: (event: FinetuneEvent) => void = () => {},
): Promise<FinetuneResult> {
  const settings = readFinetuneOptions(options);
  const { signal, seed } = settings;
  const course = new Course(onEvent, signal);
  const folder = await course.phase("scan", () => scan(settings, course));
  const engine = settings.engine ?? (await defaultEngine());
  const backbone = await course.phase("backbone", () =>
    loadBackbone({ ...options, size: settings.size, engine }),
  );
  // A stage that there is not is told now, and not after all photos have gone through the net.
  if (settings.unfreeze.length > 0) backbone.network.unfreeze(layersOf(settings.unfreeze));
  course.tell({ type: "backbone", ...backbone.report });
  await settings.onReady();
  const features = await course.phase("features", () => featuresOf(folder, backbone, settings, course));
  const dealt = await course.phase("split", () => deal(folder, features, settings, course));
  const { watched, head } = await course.phase("head", () => learn(dealt, settings, engine, course));
  const { attempt } = watched;
  course.tell({ type: "kept", phase: "head", attempt, epoch: watched.report.bestEpoch });
  const frozen = await joinHead(backbone.network, head, dealt.folder.classNames, engine);
  if (settings.unfreeze.length > 0) await settings.onCheckpoint?.(await frozen.toBytes());
  const unfrozen =
    settings.unfreeze.length === 0
      ? null
      : await course.phase("unfreeze", () =>
          trainUnfrozen(frozen, dealt.folder, unfreezeSettings(settings, watched, engine, course)),
        );
  const betterEpoch = unfrozen?.report.bestEpoch ?? null;
  if (betterEpoch !== null) course.tell({ type: "kept", phase: "unfreeze", attempt: 1, epoch: betterEpoch });
  const { validation, test, folds } = await course.phase("judge", async () => {
    const judgeUnfrozen = unfrozen !== null && betterEpoch !== null;
    const scores = async (part: PhotoPart, own: Head) =>
      judgeUnfrozen
        ? await scoresOfModel(part, dealt, unfrozen.model, settings, course)
        : scoresOf(part, dealt, await logitsOf(own, dealt, engine), course);
    return {
      validation: await scores("validation", watched),
      test: await scores("test", head),
      folds: settings.folds === 0 ? null : await judgeFolds(dealt, head, settings, engine),
    };
  });
  return {
    photos: folder.root,
    classNames: dealt.folder.classNames,
    counts: countsOf(dealt),
    dealt: dealt.folder.photos.map(({ part, ...photo }) => ({ ...photo, part: part ?? "train" })),
    problems: dealt.folder.problems,
    duplicates: dealt.duplicates,
    backbone: backbone.report,
    head: head.report,
    unfrozen: unfrozen?.report ?? null,
    validation,
    test,
    folds,
    features: { cached: features.cached, computed: features.values.shape[0] - features.cached },
    cacheProblem: features.cacheProblem,
    timings: course.timings,
    seed,
    versions: { runtime: describeMachine().runtime, engine: engine.name },
    model: unfrozen?.model ?? frozen,
  };
}

async function scan({ photos, signal }: FinetuneSettings, course: Course): Promise<ImageFolder> {
  const folder =
    typeof photos === "string" ? await imageFolder(photos, signal === null ? {} : { signal }) : photos;
  course.tell({
    type: "scanned",
    photos: folder.photos.length,
    classes: folder.classNames.map((name, label) => ({ name, photos: folder.counts[label] })),
    problems: folder.problems,
  });
  return folder;
}

async function featuresOf(
  folder: ImageFolder,
  { network }: Backbone,
  { cache, cacheFolder, batchSize, decoders, signal }: FinetuneSettings,
  course: Course,
): Promise<Features> {
  const files = folder.photos.map(({ file }) => file);
  return await extractFeatures(network, files, {
    cache,
    cacheFolder,
    batchSize,
    decoders,
    signal,
    onProgress: (progress) => course.tell({ type: "features", ...progress }),
  });
}

/** Deals photos out, by what is known of them since they were read. */
async function deal(
  folder: ImageFolder,
  features: Features,
  { validation, test, seed }: FinetuneSettings,
  course: Course,
): Promise<Dealt> {
  const identities = new Map(features.photos.map((photo) => [photo.path, photo]));
  const dealt = await folder.split({ fractions: { validation, test }, seed, identities });
  const { photos, classNames } = dealt;
  const known = photos.map(({ file }) => identities.get(file));
  // Rows of the features as they are: copies of those of a hundred thousand photos would fill the memory.
  const labels = new Int32Array(features.values.shape[0]);
  const rows: Record<PhotoPart, number[]> = { train: [], validation: [], test: [] };
  const byRow = new Map<number, FolderPhoto>();
  for (const [index, photo] of photos.entries()) {
    const row = known[index]?.row ?? -1;
    labels[row] = photo.label;
    byRow.set(row, photo);
    rows[photo.part ?? "train"].push(row);
  }
  const data = { features: features.values, labels, classNames };
  const duplicates = duplicatesOf(dealt, known);
  const ownValidation = folder.photos.some(({ part }) => part === "validation");
  const result: Dealt = { folder: dealt, data, rows, byRow, duplicates, ownValidation };
  course.tell({
    type: "split",
    counts: countsOf(result),
    problems: dealt.problems,
    notes: dealt.notes,
    duplicates: result.duplicates.length,
  });
  return result;
}

function duplicatesOf(
  { photos }: ImageFolder,
  known: readonly (Features["photos"][number] | undefined)[],
): PhotoPlace[][] {
  const firsts = groupPhotos(photos.length, {
    contentHashes: known.map((photo) => photo?.contentHash ?? ""),
    likenesses: known.map((photo) => photo?.likeness ?? null),
  });
  const groups = new Map<number, PhotoPlace[]>();
  for (const [index, { path, file }] of photos.entries()) {
    const group = groups.get(firsts[index]) ?? [];
    group.push({ path, file });
    groups.set(firsts[index], group);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

function countsOf({ folder: { classNames, photos } }: Dealt): ClassCounts[] {
  return classNames.map((name, label) => {
    const own = photos.filter((photo) => photo.label === label);
    const count = (part: PhotoPart) => own.filter((photo) => photo.part === part).length;
    return {
      name,
      train: count("train"),
      validation: count("validation"),
      test: count("test"),
      all: own.length,
    };
  });
}

function headOptions(
  { epochs, seed, classWeights, signal }: FinetuneSettings,
  engine: Engine,
): Omit<HeadOptions, "train" | "validation" | "onEvent"> {
  return { epochs, seed, balanced: classWeights === "balanced", engine, signal };
}

/**
 * @returns the last layer that the validation photos have watched, and the one to use: of a folder without a validation part of
 *   its own it has learned from those photos, too
 */
async function learn(
  { data, rows: { train, validation }, ownValidation }: Dealt,
  settings: FinetuneSettings,
  engine: Engine,
  course: Course,
): Promise<{ readonly watched: Head; readonly head: Head }> {
  const onEvent: HeadOptions["onEvent"] = (event, attempt) =>
    course.tell({ type: "learning", phase: "head", attempt, event });
  const options = { ...headOptions(settings, engine), train, validation, onEvent };
  const watched = await trainHead(data, options);
  const keeps = ownValidation || validation.length === 0 || settings.unfreeze.length > 0;
  return { watched, head: keeps ? watched : await refitHead(data, watched, options) };
}

/** For each photo what the last layer makes of its features. Shapes: `[N, classes]`. */
async function logitsOf(
  head: Head,
  { data }: Pick<Dealt, "data">,
  engine: Engine,
): Promise<Tensor<"float32">> {
  const model = await headModel(head, engine);
  return await model.predict(data.features);
}

function scoresOf(
  part: PhotoPart,
  { folder, rows, byRow }: Dealt,
  { data, shape: [, classes] }: Tensor<"float32">,
  course: Course,
): PartScores | null {
  if (rows[part].length === 0) return null;
  const photos = rows[part].flatMap((row) => {
    const photo = byRow.get(row);
    return photo === undefined
      ? []
      : [{ ...photo, logits: data.subarray(row * classes, (row + 1) * classes) }];
  });
  const scores = judge(part, photos, folder.classNames);
  course.tell({ type: "judged", scores });
  return scores;
}

function unfreezeSettings(
  { unfreeze, unfrozen, seed, classWeights, decoders, signal, onCheckpoint }: FinetuneSettings,
  watched: Head,
  engine: Engine,
  course: Course,
): UnfreezeSettings {
  return {
    stages: unfreeze,
    options: unfrozen,
    balanced: classWeights === "balanced",
    frozenLoss: watched.loss,
    onEvent: (event) => course.tell({ type: "learning", phase: "unfreeze", attempt: 1, event }),
    ...{ seed, decoders, engine, signal, onCheckpoint },
  };
}

/** The same of a model whose backbone is not that of the features any more: photos go through all of it. */
async function scoresOfModel(
  part: PhotoPart,
  { folder }: Dealt,
  model: Model,
  { decoders, signal }: FinetuneSettings,
  course: Course,
): Promise<PartScores | null> {
  const stream = partStream(folder, part, model, decoders);
  if (stream === null) return null;
  const photos = folder.photos.filter((photo) => photo.part === part);
  const judged: JudgedPhoto[] = [];
  for await (const { first, output } of model.predictBatches(stream, { signal })) {
    const [count, classes] = output.shape;
    for (let row = 0; row < count; row++) {
      const logits = output.data.slice(row * classes, (row + 1) * classes);
      judged.push({ ...photos[first + row], logits });
    }
  }
  const scores = judge(part, judged, folder.classNames);
  course.tell({ type: "judged", scores });
  return scores;
}

/** Trains on all folds but one, with what was found good, and judges by that one; once for each fold. */
async function judgeFolds(
  { folder, data, rows }: Dealt,
  head: Head,
  settings: FinetuneSettings,
  engine: Engine,
): Promise<FoldsReport> {
  const used = [...rows.train, ...rows.validation, ...rows.test];
  const labels = new Tensor(
    "int32",
    [used.length],
    Int32Array.from(used, (row) => data.labels[row]),
  );
  const folds = Math.min(settings.folds, used.length);
  const { seed } = settings;
  const accuracies: number[] = [];
  let right = 0;
  for (const { train, validation } of stratifiedFolds({ name: folder.name, labels }, { folds, seed })) {
    const trained = await trainHead(data, {
      ...headOptions(settings, engine),
      train: Array.from(train, (place) => used[place]),
      validation: [],
      epochs: head.report.bestEpoch + 1,
      weightDecays: [head.report.weightDecay],
      onEvent: () => {},
    });
    const classes = likeliestOf(await logitsOf(trained, { data }, engine));
    const hits = validation.filter((place) => classes[used[place]] === labels.data[place]).length;
    right += hits;
    accuracies.push(hits / validation.length);
  }
  return { folds, accuracies, accuracy: right / used.length };
}

function likeliestOf({ data, shape: [count, classes] }: Tensor<"float32">): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => {
    const scores = data.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores));
  });
}
