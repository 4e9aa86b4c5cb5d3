import type { RunSummary } from "../../train/run-summary.ts";
import { formatMetric, formatPercent, formatSeconds } from "../terminal/numbers.ts";

/** One line of a comparison: what it is of, and a text for each run. */
export interface ComparisonRow {
  readonly name: string;
  readonly values: readonly string[];
}

/** Runs side by side. */
export interface Comparison {
  readonly runs: readonly string[];
  /** What differs in what was asked for; all of it for a single run. */
  readonly settings: readonly ComparisonRow[];
  readonly figures: readonly ComparisonRow[];
  /** What differs in what they were made with; all of it for a single run. */
  readonly versions: readonly ComparisonRow[];
}

/** Stands where a run has nothing to say. */
export const nothing = "–";

/** How runs differ, and what came of them. */
export function compareRuns(runs: readonly RunSummary[]): Comparison {
  return {
    runs: runs.map(({ run }) => run),
    settings: differences(runs.map(({ config }) => config)),
    figures: figureRows(runs),
    versions: differences(runs.map(({ versions }) => versions)),
  };
}

/** Fields that are not the same in all; of a single one all. */
function differences(all: readonly Readonly<Record<string, unknown>>[]): ComparisonRow[] {
  const names = [...new Set(all.flatMap((fields) => Object.keys(fields)))];
  return names
    .map((name) => ({ name, values: all.map(({ [name]: value }) => plain(value)) }))
    .filter(({ values }) => values.length === 1 || values.some((value) => value !== values[0]));
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return nothing;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const figures: Readonly<Record<string, (run: RunSummary) => string | null>> = {
  state: ({ state, problem }) => (problem === null ? state : `${state} (${problem})`),
  epochs: epochsText,
  backbone: ({ backbone }) => backbone,
  loss: ({ loss }) => metric(loss),
  "validation loss": ({ validationLoss }) => metric(validationLoss),
  "validation accuracy": ({ validationAccuracy }) => percent(validationAccuracy),
  "best validation accuracy": ({ bestValidationAccuracy }) => percent(bestValidationAccuracy),
  "test loss": ({ testLoss }) => metric(testLoss),
  "test accuracy": ({ testAccuracy }) => percent(testAccuracy),
  time: ({ milliseconds }) => (milliseconds === 0 ? null : formatSeconds(milliseconds)),
  began: ({ began }) => whenText(began),
  resumed: ({ resumed }) => (resumed === 0 ? null : resumed === 1 ? "once" : `${resumed} times`),
};

/** Rows in which at least one run has something. */
function figureRows(runs: readonly RunSummary[]): ComparisonRow[] {
  return Object.entries(figures)
    .map(([name, read]) => ({ name, values: runs.map((run) => read(run) ?? nothing) }))
    .filter(({ values }) => values.some((value) => value !== nothing));
}

/** `3 of 5`; the number alone where it is not known how many there were to be, or all are done. */
export function epochsText({ epochs, plannedEpochs, state }: RunSummary): string {
  const isWhole = plannedEpochs === null || epochs >= plannedEpochs || state === "finished";
  return isWhole ? String(epochs) : `${epochs} of ${plannedEpochs}`;
}

/** `2026-11-24 13:03`, in the time of this machine. */
export function whenText(time: string | null): string | null {
  const date = new Date(time ?? "");
  if (Number.isNaN(date.getTime())) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A share as percent; `null` for none. */
export function percent(share: number | null): string | null {
  return share === null ? null : formatPercent(share);
}

function metric(value: number | null): string | null {
  return value === null ? null : formatMetric(value);
}
