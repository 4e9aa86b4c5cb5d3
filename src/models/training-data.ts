import { type ExampleSource, type ImageDataset, type ImageStream, isImageStream } from "../data/index.ts";
import type { Feeds } from "../engine/engine.ts";
import { sameShape, sizeOf, Tensor } from "../tensor/index.ts";
import type { RunConfiguration, StepInput } from "../train/index.ts";
import { type Augmenter, createAugmenter, type StepAugmentation } from "./augmenter.ts";
import {
  type BatchChanges,
  type BatchSource,
  imagesName,
  labelsName,
  type ResidentData,
  unchanged,
} from "./batch-source.ts";
import type { BusyClock } from "./busy-clock.ts";
import { orAborted, readImages } from "./read-batches.ts";
import { shiftBytes } from "./shift-bytes.ts";
import { placesOf } from "./stream-runs.ts";
import type { FedStep, StepPiece } from "./training-plan.ts";
import type { ModelVariables } from "./variables.ts";

/** Bytes of images that steps of one run bring along at most, or one batch. */
const fedBytes = 2 ** 23;

/** Where the examples of training steps come from. */
export interface TrainingData {
  readonly source: BatchSource;
  /** What a step's graph does to its images. */
  readonly changes: BatchChanges;
  /** The most steps of one run. */
  readonly maximumSteps: number;
  /** How many runs may be under way. */
  readonly runsInFlight: number;
  /** What a step, or a piece of one, may be fed of its examples. */
  feedsOf(piece: StepPiece): Feeds;
  /**
   * Runs steps after all that were given before, as soon as they have what they bring along.
   *
   * @param run - hands them to the engine
   * @returns what they came to; nothing for steps that were given up as training was stopped
   */
  run<Result>(steps: readonly StepInput[], run: Run<Result>): Promise<readonly Result[]>;
  /** Resolves when all steps that were given have been handed to the engine, or given up. */
  handed(): Promise<void>;
}

type Run<Result> = (steps: readonly FedStep[]) => Promise<readonly Result[]>;

/** How examples are used. */
export interface TrainingDataOptions {
  readonly variables: ModelVariables;
  readonly configuration: RunConfiguration;
  /** Gives up the steps whose images are still being read. */
  readonly signal: AbortSignal | null;
  readonly clock: BusyClock;
}

/** Makes examples ready for training: those in memory are put into the engine, those of a stream come as they are needed. */
export async function prepareTrainingData(
  examples: ExampleSource,
  options: TrainingDataOptions,
): Promise<TrainingData> {
  const { augment } = options.configuration;
  const augmenter = augment.length === 0 ? null : createAugmenter(examples, augment);
  if (!isImageStream(examples)) return await residentData(examples, augmenter, options);
  await makeRoom(options.variables, null);
  return new StreamedData(examples, augmenter, options);
}

async function residentData(
  { images, labels }: ImageDataset,
  augmenter: Augmenter | null,
  { variables, configuration, clock }: TrainingDataOptions,
): Promise<TrainingData> {
  const source: ResidentData = { name: residentName, capacity: labels.data.length, dtype: images.dtype };
  const changes = augmenter?.changes ?? { ...unchanged, shift: configuration.shift };
  await makeRoom(variables, images);
  if (!changes.feedsPixels) await variables.put(imagesName(source), images);
  await variables.put(labelsName(source), labels);
  return {
    source,
    changes,
    maximumSteps: Number.POSITIVE_INFINITY,
    runsInFlight: 2,
    feedsOf: ({ indices, stepKey }) => {
      const augmentation = augmenter?.draw({ indices, key: stepKey });
      const feeds = { indices: new Tensor("int32", [indices.length], indices), ...augmentation?.feeds };
      if (augmentation === undefined || !changes.feedsPixels) return feeds;
      const pixels = gathered(images, indices);
      augmentation.changePixels(pixels);
      return { ...feeds, ...pixelFeeds(pixels, images.shape.slice(1), indices.length) };
    },
    run: (steps, run) => clock.during(run(steps.map((step) => ({ ...step, pixels: null })))),
    handed: async () => {},
  };
}

const residentName = "data/train";

