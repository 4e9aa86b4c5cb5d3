import { z } from "zod";
import { type Augmentation, readAugmentations } from "../data/augment/augmentation.ts";
import { FormatError, OptionError } from "../tensor/errors.ts";
import { lossNames, optimizerNames, precisionNames } from "./names.ts";
import { flagOf } from "./options.ts";
import { parseSchedule } from "./schedule.ts";

const whole = (minimum: number) => z.int().min(minimum);

/**
 * What a run was asked to do: the flags of `fovea train`, and the content of `config.json`. All that the trained
 * weights depend on is here; the number of threads is not, for they do not depend on it.
 */
export const trainConfigSchema = z.strictObject({
  version: z.literal(1),
  data: z.string().min(1),
  model: z.string().min(1),
  epochs: whole(1),
  batchSize: whole(1),
  optimizer: z.enum(optimizerNames),
  /** The optimizer's own rate when null. */
  learningRate: z.number().min(0).nullable(),
  /** Factors of the rate for some layers; runs from before there was the choice have none. */
  learningRates: z
    .array(z.strictObject({ layers: z.string().min(1), factor: z.number().min(0) }))
    .readonly()
    .default([]),
  schedule: z.string().refine(isSchedule, "is not a schedule"),
  loss: z.enum(lossNames),
  labelSmoothing: z.number().min(0).lt(1),
  /** The optimizer's own decay when null. */
  weightDecay: z.number().min(0).nullable(),
  /** Limit of the norm of all gradients together; none when null. */
  clipNorm: z.number().gt(0).nullable(),
  /** Of each class, in the loss; all alike when null. Runs from before there was the choice had none. */
  classWeights: z
    .union([z.literal("balanced"), z.array(z.number().min(0)).readonly()])
    .nullable()
    .default(null),
  /** Share of the averaged weights that a step keeps; they are not averaged when null. */
  ema: z.number().min(0).lt(1).nullable().default(null),
  /** Pieces that a batch is computed in. */
  gradientAccumulation: whole(1).default(1),
  /** Moves alone, or any changes. */
  augment: z
    .union([z.array(z.unknown()), z.strictObject({ shift: whole(1) })])
    .transform((value, context) => (Array.isArray(value) ? checkedAugmentations(value, context) : value))
    .nullable(),
  validationSplit: z.number().min(0).lt(1),
  /** All training examples when null. */
  limit: whole(1).nullable(),
  /** Share of photos to judge by, where they have no parts of their own; the usual one when null. */
  testSplit: z.number().gt(0).lt(1).nullable().default(null),
  /** Height, width and, if said, channels that photos become; the model's usual input when null. */
  imageSize: z.array(whole(1)).min(2).max(3).readonly().nullable().default(null),
  /** What the photos were when the run was started; null for data that are no photos. No flag says it. */
  photos: z
    .strictObject({ count: whole(1), digest: z.string() })
    .nullable()
    .default(null),
  seed: whole(0),
  precision: z.enum(precisionNames),
  /** What training starts from; fresh weights when null. Runs from before there was the choice started so. */
  weights: z.string().min(1).nullable().default(null),
  /** Whether all of those must fit. */
  strict: z.boolean().default(true),
});

function checkedAugmentations(
  list: readonly unknown[],
  context: z.RefinementCtx<unknown>,
): readonly Augmentation[] {
  try {
    return readAugmentations(list);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
}

/** A checked configuration. */
export type TrainConfig = z.output<typeof trainConfigSchema>;

const defaults: TrainConfig = {
  version: 1,
  data: "mnist",
  model: "lenet5",
  epochs: 5,
  batchSize: 128,
  optimizer: "adam",
  learningRate: null,
  learningRates: [],
  schedule: "constant",
  loss: "sparse_categorical_crossentropy",
  labelSmoothing: 0,
  weightDecay: null,
  clipNorm: null,
  classWeights: null,
  ema: null,
  gradientAccumulation: 1,
  augment: null,
  validationSplit: 0,
  limit: null,
  testSplit: null,
  imageSize: null,
  photos: null,
  seed: 1,
  precision: "fast",
  weights: null,
  strict: true,
};

/** Losses of models that were made with one of their own. */
const ownLosses: Readonly<Record<string, TrainConfig["loss"]>> = {
  "lenet5:1998": "maximum_a_posteriori",
};

/** What flags can say: any part of a configuration. */
export type TrainSettings = Partial<Omit<TrainConfig, "version" | "photos">>;

/**
 * A configuration from flags, the usual values where nothing is said.
 *
 * @throws OptionError that names the flag
 */
export function configFromFlags(settings: TrainSettings): TrainConfig {
  // For its own message, which lists the forms.
  if (settings.schedule !== undefined) parseSchedule(settings.schedule);
  const loss = ownLosses[settings.model ?? defaults.model] ?? defaults.loss;
  const result = trainConfigSchema.safeParse({ ...defaults, loss, ...settings });
  if (result.success) return result.data;
  const { where, what } = firstIssue(result.error);
  throw new OptionError(what, { where: flagOf(where) });
}

/**
 * A configuration from a run's `config.json`.
 *
 * @throws FormatError that names the field
 */
export function configFromFile(value: unknown, file: string): TrainConfig {
  const result = trainConfigSchema.safeParse(value);
  if (result.success) return result.data;
  const { where, what } = firstIssue(result.error);
  throw new FormatError(`the run's configuration is damaged: ${where === "" ? "" : `${where}: `}${what}`, {
    where: file,
    hint: "Mend it by hand, or start the run again with --overwrite.",
  });
}

/**
 * The configuration that a run goes on with: its own, with more epochs if so asked. Flags that say something else than
 * the run's configuration are refused rather than ignored.
 *
 * @throws OptionError that names the flag
 */
export function resumedConfig(stored: TrainConfig, settings: TrainSettings, path: string): TrainConfig {
  for (const name of Object.keys(settings) as (keyof TrainSettings)[]) {
    if (name === "epochs") continue;
    const given = JSON.stringify(settings[name]);
    const own = JSON.stringify(stored[name]);
    if (given === own) continue;
    throw new OptionError(`the run was started with ${own}, and cannot go on with ${given}`, {
      where: flagOf(name),
      hint: `Leave the flag out to go on with ${path}, or start a new run with --out.`,
    });
  }
  const epochs = settings.epochs ?? stored.epochs;
  if (epochs !== stored.epochs && parseSchedule(stored.schedule).endsWithTraining) {
    throw new OptionError(
      `the schedule ${stored.schedule} is laid out over ${stored.epochs} epochs, and cannot go on for ${epochs}`,
      { where: "--epochs", hint: `Leave the flag out to go on with ${path}, or start a new run with --out.` },
    );
  }
  return { ...stored, epochs };
}

function isSchedule(text: string): boolean {
  try {
    parseSchedule(text);
    return true;
  } catch {
    return false;
  }
}

function firstIssue(error: z.ZodError): { readonly where: string; readonly what: string } {
  const [issue] = error.issues;
  const what = `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  return { where: issue.path.join("."), what };
}
