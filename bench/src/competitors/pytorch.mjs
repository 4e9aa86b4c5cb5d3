import { join } from "node:path";
import { startSide } from "../child.mjs";

/** @typedef {import("./table.mjs").Settings} Settings */
/** @typedef {Omit<import("../types.ts").Competitor, "name">} Nameless */

const script = join(import.meta.dirname, "../sides/pytorch/main.py");

/** What keeps PyTorch and the libraries under it from AVX-512. */
const avx2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_ENABLE_INSTRUCTIONS: "AVX2" };

/** @param {Settings} settings */
function start({ python = "", threads, isa, patience }) {
  return startSide({
    command: python,
    parameters: [script, String(threads)],
    environment: isa === "avx2" ? avx2 : {},
    patience,
  });
}

/** @param {Settings} settings */
const refusal = ({ python }) =>
  python === undefined ? "needs --python PATH, a Python with torch and numpy" : null;

/** PyTorch as it comes: contiguous tensors, the default optimizer. @param {Settings} settings @returns {Nameless} */
export function pytorch(settings) {
  return { refuses: () => refusal(settings), start: () => start(settings) };
}

/**
 * PyTorch at the fastest of its settings for each case. A process of its own finds it: what a search leaves in memory must
 * not count as the net's.
 *
 * @param {Settings} settings
 * @returns {Nameless}
 */
export function pytorchFastest(settings) {
  /** Candidates by case. @type {Map<string, number>} */
  const found = new Map();

  /** @param {import("../types.ts").Case} kase @param {string} folder @param {import("../child.mjs").Child} side */
  async function scout(kase, folder, side) {
    const known = found.get(kase.name);
    if (known !== undefined) return known;
    // Layers have no memory to be measured: one process serves.
    const scouting = kase.kind === "layer" ? side : await start(settings);
    const times = [];
    for (let count = 1; times.length < count; ) {
      const answer = await scouting.ask({ do: "scout", case: kase, folder, candidate: times.length });
      times.push(answer.milliseconds);
      count = answer.candidates;
    }
    if (scouting !== side) scouting.close();
    const candidate = times.indexOf(Math.min(...times));
    found.set(kase.name, candidate);
    return candidate;
  }

  return {
    refuses: () => refusal(settings),
    async start() {
      const side = await start(settings);
      return {
        ...side,
        async prepare(kase, folder, outputs) {
          const candidate = await scout(kase, folder, side);
          return (await side.ask({ do: "prepare", case: kase, folder, outputs, candidate })).setting;
        },
      };
    },
  };
}
