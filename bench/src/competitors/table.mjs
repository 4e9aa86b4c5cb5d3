import { existsSync } from "node:fs";
import { join } from "node:path";
import { isSmall } from "../cases/nets.mjs";
import { startSide } from "../child.mjs";
import { fovea } from "./fovea.mjs";
import { installed } from "./install.mjs";
import { pytorch, pytorchFastest } from "./pytorch.mjs";

/** @typedef {import("../types.ts").Competitor} Competitor */
/** @typedef {import("../types.ts").CompetitorName} CompetitorName */

/**
 * What competitors are started with.
 *
 * @typedef {object} Settings
 * @property {number} threads
 * @property {string | undefined} python
 * @property {"native" | "avx2"} isa
 * @property {number} patience seconds that an answer may take
 * @property {boolean} named whether the user has named the competitors
 * @property {readonly import("./fovea.mjs").ChosenNode[]} nodes the last that there is runs competitors in JavaScript
 */

/** @typedef {Omit<Competitor, "name">} Nameless */
/** @typedef {(settings: Settings) => Nameless | readonly Nameless[]} Create */

/**
 * A library for Node: `sides/SCRIPT PACKAGE THREADS PARAMETER...`.
 *
 * @param {string} script
 * @param {string} packageName
 * @param {readonly string[]} parameters
 * @param {Competitor["refuses"]} refuses
 * @returns {Create}
 */
const inNode =
  (script, packageName, parameters, refuses) =>
  ({ nodes, threads, patience }) => {
    const folder = join(installed, packageName);
    const isThere = existsSync(folder);
    const path = join(import.meta.dirname, "../sides", script);
    return {
      refuses: (kase) => (isThere ? refuses(kase) : "is not installed: npm ci in bench/competitors failed"),
      start: () =>
        startSide({
          command: nodes.findLast(({ path }) => path !== null)?.path ?? process.execPath,
          parameters: ["--expose-gc", path, folder, String(threads), ...parameters],
          patience,
        }),
    };
  };

/** @type {Competitor["refuses"]} */
const inferenceOnly = (kase) =>
  kase.kind === "training" || (kase.kind === "layer" && kase.pass !== "forward") ? "only runs forward" : null;

/**
 * For libraries that take minutes for a run of a net of ImageNet's size.
 *
 * @param {Create} create
 * @returns {Create}
 */
const smallUnlessNamed = (create) => (settings) =>
  [create(settings)].flat().map((competitor) => ({
    ...competitor,
    refuses: (kase) =>
      settings.named || isSmall(kase)
        ? competitor.refuses(kase)
        : "takes minutes for nets of this size: only where --competitor names it",
  }));

/** @type {{ readonly [N in CompetitorName]: Create }} */
const table = {
  pytorch,
  "pytorch-fastest": pytorchFastest,
  onnxruntime: inNode("onnxruntime.mjs", "onnxruntime-node", [], inferenceOnly),
  "tfjs-wasm": inNode("tfjs.mjs", "@tensorflow/tfjs", ["wasm"], () => null),
  "tfjs-cpu": smallUnlessNamed(inNode("tfjs.mjs", "@tensorflow/tfjs", ["cpu"], () => null)),
  "jax-js": smallUnlessNamed(inNode("jax.mjs", "@jax-js/jax", [], () => null)),
  // Ours, on each Node beside its own two threads.
  "one-thread": ({ nodes, patience }) =>
    nodes.map((node) => ({ ...fovea(node, { threads: 1, patience }), invited: true })),
};

/** @type {readonly CompetitorName[]} */
export const competitorNames = /** @type {CompetitorName[]} */ (Object.keys(table));

/** @param {CompetitorName} name @param {Settings} settings @returns {readonly Competitor[]} */
export function createCompetitors(name, settings) {
  return [table[name](settings)].flat().map((competitor) => ({ ...competitor, name }));
}
