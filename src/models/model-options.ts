import type { Engine } from "../engine/engine.ts";

import { checkOptions, type Fields, field, nullable, withFallback } from "../options/index.ts";
import { countField, type ValidationScores } from "../train/index.ts";
import type { Architecture } from "./architecture.ts";
import type { BatchOptions } from "./batch-size.ts";
import type { CompileConfiguration } from "./compile.ts";
import { modelNameField } from "./model-name.ts";
import { type Preprocessing, type PreprocessingOptions, readPreprocessing } from "./preprocessing.ts";
import type { Weight } from "./weight.ts";

/** Whose outputs are wanted. */
export interface ActivationsOptions<Name extends string | number = string> extends BatchOptions {
  /** Names of taps or layers, or indices of calls of the architecture. */
  readonly layers: readonly Name[];
}

/** How a loaded model computes. */
export interface LoadOptions {
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine;
}

/** Result of `evaluate`: `{ loss: 0.04, accuracy: 0.99, examples: 10000 }`. */
export interface EvaluationResult extends ValidationScores {
  readonly examples: number;
}

/** What a model is made of; see `sequential` and `functional` for how to make one. */
export interface ModelParts {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  readonly classNames?: readonly string[] | null;
  /** Of the initial weights; `null` takes that of the first `fit`, or 0. */
  readonly seed?: number | null;
  /** Weights instead of random ones, of all layers or of some. */
  readonly weights?: ReadonlyMap<string, Weight> | null;
  /** How it is trained; `null` for a model that is not compiled. */
  readonly compile?: CompileConfiguration | null;
  /** What computes; `null` for the process's wasm engine. */
  readonly engine?: Engine | null;
}

/** What a model has beside its layers. */
export interface ModelOptions {
  /** Default `"model"`. */
  readonly name?: string;
  /** Of the initial weights; default the seed of the first `fit`, or 0. */
  readonly seed?: number | null;
  /** What happens to the bytes of images; default `{ scale: 1 / 255, offset: 0 }`. */
  readonly preprocessing?: PreprocessingOptions;
  /** Default: those of the first training data. */
  readonly classNames?: readonly string[] | null;
}

const fields: Fields<ModelOptions> = {
  name: withFallback(modelNameField, "model"),
  seed: nullable(countField),
  preprocessing: { parse: readPreprocessing, fallback: readPreprocessing({}) },
  classNames: nullable(
    field(
      "a list of names",
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((name) => typeof name === "string"),
    ),
  ),
};

/**
 * Checks the options of `sequential` or `functional`.
 *
 * @throws OptionError for an unknown or wrong option
 */
export function readModelOptions(where: string, options: ModelOptions) {
  const { preprocessing, ...resolved } = checkOptions(where, options, fields);
  return { ...resolved, preprocessing: readPreprocessing(preprocessing) };
}
