/** What a run came to, as Markdown and as one JSON document. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { groups } from "./cases/table.mjs";

/** @typedef {import("./types.ts").Outcome} Outcome */
/** @typedef {import("./types.ts").Result} Result */

/**
 * How a run was set up.
 *
 * @typedef {object} Setting
 * @property {number} threads
 * @property {number} rounds
 * @property {"native" | "avx2"} isa
 * @property {{ begin: number, end: number }} load of the machine, in the minute before each
 */

/**
 * What a trial came to: a measurement of ours alone (../trials).
 *
 * @typedef {object} TrialReport
 * @property {string} name
 * @property {string} markdown
 * @property {unknown} figures
 * @property {readonly string[]} failures what must hold and did not
 */

const folder = join(import.meta.dirname, "../results");

/** The machine that measured. */
export function describeMachine() {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown";
  return `${processors.length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`;
}

/**
 * The document of --json: `{ node, threads, cpu, results: [{ case, competitor, ours, theirs, ratio }] }` and more.
 *
 * @param {Outcome} outcome
 * @param {Setting} setting
 * @param {readonly TrialReport[]} trials
 */
export function documentOf({ results, failures, sides }, { threads, rounds, isa, load }, trials) {
  const node = [...new Set(results.map((result) => result.node))].join(", ");
  return {
    node,
    threads,
    cpu: describeMachine(),
    isa,
    rounds,
    load,
    sides,
    results,
    failures,
    trials: Object.fromEntries(trials.map(({ name, figures }) => [name, figures])),
  };
}

/**
 * What does not hold: ratios below those asked for, outputs that differ, and what trials say.
 *
 * @param {Outcome} outcome
 * @param {readonly TrialReport[]} trials
 */
export function whatDoesNotHold({ results, failures }, trials) {
  const below = results.flatMap(({ case: name, competitor, node, ratio, asked }) =>
    ratio === null || asked === null || ratio >= asked
      ? []
      : [`${name} on Node ${node}: ${ratio.toFixed(2)} x ${competitor}, asked: ${asked}`],
  );
  const wrong = failures.flatMap(({ case: name, competitor, reason, what }) =>
    what === "wrong" ? [`${name}: ${competitor} ${reason}`] : [],
  );
  return [...wrong, ...below, ...trials.flatMap((trial) => trial.failures)];
}

/**
 * A report: a table for each group of cases, the trials, what was not measured, and who took part.
 *
 * @param {Outcome} outcome
 * @param {Setting} setting
 * @param {readonly TrialReport[]} trials
 */
export function markdownOf({ results, failures, sides }, setting, trials) {
  const sections = Object.entries(groups).flatMap(([group, what]) => {
    const own = results.filter((result) => groupOf(result.case) === group);
    return own.length === 0
      ? []
      : [`## ${group}: ${what}\n\n${captions[unitOf(group)]}\n\n${pivot(own, unitOf(group))}`];
  });
  for (const { name, markdown } of trials) sections.push(`## ${name}\n\n${markdown}`);
  const absent = groupReasons(failures);
  if (absent.length > 0) sections.push(`## Not measured\n\n${absent.map((line) => `- ${line}`).join("\n")}`);
  sections.push(`## Measured by\n\n${measuredBy(sides, setting, results.length > 0)}`);
  return `# Bench\n\n${sections.join("\n\n")}\n`;
}

/** Who took part, on what machine, and how. @param {Outcome["sides"]} sides @param {Setting} setting @param {boolean} hasRounds */
function measuredBy(sides, { threads, rounds, isa, load }, hasRounds) {
  const parts = Object.entries(sides).map(([name, about]) => {
    const title = about.name === name ? name : `${name}: ${about.name}`;
    const runsOn = `${plural(about.threads, "thread")}, ${about.isa}`;
    return `- ${[`${title}, ${runsOn}`, ...about.notes].join("; ")}\n`;
  });
  const sentences = [
    `${describeMachine()}, load ${load.begin} at the beginning and ${load.end} at the end.`,
    `${plural(threads, "thread")}${hasRounds ? `; medians of ${plural(rounds, "round")} in which the sides take turns` : ""}.`,
    ...(isa === "avx2" ? ["PyTorch was kept to AVX2."] : []),
  ];
  return [...parts, ...(parts.length > 0 ? ["\n"] : []), sentences.join(" ")].join("");
}

