import { type FoldOptions, stratifiedFolds, subset } from "../data/index.ts";
import { OptionError } from "../tensor/index.ts";
import type { History, ValidationScores } from "../train/index.ts";
import type { FitOptions } from "./fit.ts";
import type { Model } from "./model.ts";

/** What a model is trained on. */
type TrainingData = Parameters<Model["fit"]>[0];

/** How {@link crossValidate} trains: as `fit` does, and with what it holds back each time. */
export interface CrossValidationOptions
  extends Omit<FitOptions, "validationData" | "validationSplit" | "control" | "resumeFrom">,
    FoldOptions {}

/** What training on all folds but one came to. */
export interface FoldResult {
  /** Counted from 0. */
  readonly fold: number;
  /** How many examples were trained on. */
  readonly trained: number;
  /** How many were held back. */
  readonly heldBack: number;
  /** Loss and metrics over those held back, of the model as training left it. */
  readonly scores: ValidationScores;
  readonly history: History;
}

/** Loss and metrics over all folds. */
export interface CrossValidation {
  /** Those that are done: all of them, unless training was interrupted. */
  readonly folds: readonly FoldResult[];
  readonly reason: "completed" | "interrupted";
  /** Of the folds' scores, each fold counting once. */
  readonly mean: ValidationScores;
  /** Standard deviation of the folds' scores: sqrt(sum of (score - mean)^2 / (folds - 1)). */
  readonly deviation: ValidationScores;
}

const where = "crossValidate";

/**
 * Trains a new model for each of several folds on all the others, and scores it on the fold held back (stratified k-fold
 * cross-validation, Kohavi 1995): the spread of the scores tells how far one figure can be trusted.
 *
 * @param makeModel - makes a fresh, compiled model for a fold, counted from 0
 * @param options - those of `fit`, with `folds` (default 5); `seed` also decides who is held back when
 * @throws OptionError for a number of folds that cannot be, or a model that comes twice; and what `fit` throws
 */
export async function crossValidate(
  makeModel: (fold: number) => Model | Promise<Model>,
  dataset: TrainingData,
  options: CrossValidationOptions = {},
): Promise<CrossValidation> {
  checkOwn(options);
  const { folds = 5, ...fit } = options;
  const models = new Set<Model>();
  const results: FoldResult[] = [];
  let reason: CrossValidation["reason"] = "completed";
  for (const [fold, { train, validation }] of stratifiedFolds(dataset, {
    folds,
    seed: fit.seed ?? 0,
  }).entries()) {
    const model = await makeModel(fold);
    if (models.has(model)) throw notFresh(fold);
    models.add(model);
    const heldBack = subset(dataset, validation, `${dataset.name} (fold ${fold + 1}, held back)`);
    const rest = subset(dataset, train, `${dataset.name} (fold ${fold + 1})`);
    const history = await model.fit(rest, { ...fit, validationData: heldBack });
    if (history.reason === "interrupted") {
      reason = "interrupted";
      break;
    }
    const { examples, ...scores } = await model.evaluate(heldBack);
    results.push({
      fold,
      trained: train.length,
      heldBack: examples,
      scores: { ...scores, loss: scores.loss },
      history,
    });
  }
  const scores = results.map((result) => result.scores);
  return {
    folds: results,
    reason,
    mean: overFolds(scores, meanOf),
    deviation: overFolds(scores, deviationOf),
  };
}

/** What is decided here, for callers without types. */
function checkOwn(options: object): void {
  if ("control" in options) {
    throw new OptionError('option "control" has no place here', {
      where,
      hint: "It controls one run of fit, and each fold is one. Stop them all with signal.",
    });
  }
  for (const name of ["validationData", "validationSplit", "resumeFrom"]) {
    if (!(name in options)) continue;
    throw new OptionError(`option "${name}" has no place here`, {
      where,
      hint: "Each fold is validated on the examples that it holds back.",
    });
  }
}

function notFresh(fold: number): OptionError {
  return new OptionError(`makeModel gave a model for fold ${fold + 1} that it had given before`, {
    where,
    hint: "Make a new one each time: else it has seen what it is scored on.",
  });
}

function overFolds(
  scores: readonly ValidationScores[],
  figureOf: (values: readonly number[]) => number,
): ValidationScores {
  const names = Object.keys(scores[0] ?? {}).filter((name) => name !== "loss");
  const figure = (name: string) => figureOf(scores.map((score) => score[name]));
  return { loss: figure("loss"), ...Object.fromEntries(names.map((name) => [name, figure(name)])) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