/** An engine cannot change a variable's type, nor give its memory back: other data need a fresh session. */
async function makeRoom(variables: ModelVariables, images: Tensor | null): Promise<void> {
  const known = await variables.typeOf(`${residentName}/images`);
  if (known === undefined) return;
  if (images !== null && known.dtype === images.dtype && sameShape(known.shape, images.shape)) return;
  await variables.moveToFreshSession((name) => !name.startsWith("data/"));
}

/** Bytes of images by index, one behind the other. */
function gathered({ shape, data }: ImageDataset["images"], indices: Int32Array): Uint8Array<ArrayBuffer> {
  const size = sizeOf(shape.slice(1));
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, place) => {
    pixels.set(data.subarray(index * size, (index + 1) * size), place * size);
  });
  return pixels;
}

function pixelFeeds(pixels: Uint8Array, imageShape: readonly number[], count: number): Feeds {
  return { pixels: new Tensor("uint8", [count, ...imageShape], pixels), places: placesOf(count) };
}

/** Images that are read while the engine is busy with those before. */
class StreamedData implements TrainingData {
  readonly source = "fed";
  readonly changes: BatchChanges;
  readonly maximumSteps: number;
  /** One is computed, one waits for the engine, and the images of the others are read. */
  readonly runsInFlight = 4;
  readonly #stream: ImageStream;
  readonly #augmenter: Augmenter | null;
  readonly #options: TrainingDataOptions;
  /** Settles when the steps before have been handed to the engine; rejects for good when images could not be read. */
  #handed: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(stream: ImageStream, augmenter: Augmenter | null, options: TrainingDataOptions) {
    this.#stream = stream;
    this.#augmenter = augmenter;
    this.#options = options;
    // Plain moves are made before the engine has the images, which takes them by their place in the batch.
    this.changes = augmenter?.changes ?? unchanged;
    const batchBytes = options.configuration.batchSize * sizeOf(stream.imageShape);
    this.maximumSteps = Math.max(1, Math.floor(fedBytes / batchBytes));
  }

  async run<Result>(steps: readonly StepInput[], run: Run<Result>): Promise<readonly Result[]> {
    // Reading begins at once, and in the order of the calls.
    const read = Promise.all(
      steps.map(async (step): Promise<FedStep> => {
        const crops = this.#augmenter?.cropsOf(step) ?? null;
        return { ...step, pixels: (await readImages(this.#stream, step.indices, crops)).data };
      }),
    );
    const handed = this.#hand(this.#handed, read, run);
    this.#handed = handed;
    // Whoever gave the steps is told; nobody else need be.
    for (const promise of [read, handed]) promise.catch(() => {});
    return await (await handed).results;
  }

  async handed(): Promise<void> {
    await this.#handed.catch(() => {});
  }

  /** The results are a promise within an object: it is the handing over that is waited for here. */
  async #hand<Result>(
    before: Promise<unknown>,
    read: Promise<readonly FedStep[]>,
    run: Run<Result>,
  ): Promise<{ readonly results: Promise<readonly Result[]> }> {
    await before;
    const steps = this.#stopped ? null : await orAborted(read, this.#options.signal);
    if (steps !== null) return { results: this.#options.clock.during(run(steps)) };
    this.#stopped = true;
    return { results: Promise.resolve([]) };
  }

  feedsOf(piece: StepPiece): Feeds {
    const { indices, stepKey } = piece;
    const { imageShape, labels } = this.#stream;
    const augmentation = this.#augmenter?.draw({ indices, key: stepKey });
    const own = indices.map((index) => labels.data[index]);
    return {
      ...augmentation?.feeds,
      ...pixelFeeds(this.#pixelsOf(piece, augmentation), imageShape, indices.length),
      labels: new Tensor("int32", [indices.length], own),
    };
  }

  /** The images as the engine takes them. They are the stream's: what changes them changes a copy. */
  #pixelsOf(
    { pixels, begin, indices, key }: StepPiece,
    augmentation: StepAugmentation | undefined,
  ): Uint8Array {
    const { imageShape } = this.#stream;
    const size = sizeOf(imageShape);
    const own = (pixels ?? new Uint8Array()).subarray(begin * size, (begin + indices.length) * size);
    const { shift } = this.#options.configuration;
    if (shift > 0) return shiftBytes(own, imageShape, indices, key, shift);
    if (augmentation === undefined || !this.changes.feedsPixels) return own;
    const copy = Uint8Array.from(own);
    augmentation.changePixels(copy);
    return copy;
  }
}
