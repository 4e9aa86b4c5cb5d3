import { folderExists } from "#host";
import { FileError } from "../../tensor/errors.ts";
import { isRunFolder } from "../../train/run-folder.ts";
import { runsIn } from "../../train/run-list.ts";
import { type RunSummary, summarizeRun } from "../../train/run-summary.ts";
import type { RunsFlags, runOrders } from "../commands/runs.ts";
import {
  type Comparison,
  type ComparisonRow,
  compareRuns,
  epochsText,
  nothing,
  percent,
  whenText,
} from "../records/comparison.ts";
import { formatSeconds } from "../terminal/numbers.ts";
import { renderTable } from "../terminal/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** What `fovea runs --json` prints. */
export interface RunsDocument {
  readonly runs: readonly RunSummary[];
  /** Side by side; null for a list. */
  readonly comparison: Comparison | null;
}

/** Lists the runs in a folder, or compares runs. */
export async function runs(folders: readonly string[], flags: RunsFlags, terminal: Terminal): Promise<void> {
  const [only = "runs", second] = folders;
  if (second === undefined && !(await isRunFolder(only))) {
    const found = await runsIn(only);
    const summaries = sorted(await Promise.all(found.map(summarizeRun)), flags.sort ?? "when");
    if (flags.json === true)
      printJson(terminal, { runs: summaries, comparison: null } satisfies RunsDocument);
    else terminal.out(summaries.length === 0 ? `There are no runs in ${only}.\n` : listText(summaries));
    return;
  }
  for (const folder of folders) await checkIsRun(folder);
  const summaries = await Promise.all(folders.map(summarizeRun));
  const comparison = compareRuns(summaries);
  if (flags.json === true) printJson(terminal, { runs: summaries, comparison } satisfies RunsDocument);
  else terminal.out(comparisonText(comparison));
}

async function checkIsRun(folder: string): Promise<void> {
  if (await isRunFolder(folder)) return;
  const what = (await folderExists(folder)) ? "this folder holds no run" : "there is no such run";
  throw new FileError(what, {
    where: folder,
    hint: "A run's folder has a config.json; fovea runs lists them.",
  });
}

function sorted(all: readonly RunSummary[], by: (typeof runOrders)[number]): RunSummary[] {
  const accuracy = ({ testAccuracy, bestValidationAccuracy }: RunSummary) =>
    testAccuracy ?? bestValidationAccuracy ?? -1;
  const orders = {
    name: (a: RunSummary, b: RunSummary) => a.run.localeCompare(b.run, "en", { numeric: true }),
    when: (a: RunSummary, b: RunSummary) => (b.began ?? "").localeCompare(a.began ?? ""),
    accuracy: (a: RunSummary, b: RunSummary) => accuracy(b) - accuracy(a),
  };
  return all.toSorted(orders.name).sort(orders[by]);
}

function listText(all: readonly RunSummary[]): string {
  const columns = [
    ...["run", "model", "data", "state"].map((heading) => ({ heading })),
    ...["epochs", "validation", "test", "time"].map((heading) => ({ heading, align: "right" as const })),
    { heading: "began" },
  ];
  const rows = all.map((run) => [
    ...[run.run, modelText(run), run.data ?? nothing, run.state, epochsText(run)],
    ...[percent(run.validationAccuracy) ?? nothing, percent(run.testAccuracy) ?? nothing],
    ...[run.milliseconds === 0 ? nothing : formatSeconds(run.milliseconds), whenText(run.began) ?? nothing],
  ]);
  const problems = all
    .filter(({ problem }) => problem !== null)
    .map(({ run, problem }) => `${run}: ${problem}\n`);
  return `${renderTable(columns, rows)}\n${problems.join("")}`;
}

function modelText({ model, backbone }: RunSummary): string {
  return `${model ?? nothing}${backbone === "unfrozen" ? ", unfrozen" : ""}`;
}

function comparisonText({ runs: names, settings, figures, versions }: Comparison): string {
  const part = (title: string, rows: readonly ComparisonRow[]) => {
    if (rows.length === 0) return "";
    const columns = [{ heading: title }, ...names.map((heading) => ({ heading }))];
    return `${renderTable(
      columns,
      rows.map(({ name, values }) => [name, ...values]),
    )}\n`;
  };
  const same = settings.length === 0 ? "Their settings are the same.\n" : "";
  return `${part("settings", settings)}${same}${part("figures", figures)}${part("made with", versions)}`;
}