/** Writes a run's reports; those of the same groups of cases replace the last ones. @param {string} name @param {string} markdown @param {object} document */
export async function saveReport(name, markdown, document) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.md`), markdown);
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(document, null, 2)}\n`);
}

/** @param {number} count @param {string} what */
function plural(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** @typedef {"milliseconds" | "gigaflops" | "megabytes"} Unit */

const captions = {
  milliseconds:
    "Milliseconds a run, and in brackets how many times as fast Fovea is. Spread: the distance of the quartiles relative to the median.",
  gigaflops:
    "GFLOP/s, counted as a direct convolution's, and in brackets how many times as fast Fovea is. Spread: the distance of the quartiles relative to the median.",
  megabytes:
    "Megabytes that were resident at most during training steps, less what was before the net was made; in brackets how many times as much the other takes.",
};

/** @type {Readonly<Record<Unit, (measurement: import("./types.ts").Measurement) => string>>} */
const figures = {
  milliseconds: ({ medianMs }) => medianMs.toFixed(medianMs < 100 ? 2 : 0),
  gigaflops: ({ gigaflopsPerSecond }) => gigaflopsPerSecond?.toFixed(1) ?? "",
  megabytes: ({ peakBytes }) => (peakBytes === null ? "unknown" : (peakBytes / 2 ** 20).toFixed(0)),
};

/** @param {string} group @returns {Unit} */
function unitOf(group) {
  if (group === "layers") return "gigaflops";
  return group === "memory" ? "megabytes" : "milliseconds";
}

/** @param {string} name */
function groupOf(name) {
  return name.split("/")[0];
}

/** A row for each case and Node, a column for each competitor. @param {readonly Result[]} results @param {Unit} unit */
function pivot(results, unit) {
  const competitors = [...new Set(results.flatMap(({ competitor }) => competitor ?? []))];
  const rows = groupBy(results, ({ case: name, node }) => `${name} ${node}`);
  const header = [
    "case",
    "Node",
    "Fovea",
    ...(unit === "megabytes" ? [] : ["spread"]),
    ...(unit === "milliseconds" ? ["images/s"] : []),
    ...(unit === "gigaflops" ? ["algorithm"] : []),
    ...competitors,
  ];
  const body = [...rows.values()].map((row) => {
    const [{ case: name, node, ours }] = row;
    const cells = competitors.map((competitor) => {
      const result = row.find((entry) => entry.competitor === competitor);
      if (result?.theirs == null) return "";
      const { theirs, ratio, asked } = result;
      const goal = asked === null ? "" : `, asked ${asked}`;
      return `${figures[unit](theirs)}${ratio === null ? "" : ` (${ratio.toFixed(2)}${goal})`}`;
    });
    const spreadCell = unit === "megabytes" ? [] : [`${(100 * ours.spread).toFixed(1)} %`];
    const rate =
      unit === "milliseconds" ? [ours.imagesPerSecond.toFixed(ours.imagesPerSecond < 100 ? 1 : 0)] : [];
    const algorithm = unit === "gigaflops" ? [ours.setting ?? ""] : [];
    return [
      name.slice(groupOf(name).length + 1),
      node,
      figures[unit](ours),
      ...spreadCell,
      ...rate,
      ...algorithm,
      ...cells,
    ];
  });
  return table(header, body);
}

/** One line for each competitor and reason, with its cases. @param {Outcome["failures"]} failures */
function groupReasons(failures) {
  const reasons = groupBy(failures, ({ competitor, reason }) => `${competitor}: ${reason}`);
  return [...reasons].map(([line, { length, 0: first }]) =>
    length === 1 ? `${line} (${first.case})` : `${line} (${length} cases)`,
  );
}

/**
 * Entries by key, in the order of their first; `Map.groupBy` is not there before Node 21.
 *
 * @template T
 * @param {readonly T[]} entries
 * @param {(entry: T) => string} keyOf
 */
function groupBy(entries, keyOf) {
  /** @type {Map<string, T[]>} */
  const groupsByKey = new Map();
  for (const entry of entries) {
    const key = keyOf(entry);
    groupsByKey.set(key, [...(groupsByKey.get(key) ?? []), entry]);
  }
  return groupsByKey;
}

/** A Markdown table. @param {readonly string[]} header @param {readonly (readonly string[])[]} rows */
export function table(header, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [
    line(header),
    line(header.map((_, index) => (index === 0 ? "---" : "---:"))),
    ...rows.map(line),
  ].join("\n");
}
