import { planAugmentations } from "../data/augment/index.ts";
import {
  type Augmentation,
  countOf,
  epochOrder,
  type ImageDataset,
  readAugmentations,
  split,
} from "../data/index.ts";
import {
  booleanField,
  checkOptions,
  type Field,
  type Fields,
  field,
  isObject,
  nullable,
  numberField,
  type Resolved,
  wholeNumberField,
} from "../options/index.ts";
import { DataError, formatShape, OptionError, sameShape } from "../tensor/index.ts";
import {
  type Callback,
  type Checkpoint,
  countField,
  decodeCheckpoint,
  isCallback,
  type RunConfiguration,
} from "../train/index.ts";

/** Moves of the training images, drawn anew at each step. */
export interface AugmentOptions {
  /** Images are moved by whole pixels, up to so many on each axis; what comes in is zero. Default 0. */
  readonly shift?: number;
}

/** How a model is trained. */
export interface FitOptions {
  /** How often all examples are gone through; default 1. */
  readonly epochs?: number;
  /** Examples a step; default 32. The last step of an epoch takes what is left. */
  readonly batchSize?: number;
  /** Data for the figures at the end of each epoch. */
  readonly validationData?: ImageDataset | null;
  /** Share of the examples (the last ones) that is set aside for validation, in [0, 1); default 0. */
  readonly validationSplit?: number;
  readonly callbacks?: readonly Callback[];
  /** Of all that is random: initial weights (unless the model has them already), order, dropout, moves. Default 0. */
  readonly seed?: number;
  /** Whether each epoch has an order of its own; default true. */
  readonly shuffle?: boolean;
  /**
   * Random changes of the training images, drawn anew at each step: a list of `augmentations.*`, or moves alone. The
   * draws of a step depend on seed, step and image only.
   */
  readonly augment?: AugmentOptions | readonly Augmentation[];
  /** Stops training after the steps that are running. */
  readonly signal?: AbortSignal | null;
  /** Goes on where a checkpoint was taken: options that are not given are the checkpoint's. */
  readonly resumeFrom?: Checkpoint | Uint8Array | null;
}

/** All that `fit` has been asked for, checked and completed. */
export interface FitPlan {
  readonly configuration: RunConfiguration;
  readonly train: ImageDataset;
  readonly validation: ImageDataset | null;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | null;
  readonly resumeFrom: Checkpoint | null;
  readonly orderOf: (epoch: number) => Int32Array;
}

const where = "fit";

const callbacksField: Field<readonly Callback[]> = field(
  "a list of callbacks",
  (value): value is readonly Callback[] => Array.isArray(value) && value.every(isCallback),
  [],
);

function isDataset(value: unknown): value is ImageDataset {
  return isObject(value) && "images" in value && "labels" in value;
}

function isCheckpoint(value: unknown): value is Checkpoint | Uint8Array {
  return value instanceof Uint8Array || (isObject(value) && "training" in value);
}

/** The two forms of `augment`, as a run's configuration has them. */
type AugmentChoice = Pick<RunConfiguration, "shift" | "augment">;

const augmentField: Field<AugmentChoice> = {
  parse: (value) => {
    if (Array.isArray(value)) return { shift: 0, augment: readAugmentations(value) };
    const { shift } = checkOptions<AugmentOptions>("fit, augment", value, { shift: wholeNumberField(0, 0) });
    return { shift, augment: [] };
  },
};

const fields: Fields<
  { readonly [P in keyof Omit<FitOptions, "augment">]-?: Exclude<FitOptions[P], undefined> | null } & {
    readonly augment: AugmentChoice | null;
  }
> = {
  epochs: nullable(wholeNumberField(1)),
  batchSize: nullable(wholeNumberField(1)),
  validationData: nullable(field("a dataset", isDataset)),
  validationSplit: nullable(numberField({ minimum: 0, below: 1 })),
  callbacks: callbacksField,
  seed: nullable(countField),
  shuffle: nullable(booleanField()),
  augment: nullable(augmentField),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
  resumeFrom: nullable(field("a checkpoint or its bytes", isCheckpoint)),
};

type ResolvedFit = Resolved<{ readonly [P in keyof typeof fields]: ReturnType<(typeof fields)[P]["parse"]> }>;

/**
 * Checks the options of `fit` against the data and, on a resume, against the run that is resumed.
 *
 * @throws OptionError, DataError or FormatError
 */
