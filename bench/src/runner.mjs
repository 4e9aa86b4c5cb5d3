/**
 * Measures cases one after another; `CaseRun` says how.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaseRun } from "./case-run.mjs";
import { SidePool } from "./side-pool.mjs";

/** @typedef {import("./types.ts").Case} Case */

/**
 * @typedef {object} Plan
 * @property {readonly Case[]} cases
 * @property {readonly import("./types.ts").Contender[]} ours others' outputs are compared with those of the first that works
 * @property {readonly import("./types.ts").Competitor[]} competitors
 * @property {number} rounds
 * @property {(text: string) => void} say progress
 * @property {(kase: Case, folder: string) => Promise<void>} writeInputs
 * @property {(kase: Case, ours: string, theirs: string) => number} compareOutputs throws where they differ
 */

/** What ends the bench early. */
const signals = /** @type {const} */ (["SIGINT", "SIGTERM"]);

/** @param {Plan} plan @returns {Promise<import("./types.ts").Outcome>} */
export async function runCases(plan) {
  const pool = new SidePool();
  const root = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  // Weights of large nets are not left behind when the user has had enough.
  const onInterrupt = () => {
    pool.close();
    rmSync(root, { recursive: true, force: true });
    process.exit(130);
  };
  for (const signal of signals) process.once(signal, onInterrupt);
  /** @type {import("./types.ts").Result[]} */
  const results = [];
  /** @type {import("./types.ts").Failure[]} */
  const failures = [];
  try {
    for (const [index, kase] of plan.cases.entries()) {
      const folder = join(root, String(index));
      await mkdir(folder);
      const run = new CaseRun(kase, folder, plan, pool);
      results.push(...(await run.measure()));
      failures.push(...run.failures);
      await rm(folder, { recursive: true });
    }
  } finally {
    for (const signal of signals) process.off(signal, onInterrupt);
    pool.close();
    await rm(root, { recursive: true, force: true });
  }
  return { results, failures, sides: Object.fromEntries(pool.abouts) };
}
