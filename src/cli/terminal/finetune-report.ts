/** What came of `fovea finetune`, as text for a screen. */
import { wilsonInterval } from "../../drawing/index.ts";
import type { ClassCounts, FinetuneResult, PartScores, PhotoProblem } from "../../reuse/index.ts";
import { formatCount, formatMetric, formatPercent } from "./numbers.ts";
import { renderTable } from "./table.ts";

/** More classes than that make no table that a screen holds. */
const mostConfused = 15;
const mostListed = 5;

/** Photos by class and part. */
export function countsText(counts: readonly ClassCounts[]): string {
  const parts = ["train", "validation", "test"] as const;
  const columns = ["class", "photos", ...parts].map((heading, index) => ({
    heading,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  const rows = counts.map((count) => [
    count.name,
    formatCount(count.all),
    ...parts.map((part) => formatCount(count[part])),
  ]);
  return renderTable(columns, rows);
}

/**
 * What was left out, and why: the first few.
 *
 * @param whole - what has all of it
 */
export function problemsText(
  problems: readonly Pick<PhotoProblem, "path" | "problem">[],
  whole = "--json lists all",
): string[] {
  if (problems.length === 0) return [];
  const listed = problems.slice(0, mostListed).map(({ path, problem }) => `  ${path}: ${problem}`);
  const more = problems.length - listed.length;
  return [
    `${formatCount(problems.length)} left out:`,
    ...listed,
    ...(more > 0 ? [`  and ${formatCount(more)} more: ${whole}`] : []),
  ];
}

/** How well the classifier does. */
export function resultText(result: FinetuneResult): string {
  const scores = result.test ?? result.validation;
  if (scores === null) return "There were no photos to judge it by: give more, or a share by --test.\n";
  return `${accuracyLine(result, scores)}\n${scoresText(scores, result.classNames)}`;
}

/** Classes, which is taken for which, and the surest mistakes. */
export function scoresText(scores: PartScores, classNames: readonly string[]): string {
  const parts = [
    classesText(scores),
    ...confusionText(scores, classNames),
    ...mistakesText(scores, classNames),
  ];
  return `${parts.join("\n")}\n`;
}

function accuracyLine({ folds }: FinetuneResult, { part, accuracy, examples, loss }: PartScores): string {
  const [low, high] = wilsonInterval(Math.round(accuracy * examples), examples);
  const of = part === "test" ? "held-out photos" : "validation photos, which training was stopped by";
  const range = `${formatPercent(low)} and ${formatPercent(high)}`;
  const lines = [
    `accuracy ${formatPercent(accuracy)} of ${formatCount(examples)} ${of} (of all such photos, 19 times in 20, between ${range}), loss ${formatMetric(loss)}`,
  ];
  if (folds !== null) {
    lines.push(
      `accuracy ${formatPercent(folds.accuracy)} over ${folds.folds} folds: ${folds.accuracies.map(formatPercent).join(", ")}`,
    );
  }
  return lines.join("\n");
}

function classesText({ classes }: PartScores): string {
  const columns = ["class", "photos", "precision", "recall", "F1"].map((heading, index) => ({
    heading,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  const rows = classes.map(({ name, examples, precision, recall, f1 }) => [
    name,
    formatCount(examples),
    ...[precision, recall, f1].map((share) => (share === null ? "–" : formatPercent(share))),
  ]);
  return renderTable(columns, rows);
}

function confusionText({ confusion: { counts } }: PartScores, classNames: readonly string[]): string[] {
  if (classNames.length > mostConfused) return [];
  const columns = [
    { heading: "is \\ taken for" },
    ...classNames.map((heading) => ({ heading, align: "right" as const })),
  ];
  const rows = classNames.map((name, label) => [name, ...counts[label].map(formatCount)]);
  return [renderTable(columns, rows)];
}

function mistakesText({ mistakes }: PartScores, classNames: readonly string[]): string[] {
  if (mistakes.length === 0) return ["No mistakes."];
  const lines = mistakes.slice(0, mostListed).map(({ path, label, top }) => {
    const [guess] = top;
    return `  ${path}: is ${classNames[label]}, taken for ${guess?.name} (${formatPercent(guess?.probability ?? 0)})`;
  });
  return ["The surest mistakes:", ...lines];
}