export function planFit(dataset: ImageDataset, options: FitOptions): FitPlan {
  const resolved: ResolvedFit = checkOptions(where, options, fields);
  const resumeFrom = toCheckpoint(resolved.resumeFrom);
  const before = resumeFrom?.training.configuration;
  const validationSplit = resolved.validationSplit ?? before?.validationSplit ?? 0;
  if (resolved.validationData !== null && validationSplit > 0) {
    throw new OptionError("validationData and validationSplit cannot be used together", { where });
  }
  const parts = validationSplit > 0 ? split(dataset, validationSplit) : { train: dataset, validation: null };
  const configuration: RunConfiguration = {
    epochs: resolved.epochs ?? before?.epochs ?? 1,
    batchSize: resolved.batchSize ?? before?.batchSize ?? 32,
    seed: resolved.seed ?? before?.seed ?? 0,
    shift: (resolved.augment ?? before)?.shift ?? 0,
    augment: (resolved.augment ?? before)?.augment ?? [],
    shuffle: resolved.shuffle ?? before?.shuffle ?? true,
    validationSplit,
    examples: countOf(parts.train),
    imageShape: parts.train.images.shape.slice(1),
  };
  checkAugmentation(parts.train, configuration);
  if (before !== undefined) checkSameRun(before, configuration, dataset.name);
  const { seed, shuffle, examples } = configuration;
  const unshuffled = Int32Array.from({ length: shuffle ? 0 : examples }, (_, index) => index);
  return {
    configuration,
    train: parts.train,
    validation: resolved.validationData ?? parts.validation,
    callbacks: resolved.callbacks ?? [],
    signal: resolved.signal,
    resumeFrom,
    orderOf: (epoch) => (shuffle ? epochOrder(seed, epoch, examples) : unshuffled),
  };
}

/**
 * Numbers have no rows and columns that could be moved, and no zero that means black.
 *
 * @throws OptionError for what cannot be done to the examples, or names a class that there is not
 */
function checkAugmentation(
  { name, images, classNames }: ImageDataset,
  { shift, augment }: RunConfiguration,
): void {
  planAugmentations(augment, classNames);
  const where = "fit, augment";
  if ((shift > 0 || augment.length > 0) && images.dtype !== "uint8") {
    const what = augment.length === 0 ? "shift" : "augmentation";
    throw new OptionError(
      `"${name}" has float32 examples, which are taken as they are: no ${what} can be drawn`,
      { where, hint: "Leave augment away, or train on images of bytes." },
    );
  }
  const channels = images.shape[images.shape.length - 1];
  const coloured = augment.find(({ kind }) => kind === "colorJitter" || kind === "randAugment");
  if (coloured === undefined || channels === 1 || channels === 3) return;
  throw new OptionError(`${coloured.kind} takes images of one channel or three, "${name}" has ${channels}`, {
    where,
    hint: "Leave it away, or train on gray or RGB images.",
  });
}

function toCheckpoint(value: Checkpoint | Uint8Array | null): Checkpoint | null {
  return value instanceof Uint8Array ? decodeCheckpoint(value, { name: "resumeFrom" }) : value;
}

/** A resumed run must go on with what it began with, else its weights would be nobody's. */
function checkSameRun(before: RunConfiguration, now: RunConfiguration, name: string): void {
  if (JSON.stringify(before.augment) !== JSON.stringify(now.augment)) {
    throw new OptionError("the run to resume has other augmentations", {
      where,
      hint: "Leave augment away to go on with the run's own, or start afresh.",
    });
  }
  for (const option of ["batchSize", "seed", "shift", "shuffle", "validationSplit"] as const) {
    if (before[option] === now[option]) continue;
    throw new OptionError(
      `the run to resume has ${option} ${String(before[option])}, not ${String(now[option])}`,
      { where, hint: `Leave ${option} away to go on with the run's own, or start afresh.` },
    );
  }
  if (before.examples !== now.examples || !sameShape(before.imageShape, now.imageShape)) {
    const describe = (run: RunConfiguration) => `${run.examples} images of ${formatShape(run.imageShape)}`;
    throw new DataError(`the run to resume was trained on ${describe(before)}, here are ${describe(now)}`, {
      where: name,
      hint: "Resume with the same data.",
    });
  }
}
