import { planAugmentations } from "../data/augment/index.ts";
import {
  type Augmentation,
  countOf,
  type ExampleSource,
  epochOrder,
  exampleShapeOf,
  isImageStream,
  readAugmentations,
  split,
  splitCounts,
  subset,
} from "../data/index.ts";
import {
  booleanField,
  checkOptions,
  describeValue,
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
  RunControl,
  Steering,
  steeringOf,
} from "../train/index.ts";
import { type ClassWeights, classWeightsField, resolveClassWeights } from "./class-weights.ts";

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
  readonly validationData?: ExampleSource | null;
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
  /**
   * How much an example of each class counts: a number for each class, or `"balanced"`, by which all classes count alike
   * however many examples they have. A batch's loss is the sum of weighted losses divided by the number of examples, as in
   * Keras; PyTorch divides by the sum of the weights. Figures of validation are not weighted. Default: all alike.
   */
  readonly classWeights?: ClassWeights | null;
  /**
   * Averages the weights over the steps, average = m average + (1 - m) weights, and keeps the averages: validation uses
   * them, and they are the model's weights after training, which itself goes on from those that it moves. Statistics of
   * batch normalization are averaged, too. In [0, 1), such as 0.999; default `null`, no averages.
   */
  readonly emaMomentum?: number | null;
  /**
   * Pieces that a batch is computed in, for batches that memory does not hold: their gradients are added up, and the
   * optimizer takes one step. The result is the whole batch's up to rounding, but for what depends on the examples that are
   * computed together, batch normalization, mixup, and for the draws of dropout and `shift`. Default 1.
   */
  readonly gradientAccumulation?: number;
  /** Stops training after the steps that are running. */
  readonly signal?: AbortSignal | null;
  /** Pauses the run, lets it take single steps, sets its learning rate and stops it, while it is under way: `runControl()`. */
  readonly control?: RunControl | null;
  /** Goes on where a checkpoint was taken: options that are not given are the checkpoint's. */
  readonly resumeFrom?: Checkpoint | Uint8Array | null;
}

/** All that `fit` has been asked for, checked and completed. */
export interface FitPlan {
  readonly configuration: RunConfiguration;
  readonly train: ExampleSource;
  readonly validation: ExampleSource | null;
  readonly callbacks: readonly Callback[];
  /** Of the caller and of the run's control. */
  readonly signal: AbortSignal;
  readonly steering: Steering;
  readonly resumeFrom: Checkpoint | null;
  readonly orderOf: (epoch: number) => Int32Array;
}

const where = "fit";

const callbacksField: Field<readonly Callback[]> = field(
  "a list of callbacks",
  (value): value is readonly Callback[] => Array.isArray(value) && value.every(isCallback),
  [],
);

function isSource(value: unknown): value is ExampleSource {
  return isObject(value) && ("images" in value || "read" in value) && "labels" in value;
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
  validationData: nullable(field("a dataset or a stream", isSource)),
  validationSplit: nullable(numberField({ minimum: 0, below: 1 })),
  callbacks: callbacksField,
  seed: nullable(countField),
  shuffle: nullable(booleanField()),
  augment: nullable(augmentField),
  classWeights: nullable(classWeightsField),
  emaMomentum: nullable(numberField({ minimum: 0, below: 1 })),
  gradientAccumulation: nullable(wholeNumberField(1)),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
  control: nullable(
    field("a control from runControl()", (value): value is RunControl => value instanceof RunControl),
  ),
  resumeFrom: nullable(field("a checkpoint or its bytes", isCheckpoint)),
};

type ResolvedFit = Resolved<{ readonly [P in keyof typeof fields]: ReturnType<(typeof fields)[P]["parse"]> }>;

/**
 * Checks the options of `fit` against the data and, on a resume, against the run that is resumed.
 *
 * @throws OptionError, DataError or FormatError
 */
