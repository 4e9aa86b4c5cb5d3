import { startFovea } from "./fovea.mjs";
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
 * @property {string} node path of the Node that runs competitors in JavaScript
 */

/** All competitors. @type {{ readonly [N in CompetitorName]: (settings: Settings) => Omit<Competitor, "name"> }} */
const table = {
  pytorch,
  "pytorch-fastest": pytorchFastest,
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
