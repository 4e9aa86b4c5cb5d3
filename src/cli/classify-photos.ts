import { type DecodePool, type FitMode, type PhotoReading, readPhotos } from "../data/index.ts";
import { type ClassProbability, likeliestClasses, type Model, probabilitiesFrom } from "../models/index.ts";
import { sizeOf, Tensor } from "../tensor/index.ts";

/** What a model says of a photo. */
export interface ClassifiedPhoto {
  readonly path: string;
  /** The likeliest classes, the likeliest first; none where the photo could not be read. */
  readonly top: readonly ClassProbability[];
  /** Why the photo could not be read; `null` when it was. */
  readonly problem: string | null;
}

/** How photos are classified. */
export interface ClassifyOptions {
  /** How many classes are wanted of each. */
  readonly top: number;
  /** Photos that the model looks at in one go. */
  readonly batchSize: number;
  readonly fit?: FitMode | undefined;
  readonly pool?: DecodePool;
  readonly signal?: AbortSignal;
}

/**
 * Classifies photos in the order of their paths. While the model looks at some, the next are decoded; no more than a few
 * batches are in memory.
 *
 * @throws OptionError when the model takes no images
 */
export async function* classifyPhotos(
  model: Model,
  paths: Iterable<string>,
  options: ClassifyOptions,
): AsyncGenerator<ClassifiedPhoto, void, undefined> {
  const { batchSize, fit, pool, signal } = options;
  const [height, width, channels] = model.inputShape;
  const { resize } = model.preprocessing;
  const readings = readPhotos(paths, {
    ...{ height, width, channels, resize, identify: false, ahead: 2 * batchSize },
    ...(fit && { fit }),
    ...(pool && { pool }),
    ...(signal && { signal }),
  });
  const probabilities = probabilitiesFrom(model);
  const judge = (batch: readonly PhotoReading[]) => {
    const judged = judgeBatch(model, batch, options.top, probabilities);
    // A failure reaches whoever waits for this batch; nobody may come to that.
    judged.catch(() => {});
    return judged;
  };
  let judging: Promise<ClassifiedPhoto[]> | null = null;
  let batch: PhotoReading[] = [];
  for await (const reading of readings) {
    batch.push(reading);
    if (batch.length < batchSize) continue;
    const previous = judging;
    judging = judge(batch);
    batch = [];
    if (previous !== null) yield* await previous;
  }
  const last = judge(batch);
  if (judging !== null) yield* await judging;
  yield* await last;
}

async function judgeBatch(
  model: Model,
  batch: readonly PhotoReading[],
  top: number,
  probabilities: (scores: Float32Array) => readonly number[],
): Promise<ClassifiedPhoto[]> {
  const read = batch.flatMap(({ pixels }) => (pixels === null ? [] : [pixels]));
  const size = sizeOf(model.inputShape);
  const bytes = new Uint8Array(read.length * size);
  for (const [row, pixels] of read.entries()) bytes.set(pixels, row * size);
  const images = new Tensor("uint8", [read.length, ...model.inputShape], bytes);
  const { data } = read.length === 0 ? Tensor.zeros("float32", [0]) : await model.predict(images);
  const classes = read.length === 0 ? 0 : data.length / read.length;
  let row = 0;
  return batch.map(({ path, pixels, problem }) => {
    if (pixels === null) return { path, top: [], problem };
    const scores = data.subarray(row * classes, ++row * classes);
    return { path, top: likeliestClasses(probabilities(scores), top, model.classNames), problem: null };
  });
}
