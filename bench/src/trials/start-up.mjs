/** How long `fovea predict` takes for one image with a saved lenet5, from the start of its process to its end. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { data, models } from "fovea";
import { table } from "../report.mjs";
import { median, spread } from "../statistics.mjs";
import { runCommand } from "./command.mjs";

const rounds = 11;
/** The most that it may take. */
const mostSeconds = 0.4;

/** @type {import("./table.mjs").Trial} */
export async function measureStartUp({ nodes, threads, say }) {
  const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  const [model, digit] = [join(folder, "lenet5.safetensors"), join(folder, "digit.pgm")];
  await models.create("lenet5").save(model);
  const { test } = await data.loadMnist();
  await writeFile(
    digit,
    Buffer.concat([Buffer.from("P5\n28 28\n255\n"), test.images.data.subarray(0, 28 * 28)]),
  );
  /** @type {number[][]} */
  const seconds = nodes.map(() => []);
  try {
    // One more round: the first brings files into the system's cache.
    for (let round = 0; round <= rounds; round++) {
      for (const [index, node] of nodes.entries()) {
        const parameters = ["predict", model, digit, "--threads", String(threads)];
        const { milliseconds } = await runCommand(node, parameters);
        if (round > 0) seconds[index].push(milliseconds / 1000);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const figures = nodes.map(({ version }, index) => {
    const own = seconds[index];
    const middle = median(own);
    say(`start-up, Node ${version}: ${middle.toFixed(3)} s`);
    return {
      node: version,
      medianSeconds: middle,
      spread: spread(own),
      holds: middle < mostSeconds,
      rounds: own,
    };
  });
  const rows = figures.map(({ node, medianSeconds, spread: apart, holds }) => [
    node,
    medianSeconds.toFixed(3),
    `${(100 * apart).toFixed(1)} %`,
    holds ? "yes" : "NO",
  ]);
  const title = `Seconds of \`fovea predict\` with lenet5 and one image, start to end, medians of ${rounds}; asked: under ${mostSeconds}`;
  return {
    name: "start-up",
    markdown: `${title}\n\n${table(["Node", "seconds", "spread", "holds"], rows)}`,
    figures,
    failures: figures.flatMap(({ node, medianSeconds, holds }) =>
      holds ? [] : [`start-up on Node ${node}: ${medianSeconds.toFixed(3)} s, asked: under ${mostSeconds} s`],
    ),
  };
}
