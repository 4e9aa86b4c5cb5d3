import { type Augmentation, readAugmentations } from "../data/index.ts";
import {
  booleanField,
  checkOptions,
  type Field,
  type Fields,
  field,
  isObject,
  nameField,
  nullable,
  numberField,
  shapeField,
  wholeNumberField,
  withFallback,
} from "../options/index.ts";
import { FormatError, FoveaError, type Shape } from "../tensor/index.ts";
import type { EndReason, EpochRecord, RateChange, ValidationScores } from "./events.ts";

/** The options of a run that must stay the same when it is resumed (`epochs` may grow). */
export interface RunConfiguration {
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Greatest move of an augmented image, in pixels. */
  readonly shift: number;
  /** Random changes of the images, beside which there is no `shift`. */
  readonly augment: readonly Augmentation[];
  readonly shuffle: boolean;
  readonly validationSplit: number;
  /** How much an example of each class counts in the loss; `null`, all alike. */
  readonly classWeights: readonly number[] | null;
  /** Share of the averaged weights that a step keeps; `null`, they are not averaged. */
  readonly emaMomentum: number | null;
  /** Pieces that a batch is computed in. */
  readonly gradientAccumulation: number;
  /** Training examples, those of the validation split not counted. */
  readonly examples: number;
  /** Shape of an image. */
  readonly imageShape: Shape;
}

/** Sums over the steps of an epoch that are done. */
export interface EpochSums {
  readonly examples: number;
  readonly loss: number;
  readonly metrics: readonly number[];
}

/** Where a run stands: the part of a checkpoint that is not tensors. Plain data, kept as JSON. */
export interface TrainingState {
  readonly configuration: RunConfiguration;
  /** The epoch in which it stands, counted from 0. */
  readonly epoch: number;
  /** Steps of that epoch that are done. */
  readonly step: number;
  /** Steps of all training of the model that are done. */
  readonly globalStep: number;
  readonly sums: EpochSums;
  /** Milliseconds spent in the epoch so far. */
  readonly milliseconds: number;
  /** A learning rate that a callback or the run's control has set in place of the schedule. */
  readonly learningRate: number | null;
  /** All such changes so far; one that no step has seen yet is in `learningRate` alone. */
  readonly rateChanges: readonly RateChange[];
  /** How the run ended, if it has. */
  readonly ended: EndReason | null;
  readonly history: readonly EpochRecord[];
}

/** Whole numbers up to 2^53: seeds and counts of steps. */
export const countField: Field<number> = field(
  "a whole number of at least 0",
  (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
);

/** JSON has no NaN and no infinity: `JSON.stringify` writes them as null. */
const figureField: Field<number> = {
  parse: (value, where, name) => (value === null ? Number.NaN : numberField({}).parse(value, where, name)),
};

function listField<T>(item: Field<T>): Field<readonly T[]> {
  return {
    parse: (value, where, name) => {
      const list = field("a list", (candidate): candidate is readonly unknown[] => Array.isArray(candidate));
      return list.parse(value, where, name).map((entry) => item.parse(entry, where, name));
    },
  };
}

function objectField<O extends object>(fields: Fields<O>): Field<O> {
  return { parse: (value, where, name) => checkOptions<O>(`${where}, ${name}`, value, fields) as O };
}

const metricsField: Field<Readonly<Record<string, number>>> = {
  parse: (value, where, name) => {
    const object = field("an object", isObject).parse(value, where, name);
    return Object.fromEntries(
      Object.entries(object).map(([key, figure]) => [key, figureField.parse(figure, where, key)]),
    );
  },
};

/** A figure that has been read already, and may be NaN by now. */
const anyNumberField: Field<number> = field(
  "a number",
  (value): value is number => typeof value === "number",
);

const validationField: Field<ValidationScores> = {
  parse: (value, where, name) => {
    const { loss, ...metrics } = metricsField.parse(value, where, name);
    return { loss: anyNumberField.parse(loss, where, `${name}, loss`), ...metrics };
  },
};

const configurationFields: Fields<RunConfiguration> = {
  epochs: countField,
  batchSize: countField,
  seed: countField,
  shift: countField,
  // Checkpoints from before there were augmentations have none.
  augment: { parse: readAugmentations, fallback: [] },
  shuffle: booleanField(),
  validationSplit: numberField({ minimum: 0, below: 1 }),
  // Runs from before there was the choice did without.
  classWeights: nullable(listField(numberField({ minimum: 0 }))),
  emaMomentum: nullable(numberField({ minimum: 0, below: 1 })),
  gradientAccumulation: wholeNumberField(1, 1),
  examples: countField,
  imageShape: shapeField,
};

const stateFields: Fields<TrainingState> = {
  configuration: objectField(configurationFields),
  epoch: countField,
  step: countField,
  globalStep: countField,
  sums: objectField<EpochSums>({ examples: countField, loss: figureField, metrics: listField(figureField) }),
  milliseconds: numberField({ minimum: 0 }),
  learningRate: nullable(numberField({ minimum: 0 })),
  // Checkpoints from before they were kept have none.
  rateChanges: withFallback(
    listField(
      objectField<RateChange>({
        epoch: countField,
        step: countField,
        globalStep: countField,
        learningRate: nullable(numberField({ minimum: 0 })),
      }),
    ),
    [],
  ),
  ended: nullable(nameField<EndReason>(["completed", "interrupted", "stoppedEarly"])),
  history: listField(
    objectField<EpochRecord>({
      epoch: countField,
      loss: figureField,
      metrics: metricsField,
      validation: nullable(validationField),
      learningRate: figureField,
      milliseconds: figureField,
    }),
  ),
};

/**
 * The training state of a checkpoint of unknown origin.
 *
 * @param name - the file's name, for errors
 * @throws FormatError naming the file and the entry that is wrong
 */
export function readTrainingState(value: unknown, name: string): TrainingState {
  try {
    return checkOptions("training state", value, stateFields);
  } catch (cause) {
    if (!(cause instanceof FoveaError)) throw cause;
    throw new FormatError(`not a valid checkpoint: ${cause.message}`, { where: name, cause });
  }
}
