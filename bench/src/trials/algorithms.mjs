/**
 * How well the estimates of src/engine/wasm/lower/convolution-cost.ts choose between Winograd's filtering and the implicit
 * matrix product: both ways are measured over a grid of shapes. What counts is the regret, the time lost to wrong choices
 * as a share of the time of the best ways.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { table } from "../report.mjs";

/** The most regret that the estimates may have. */
const mostRegret = 0.05;
/** Wrong choices that are listed, the worst first. */
const listed = 12;

/** @type {import("./table.mjs").Trial} */
export async function measureAlgorithms({ nodes, say }) {
  const figures = [];
  for (const { version, path } of nodes) {
    if (path === null) throw new Error(`Node ${version} is not installed`);
    const script = join(import.meta.dirname, "algorithms-side.mjs");
    const { stdout } = await promisify(execFile)(path, [script], { maxBuffer: 1 << 24 });
    const shapes = JSON.parse(stdout).map(judge);
    const best = sum(shapes, ({ best }) => best);
    const wrong = shapes.filter((/** @type {ReturnType<typeof judge>} */ { loss }) => loss > 0);
    const regret = sum(shapes, ({ loss }) => loss) / best;
    say(
      `algorithms, Node ${version}: ${wrong.length} of ${shapes.length} choices wrong, regret ${percent(regret)}`,
    );
    figures.push({ node: version, wrong: wrong.length, of: shapes.length, regret, shapes });
  }
  return {
    name: "algorithms",
    markdown: figures.map(markdownOf).join("\n\n"),
    figures,
    failures: figures
      .filter(({ regret }) => regret > mostRegret)
      .map(
        ({ node, regret }) =>
          `algorithms on Node ${node}: regret ${percent(regret)}, asked: at most ${percent(mostRegret)}`,
      ),
  };
}

/** @typedef {{ direct: number, winograd: number }} Pair */

/** @param {{ milliseconds: Pair, cost: Pair }} figure */
function judge(figure) {
  const { milliseconds, cost } = figure;
  const chosen = cost.winograd < cost.direct ? milliseconds.winograd : milliseconds.direct;
  const best = Math.min(milliseconds.winograd, milliseconds.direct);
  return { ...figure, best, loss: chosen - best };
}

/** @param {any} figure */
function markdownOf({ node, wrong, of, regret, shapes }) {
  const title = `Winograd's filtering or not, one thread, Node ${node}: ${wrong} of ${of} choices wrong, regret ${percent(regret)}`;
  const worst = shapes
    .filter((/** @type {any} */ { loss }) => loss > 0)
    .sort((/** @type {any} */ a, /** @type {any} */ b) => b.loss / b.best - a.loss / a.best)
    .slice(0, listed);
  const rows = worst.map((/** @type {any} */ shape) => [
    `${shape.size}x${shape.size} ${shape.inputs}->${shape.outputs}, ${shape.images}x${shape.side}x${shape.side}, ${shape.pass}`,
    shape.milliseconds.direct.toFixed(3),
    shape.milliseconds.winograd.toFixed(3),
    `${(shape.milliseconds.direct / shape.milliseconds.winograd).toFixed(2)}`,
    `${(shape.cost.direct / shape.cost.winograd).toFixed(2)}`,
  ]);
  const heads = ["wrong choices, worst first", "direct, ms", "Winograd, ms", "measured ratio", "estimated"];
  return `${title}\n\n${table(heads, rows)}`;
}

/** @template T @param {readonly T[]} items @param {(item: T) => number} value */
function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