export function planFit(dataset: ExampleSource, options: FitOptions): FitPlan {
  const resolved: ResolvedFit = checkOptions(where, options, fields);
  const resumeFrom = toCheckpoint(resolved.resumeFrom);
  const before = resumeFrom?.training.configuration;
  const validationSplit = resolved.validationSplit ?? before?.validationSplit ?? 0;
  if (resolved.validationData !== null && validationSplit > 0) {
    throw new OptionError("validationData and validationSplit cannot be used together", { where });
  }
  const parts =
    validationSplit > 0 ? splitOff(dataset, validationSplit) : { train: dataset, validation: null };
  const configuration: RunConfiguration = {
    epochs: resolved.epochs ?? before?.epochs ?? 1,
    batchSize: resolved.batchSize ?? before?.batchSize ?? 32,
    seed: resolved.seed ?? before?.seed ?? 0,
    shift: (resolved.augment ?? before)?.shift ?? 0,
    augment: (resolved.augment ?? before)?.augment ?? [],
    shuffle: resolved.shuffle ?? before?.shuffle ?? true,
    validationSplit,
    classWeights:
      resolved.classWeights === null
        ? (before?.classWeights ?? null)
        : resolveClassWeights(resolved.classWeights, parts.train),
    emaMomentum: resolved.emaMomentum ?? before?.emaMomentum ?? null,
    gradientAccumulation: resolved.gradientAccumulation ?? before?.gradientAccumulation ?? 1,
    examples: countOf(parts.train),
    imageShape: exampleShapeOf(parts.train),
  };
  checkAugmentation(parts.train, configuration);
  if (before !== undefined) checkSameRun(before, configuration, dataset.name);
  const { seed, shuffle, examples } = configuration;
  const { signal, control } = resolved;
  const steering = control === null ? new Steering() : steeringOf(control);
  const unshuffled = Int32Array.from({ length: shuffle ? 0 : examples }, (_, index) => index);
  return {
    configuration,
    train: parts.train,
    validation: resolved.validationData ?? parts.validation,
    callbacks: resolved.callbacks ?? [],
    signal: signal === null ? steering.signal : AbortSignal.any([signal, steering.signal]),
    steering,
    resumeFrom,
    orderOf: (epoch) => (shuffle ? epochOrder(seed, epoch, examples) : unshuffled),
  };
}

/** The last examples apart, of a stream as of a data set. */
function splitOff(source: ExampleSource, fraction: number) {
  if (!isImageStream(source)) return split(source, fraction);
  const { train, validation } = splitCounts(source, fraction);
  const range = (begin: number, end: number) =>
    Int32Array.from({ length: end - begin }, (_, index) => begin + index);
  return {
    train: subset(source, range(0, train)),
    validation: subset(source, range(train, train + validation), `${source.name} (validation part)`),
  };
}

/**
 * Numbers have no rows and columns that could be moved, and no zero that means black.
 *
 * @throws OptionError for what cannot be done to the examples, or names a class that there is not
 */
function checkAugmentation(source: ExampleSource, { shift, augment, imageShape }: RunConfiguration): void {
  const { name, classNames } = source;
  planAugmentations(augment, classNames);
  const where = "fit, augment";
  const isBytes = isImageStream(source) || source.images.dtype === "uint8";
  if ((shift > 0 || augment.length > 0) && !isBytes) {
    const what = augment.length === 0 ? "shift" : "augmentation";
    throw new OptionError(
      `"${name}" has float32 examples, which are taken as they are: no ${what} can be drawn`,
      { where, hint: "Leave augment away, or train on images of bytes." },
    );
  }
  const channels = imageShape[imageShape.length - 1];
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

/** What may not change from one stretch of a run to the next. */
const fixedOptions = [
  ...(["batchSize", "seed", "shift", "shuffle", "validationSplit"] as const),
  ...(["classWeights", "emaMomentum", "gradientAccumulation"] as const),
] as const;

/** A resumed run must go on with what it began with, else its weights would be nobody's. */
function checkSameRun(before: RunConfiguration, now: RunConfiguration, name: string): void {
  if (JSON.stringify(before.augment) !== JSON.stringify(now.augment)) {
    throw new OptionError("the run to resume has other augmentations", {
      where,
      hint: "Leave augment away to go on with the run's own, or start afresh.",
    });
  }
  for (const option of fixedOptions) {
    if (JSON.stringify(before[option]) === JSON.stringify(now[option])) continue;
    throw new OptionError(
      `the run to resume has ${option} ${describeValue(before[option])}, not ${describeValue(now[option])}`,
      {
        where,
        hint: `Leave ${option} away to go on with the run's own, or start afresh.`,
      },
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
