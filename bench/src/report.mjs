import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

/**
 * What a group of cases came to.
 *
 * @typedef {object} Report
 * @property {string} name of the files that hold it
 * @property {string} markdown
 * @property {unknown} figures
 * @property {readonly string[]} failures what must hold and did not
 */

const folder = join(import.meta.dirname, "../results");

/** The machine that measured. */
export function describeMachine() {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Writes a report as Markdown and JSON. @param {Report} report @param {ReturnType<typeof describeMachine>} machine */
export async function saveResults(report, machine) {
  await mkdir(folder, { recursive: true });
  const { name, markdown, figures, failures } = report;
  const where = Object.values(machine).join(", ");
  await writeFile(join(folder, `${name}.md`), `${markdown}\n\n${where}\n`);
  await writeFile(
    join(folder, `${name}.json`),
    `${JSON.stringify({ machine, figures, failures }, null, 2)}\n`,
  );
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

/** The middle value. @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
