import { DecodePool, ImageFolder } from "../data/index.ts";
import type { Engine } from "../engine/engine.ts";
import { engineField } from "../inspect/index.ts";
import { Model } from "../models/index.ts";
import {
  booleanField,
  checkOptions,
  type Field,
  type Fields,
  field,
  isObject,
  isWholeNumber,
  nameField,
  nullable,
  numberField,
  type Resolved,
  wholeNumberField,
} from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import type { BackboneSize, FinetuneOptions, UnfrozenOptions } from "./options.ts";

/** {@link FinetuneOptions}, checked and completed. */
export interface FinetuneSettings
  extends Omit<Resolved<FinetuneOptions>, "engine" | "decoders" | "fetch" | "unfrozen"> {
  readonly engine: Engine | null;
  readonly decoders: DecodePool | null;
  readonly cacheFolder: string | null;
  readonly unfrozen: Resolved<UnfrozenOptions>;
}

const where = "finetune";
const text = field("a text", (value): value is string => typeof value === "string" && value !== "");
const share: Field<number> = numberField({ minimum: 0, below: 1 });

const unfrozenFields: Fields<UnfrozenOptions> = {
  epochs: wholeNumberField(1, 5),
  batchSize: wholeNumberField(1, 32),
  learningRate: numberField({ above: 0 }, 1e-3),
  backboneFactor: numberField({ minimum: 0 }, 0.1),
  augment: booleanField(true),
  trainStatistics: booleanField(false),
};

const unfrozenField: Field<Resolved<UnfrozenOptions>> = {
  parse: (value) => checkOptions("finetune, unfrozen", value, unfrozenFields),
};

/** Images smaller than that are none of photos, and larger ones take a net minutes. */
const sizes = { least: 16, most: 2048 };

const sizeField: Field<BackboneSize> = field<BackboneSize>(
  `"own", "larger" or a whole number from ${sizes.least} to ${sizes.most}`,
  (value): value is BackboneSize =>
    value === "own" || value === "larger" || isWholeNumber(value, sizes.least, sizes.most),
  "larger",
);

const fields = {
  photos: field(
    "a folder",
    (value): value is string | ImageFolder =>
      value instanceof ImageFolder || (typeof value === "string" && value !== ""),
  ),
  backbone: field(
    "the name of a model, or a model",
    (value): value is string | Model => value instanceof Model || (typeof value === "string" && value !== ""),
  ),
  weights: nullable(text),
  tap: nullable(text),
  size: sizeField,
  engine: nullable(engineField),
  fetch: nullable(field("an object", isObject)),
  test: { ...share, fallback: 0.2 },
  validation: { ...share, fallback: 0.1 },
  seed: wholeNumberField(0, 1),
  epochs: wholeNumberField(1, 200),
  classWeights: nameField(["none", "balanced"], "none"),
  folds: wholeNumberField(0, 0),
  cache: booleanField(true),
  unfreeze: field(
    "a list of names",
    (value): value is readonly string[] =>
      Array.isArray(value) && value.every((name) => typeof name === "string" && name !== ""),
    [],
  ),
  unfrozen: unfrozenField,
  batchSize: wholeNumberField(1, 32),
  decoders: nullable(field("a DecodePool", (value): value is DecodePool => value instanceof DecodePool)),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
  onReady: field(
    "a function",
    (value): value is () => Promise<void> => typeof value === "function",
    async () => {},
  ),
  onCheckpoint: nullable(
    field(
      "a function",
      (value): value is (model: Uint8Array) => Promise<void> => typeof value === "function",
    ),
  ),
};

/** @throws OptionError for an unknown option, or a wrong value */
export function readFinetuneOptions(options: FinetuneOptions): FinetuneSettings {
  const { fetch, ...settings } = checkOptions(where, { unfrozen: {}, ...options }, fields);
  if (settings.test + settings.validation >= 1) {
    throw new OptionError(
      `test and validation leave nothing to train on: ${settings.test} and ${settings.validation}`,
      {
        where,
        hint: "Give shares that come to less than 1.",
      },
    );
  }
  if (settings.folds === 1) {
    throw new OptionError('option "folds" must be 0 or at least 2, got 1', { where });
  }
  const cacheFolder = typeof fetch?.["cacheFolder"] === "string" ? fetch["cacheFolder"] : null;
  return { ...settings, cacheFolder };
}
