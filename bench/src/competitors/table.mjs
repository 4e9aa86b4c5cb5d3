import { join } from "node:path";
import { startSide } from "../child.mjs";
import { startFovea } from "./fovea.mjs";

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
 * @property {string} node path of the Node that runs competitors in JavaScript
 */

/** What keeps PyTorch and the libraries under it from AVX-512. */
const avx2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" };

/** @param {"default" | "fastest"} setting @returns {(settings: Settings) => Omit<Competitor, "name">} */
const pytorch =
  (setting) =>
  ({ python, threads, isa, patience }) => ({
    refuses: () => (python === undefined ? "needs --python PATH, a Python with torch and numpy" : null),
    start: () =>
      startSide({
        command: python ?? "",
        parameters: [join(import.meta.dirname, "../sides/pytorch/main.py"), String(threads), setting],
        environment: isa === "avx2" ? avx2 : {},
        patience,
      }),
  });

/** All competitors. @type {{ readonly [N in CompetitorName]?: (settings: Settings) => Omit<Competitor, "name"> }} */
const table = {
  pytorch: pytorch("default"),
  "pytorch-fastest": pytorch("fastest"),
  "one-thread": ({ node, patience }) => ({
    refuses: ({ name }) => (name.startsWith("threads/") ? null : "is ours: only of the group threads"),
    start: () => startFovea(node, 1, patience),
  }),
};

/** @type {readonly CompetitorName[]} */
export const competitorNames = /** @type {CompetitorName[]} */ (Object.keys(table));

/** @param {CompetitorName} name @param {Settings} settings @returns {Competitor} */
export function createCompetitor(name, settings) {
  return { name, ...table[name](settings) };
}
