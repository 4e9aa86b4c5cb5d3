import { isImageStream, split } from "../../data/index.ts";
import { findLearningRate, type LearningRateSweep, type Model } from "../../models/index.ts";
import type { TrainFlags } from "../commands/train.ts";
import type { TrainConfig } from "../config.ts";
import { listenForInterruption } from "../interruption.ts";
import type { RunParts } from "../run-data.ts";
import { formatMetric } from "../terminal/numbers.ts";
import { renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** Rows of the table: a sweep has a hundred steps. */
const rows = 20;
const barWidth = 30;

/** `fovea train --find-rate`: tells which learning rate suits a run, and trains nothing. */
export async function findRate(
  model: Model,
  { train }: Pick<RunParts, "train">,
  config: TrainConfig,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<void> {
  const { batchSize, seed, classWeights, gradientAccumulation, augment, validationSplit } = config;
  // Of photos the share is apart already.
  const isWhole = validationSplit > 0 && !isImageStream(train);
  const examples = isWhole ? split(train, validationSplit).train : train;
  using interruption = listenForInterruption(() => terminal.err("Stopping after the running step.\n"));
  const sweep = await findLearningRate(model, examples, {
    ...{ batchSize, seed, classWeights, gradientAccumulation, signal: interruption.signal },
    ...(augment === null ? {} : { augment }),
  });
  if (flags.json === true) printJson(terminal, sweep);
  else terminal.out(rateText(sweep));
}

/** The losses of a sweep as a table, and what they come to. */
export function rateText(sweep: LearningRateSweep): string {
  const { rates, smoothed, suggestion, lowest, diverged } = sweep;
  const marked = [suggestion, lowest].map((rate) => (rate === null ? -1 : rates.indexOf(rate)));
  const every = Math.max(1, Math.ceil(rates.length / rows));
  const shown = [...rates.keys()].filter((step) => step % every === 0 || marked.includes(step));
  const most = Math.max(...smoothed);
  const table = renderTable(
    [{ heading: "rate", align: "right" }, { heading: "loss", align: "right" }, { heading: "" }],
    shown.map((step) => {
      const bar = "━".repeat(Math.max(1, Math.round((barWidth * smoothed[step]) / most)));
      const mark = step === marked[0] ? " steepest fall" : step === marked[1] ? " lowest" : "";
      return [rates[step].toExponential(1), formatMetric(smoothed[step]), `${bar}${mark}`];
    }),
  );
  return `${table}\n${diverged ? "Beyond, training diverges. " : ""}${conclusion(suggestion)}\n`;
}

function conclusion(suggestion: number | null): string {
  return suggestion === null
    ? "The loss never falls: look at data and model before the rate."
    : `Try --learning-rate ${suggestion.toExponential(1)}: there the loss falls most steeply.`;
}
