import { countOf, type ImageDataset, shiftImages, take } from "../../data/index.ts";
import type { BatchOptions, Model } from "../../models/index.ts";
import { OptionError } from "../../tensor/index.ts";
import type { EvaluateFlags } from "../commands/evaluate.ts";
import { openDataset } from "../dataset.ts";
import { arePhotos, evaluatePhotos } from "../evaluate-photos.ts";
import { openModel } from "../model-reference.ts";
import type { Shift } from "../options.ts";
import { withEngine } from "../session.ts";
import { problemsText, scoresText } from "../terminal/finetune-report.ts";
import { formatCount, formatMetric, formatPercent } from "../terminal/numbers.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** What `fovea evaluate --json` prints. */
export interface EvaluateDocument {
  readonly model: string;
  readonly data: string;
  readonly examples: number;
  readonly accuracy: number;
  readonly loss: number;
  /** The move, and the share of predictions that it leaves as they were; null without `--shift`. */
  readonly shift: Shift | null;
  readonly consistency: number | null;
}

/** Figures of a model on images that were moved. */
export interface MovedEvaluation {
  readonly accuracy: number;
  readonly loss: number;
  /** Share of predictions that the move leaves as they were. */
  readonly consistency: number;
}

/** Evaluates a model on the test part of a data set. */
export async function evaluate(reference: string, flags: EvaluateFlags, terminal: Terminal): Promise<void> {
  await withEngine(flags, async (engine) => {
    const { model, data: ownData } = await openModel(reference, { flags, engine, terminal });
    const data = flags.data ?? (await ownData()) ?? "mnist";
    if (await arePhotos(data)) {
      await onPhotos(reference, model, data, flags, terminal);
      return;
    }
    const { test: all } = await openDataset(data, {}, terminal);
    const test = flags.limit === undefined ? all : take(all, flags.limit);
    const options = flags.batchSize === undefined ? {} : { batchSize: flags.batchSize };
    const { shift = null } = flags;
    const figures = await evaluateShifted(model, test, shift, options);
    const document: EvaluateDocument = {
      model: reference,
      data,
      examples: countOf(test),
      accuracy: figures.accuracy,
      loss: figures.loss,
      shift,
      consistency: figures.consistency,
    };
    if (flags.json === true) printJson(terminal, document);
    else terminal.out(describe(document));
  });
}

async function onPhotos(
  reference: string,
  model: Model,
  data: string,
  flags: EvaluateFlags,
  terminal: Terminal,
): Promise<void> {
  if (flags.shift !== undefined) {
    throw new OptionError("photos are not moved", {
      where: "--shift",
      hint: "It goes with data sets whose images are of the model's size.",
    });
  }
  const { scores, problems } = await evaluatePhotos(model, data, flags);
  for (const line of problemsText(problems)) terminal.err(`${line}\n`);
  const { examples, accuracy, loss, predictions: _, ...rest } = scores;
  const figures = { model: reference, data, examples, accuracy, loss, shift: null, consistency: null };
  if (flags.json === true) printJson(terminal, { ...figures, ...rest, problems });
  else terminal.out(`${describe(figures)}${scoresText(scores, model.classNames ?? [])}`);
}

async function evaluateShifted(
  model: Model,
  test: ImageDataset,
  shift: Shift | null,
  options: BatchOptions,
): Promise<Pick<EvaluateDocument, "accuracy" | "loss" | "consistency">> {
  if (shift !== null) {
    return evaluateMoved(model, test, shift, await model.predictClasses(test.images, options), options);
  }
  const { accuracy, loss } = await model.evaluate(test, options);
  return { accuracy, loss, consistency: null };
}

/**
 * Loss and accuracy on a data set whose images are moved first, and the share of predictions that stay as they were.
 *
 * @param before - the classes predicted for the images as they are
 */
export async function evaluateMoved(
  model: Model,
  dataset: ImageDataset,
  { up, left }: Shift,
  before: Int32Array,
  options: BatchOptions = {},
): Promise<MovedEvaluation> {
  const images = shiftImages(dataset.images, -left, -up);
  const { result, classes } = await model.evaluateClasses({ ...dataset, images }, options);
  const same = classes.reduce((count, label, index) => count + (label === before[index] ? 1 : 0), 0);
  const { accuracy, loss } = result;
  return { accuracy, loss, consistency: same / classes.length };
}

function describe({ model, data, examples, accuracy, loss, shift, consistency }: EvaluateDocument): string {
  const moved = shift === null ? "" : `, moved ${describeShift(shift)}`;
  const kept = consistency === null ? "" : `, consistency ${formatPercent(consistency)}`;
  const figures = `accuracy ${formatPercent(accuracy)}, loss ${formatMetric(loss)}${kept}`;
  return `${model} on ${formatCount(examples)} test examples of ${data}${moved}: ${figures}\n`;
}

/** `2 px up and 2 px left`. */
export function describeShift({ up, left }: Shift): string {
  const vertical = `${Math.abs(up)} px ${up < 0 ? "down" : "up"}`;
  const horizontal = `${Math.abs(left)} px ${left < 0 ? "right" : "left"}`;
  return `${vertical} and ${horizontal}`;
}
