import {
  data,
  type Engine,
  type Head,
  type HeadOptions,
  headModel,
  joinHead,
  judge,
  type LabelledFeatures,
  type Model,
  refitHead,
  Tensor,
  trainHead,
} from "fovea";
import type { PhotoFeatures } from "./teach-photos.ts";

/** A class and its photos' features. */
export interface TaughtClass {
  readonly name: string;
  readonly photos: readonly { readonly id: string; readonly features: PhotoFeatures }[];
}

/** How far training has come. */
export interface TeachProgress {
  /** Epochs of the weight decay that is tried. */
  readonly epoch: number;
  readonly loss: number;
}

/** How a classifier was trained, and how it does on photos that training has not seen. */
export interface TaughtReport {
  readonly classNames: readonly string[];
  readonly backbone: string;
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number };
  /** Of the photos held out; null where there are none. */
  readonly test: {
    readonly examples: number;
    readonly accuracy: number;
    /** Row: the class; column: what the classifier took it for. */
    readonly confusion: readonly (readonly number[])[];
    /** Ids of the photos that it got wrong, and what it took them for. */
    readonly mistakes: readonly { readonly id: string; readonly guess: string }[];
  } | null;
  readonly epochs: number;
  readonly weightDecay: number;
  readonly milliseconds: number;
}

/** What a training gives. */
export interface Taught {
  /** Backbone and last layer in one. */
  readonly model: Model;
  readonly report: TaughtReport;
}

/** As `fovea finetune` has them. */
const settings = { epochs: 200, seed: 1, fractions: { validation: 0.1, test: 0.2 } };

/** Trains a last layer on features, the way `fovea finetune` does: same split, same choices, same judgement. */
export async function teachHead(
  { network, name }: { readonly network: Model; readonly name: string },
  classes: readonly TaughtClass[],
  engine: Engine,
  onProgress: (progress: TeachProgress) => void,
): Promise<Taught> {
  const start = performance.now();
  const classNames = classes.map(({ name }) => name);
  const photos = classes.flatMap(({ photos: own }, label) => own.map((photo) => ({ ...photo, label })));
  const size = photos[0].features.values.length;
  const features = Tensor.zeros("float32", [photos.length, size]);
  for (const [row, photo] of photos.entries()) features.data.set(photo.features.values, row * size);
  const labels = photos.map(({ label }) => label);
  const { indices } = data.splitPhotos({
    labels,
    fractions: settings.fractions,
    seed: settings.seed,
    contentHashes: photos.map((photo) => photo.features.contentHash),
    likenesses: photos.map((photo) => photo.features.likeness),
  });
  const { train, validation, test } = indices;
  const examples = { features, labels, classNames };
  const options: HeadOptions = {
    train,
    validation,
    epochs: settings.epochs,
    seed: settings.seed,
    balanced: false,
    engine,
    signal: null,
    onEvent: (event) => {
      if (event.type === "epochEnd")
        onProgress({ epoch: event.epoch, loss: event.validation?.loss ?? event.loss });
    },
  };
  const watched = await trainHead(examples, options);
  const head = validation.length === 0 ? watched : await refitHead(examples, watched, options);
  const model = await joinHead(network, head, classNames, engine);
  const report: TaughtReport = {
    classNames,
    backbone: name,
    counts: { train: train.length, validation: validation.length, test: test.length },
    test: test.length === 0 ? null : await judgeHeldOut(head, examples, photos, test, engine),
    epochs: head.report.epochs.length,
    weightDecay: head.report.weightDecay,
    milliseconds: performance.now() - start,
  };
  return { model, report };
}

/** What the last layer makes of the photos that were held out. */
async function judgeHeldOut(
  head: Head,
  { features, labels, classNames }: LabelledFeatures,
  photos: readonly { readonly id: string }[],
  test: ArrayLike<number>,
  engine: Engine,
): Promise<NonNullable<TaughtReport["test"]>> {
  const last = await headModel(head, engine);
  const { data: logits } = await last.predict(features);
  const count = classNames.length;
  const scores = judge(
    "test",
    Array.from(test, (row) => ({
      path: photos[row].id,
      file: photos[row].id,
      label: labels[row],
      logits: logits.slice(row * count, (row + 1) * count),
    })),
    classNames,
  );
  return {
    examples: scores.examples,
    accuracy: scores.accuracy,
    confusion: scores.confusion.counts.map((row) => [...row]),
    mistakes: scores.mistakes.map(({ file, top }) => ({ id: file, guess: top[0]?.name ?? "" })),
  };
}
