/**
 * MNIST to 99 %: `fovea train --recipe fast` from the start of its process to its end, reading the data included, and the
 * test accuracy that it comes to; mean of 5 seeds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "../report.mjs";
import { mean } from "../statistics.mjs";
import { runCommand } from "./command.mjs";

const seeds = [1, 2, 3, 4, 5];
const mostSeconds = 10;
const leastAccuracy = 0.99;

/** @type {import("./table.mjs").Trial} */
export async function measureMnist({ nodes, threads, say }) {
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const figures = [];
  try {
    for (const node of nodes) {
      const { version } = node;
      const runs = [];
      for (const seed of seeds) {
        const run = await trainOnce(node, join(folder, `${version}-${seed}`), seed, threads);
        say(
          `mnist99, Node ${version}, seed ${seed}: ${percent(run.accuracy)} in ${run.seconds.toFixed(1)} s`,
        );
        runs.push({ seed, ...run });
      }
      const seconds = mean(runs.map((run) => run.seconds));
      const accuracy = mean(runs.map((run) => run.accuracy));
      const holds = seconds <= mostSeconds && accuracy >= leastAccuracy;
      figures.push({ node: version, seconds, accuracy, holds, runs });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const asked = `at least ${percent(leastAccuracy)} in at most ${mostSeconds} s`;
  const rows = figures.map(({ node, seconds, accuracy, holds }) => [
    node,
    seconds.toFixed(1),
    percent(accuracy),
    holds ? "yes" : "NO",
  ]);
  const title = `\`fovea train --data mnist --recipe fast\`, start to end, means of ${seeds.length} seeds; asked: ${asked}`;
  return {
    name: "mnist99",
    markdown: `${title}\n\n${table(["Node", "seconds", "test accuracy", "holds"], rows)}`,
    figures,
    failures: figures.flatMap(({ node, seconds, accuracy, holds }) =>
      holds
        ? []
        : [`mnist99 on Node ${node}: ${percent(accuracy)} in ${seconds.toFixed(1)} s, asked: ${asked}`],
    ),
  };
}

/** @param {import("../competitors/fovea.mjs").ChosenNode} node @param {string} out @param {number} seed @param {number} threads */
async function trainOnce(node, out, seed, threads) {
  const common = ["--data", "mnist", "--threads", String(threads)];
  const parameters = ["train", ...common, "--recipe", "fast", "--seed", String(seed), "--out", out];
  const { milliseconds } = await runCommand(node, parameters);
  const { output } = await runCommand(node, ["evaluate", out, ...common, "--json"]);
  const { accuracy } = JSON.parse(output);
  return { seconds: milliseconds / 1000, accuracy };
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
