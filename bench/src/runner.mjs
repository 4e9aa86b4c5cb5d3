/**
 * Measures cases: ours and its competitors in processes of their own, which take turns. Before anything is timed their
 * outputs are compared; who computes something else is not timed.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flopsOf } from "./cases/layers.mjs";
import { labelOf, SidePool } from "./side-pool.mjs";
import { median, spread } from "./statistics.mjs";

/** @typedef {import("./types.ts").Case} Case */
/** @typedef {import("./types.ts").Competitor} Competitor */
/** @typedef {import("./types.ts").Contender} Contender */
/** @typedef {import("./types.ts").Failure} Failure */
/** @typedef {import("./types.ts").Measurement} Measurement */
/** @typedef {import("./types.ts").Result} Result */
/** @typedef {import("./types.ts").Side} Side */

/** How long a round of a side should take. */
const roundMilliseconds = { layer: 200, inference: 600, training: 1000 };
/** A side whose first round took longer has no others: how far behind it is shows in one. */
const longRoundMilliseconds = 20_000;
/** Runs of a memory case. */
const memoryRuns = 3;
/** Between two sides: threads that still spin go to sleep. */
const settleMilliseconds = 50;

/**
 * @typedef {object} Plan
 * @property {readonly Case[]} cases
 * @property {readonly Contender[]} ours the first one's outputs are those that others are compared with
 * @property {readonly Competitor[]} competitors
 * @property {number} rounds
 * @property {(text: string) => void} say progress
 * @property {(kase: Case, folder: string) => Promise<void>} writeInputs
 * @property {(kase: Case, ours: string, theirs: string) => Promise<number>} compareOutputs
 */

/** @param {Plan} plan @returns {Promise<import("./types.ts").Outcome>} */
export async function runCases(plan) {
  const pool = new SidePool();
  const root = await mkdtemp(join(tmpdir(), "fovea-bench-"));
  /** @type {Result[]} */
  const results = [];
  /** @type {Failure[]} */
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
    pool.close();
    await rm(root, { recursive: true, force: true });
  }
  return { results, failures, sides: Object.fromEntries(pool.abouts) };
}

/**
 * A side in the rounds of a case.
 *
 * @typedef {object} Entry
 * @property {Side} side
 * @property {string | null} setting
 * @property {number} runs of a round
 * @property {number[]} rounds milliseconds a run
 */

class CaseRun {
  /** @type {Failure[]} */
  failures = [];
  /** Greatest difference to our outputs. @type {Map<Competitor, number>} */
  #differences = new Map();
  #case;
  #folder;
  #plan;
  #pool;

  /** @param {Case} kase @param {string} folder @param {Plan} plan @param {SidePool} pool */
  constructor(kase, folder, plan, pool) {
    this.#case = kase;
    this.#folder = folder;
    this.#plan = plan;
    this.#pool = pool;
  }

  /** @returns {Promise<Result[]>} */
  async measure() {
    const { ours, competitors, writeInputs } = this.#plan;
    const { rivals } = this.#case;
    const able = competitors.filter((competitor) => {
      const named = rivals?.some((name) => name === competitor.name);
      if (named === false || (competitor.invited && !named)) return false;
      const reason = competitor.refuses(this.#case);
      if (reason !== null) this.#fail(competitor, reason, "absent");
      return reason === null;
    });
    try {
      await writeInputs(this.#case, this.#folder);
    } catch (error) {
      for (const contender of ours) this.#fail(contender, messageOf(error), "absent");
      return [];
    }
    const agreeing = await this.#compare([...ours, ...able]);
    if (!agreeing.some((competitor) => ours.some((contender) => contender === competitor))) return [];
    const measured = await this.#time(agreeing);
    return this.#pair(measured, able);
  }

  /** Those that compute what the first of ours does. @param {readonly Competitor[]} competitors */
  async #compare(competitors) {
    /** @type {string | null} */
    let reference = null;
    /** @type {Competitor[]} */
    const agreeing = [];
    for (const [index, competitor] of competitors.entries()) {
      const path = join(this.#folder, `outputs-${index}.f32`);
      /** @type {Failure["what"]} */
      let what = "absent";
      try {
        const side = await this.#pool.open(competitor, this.#case);
        await side.prepare(this.#case, this.#folder, path);
        this.#pool.release(competitor, this.#case);
        what = "wrong";
        if (reference !== null)
          this.#differences.set(competitor, await this.#plan.compareOutputs(this.#case, reference, path));
        reference ??= path;
        agreeing.push(competitor);
      } catch (error) {
        this.#pool.drop(competitor);
        this.#fail(competitor, messageOf(error), what);
        // Without ours there is nothing to compare with.
        if (reference === null) return [];
      }
    }
    return agreeing;
  }

  /** Rounds in which the sides take turns. @param {readonly Competitor[]} competitors */
  async #time(competitors) {
    /** @type {Map<Competitor, Entry>} */
    const entries = new Map();
    const forEach = async (/** @type {(entry: Entry, competitor: Competitor) => Promise<void>} */ act) => {
      for (const [competitor, entry] of [...entries]) {
        try {
          await act(entry, competitor);
        } catch (error) {
          entries.delete(competitor);
          this.#pool.drop(competitor);
          this.#fail(competitor, messageOf(error), "absent");
        }
        await settle();
      }
    };
    for (const competitor of competitors) {
      try {
        const side = await this.#pool.open(competitor, this.#case);
        const setting = await side.prepare(this.#case, this.#folder, null);
        entries.set(competitor, { side, setting, runs: memoryRuns, rounds: [] });
      } catch (error) {
        this.#pool.drop(competitor);
        this.#fail(competitor, messageOf(error), "absent");
      }
    }
    const speed = this.#case.kind === "layer" || this.#case.measures === "speed";
    if (speed) {
      await forEach(async (entry) => {
        entry.runs = await this.#calibrate(entry.side);
      });
    }
    for (let round = 0; round < (speed ? this.#plan.rounds : 1); round++)
      await forEach(async ({ side, runs, rounds }) => {
        if (round === 0 || rounds[0] * runs < longRoundMilliseconds)
          rounds.push(await side.time(runs, warmUpOf(runs)));
      });

    /** @type {Map<Competitor, Measurement>} */
    const measured = new Map();
    await forEach(async ({ side, setting, rounds }, competitor) => {
      const peakBytes = this.#case.kind === "layer" ? null : await side.peakBytes();
      measured.set(competitor, this.#measurement(rounds, peakBytes, setting));
      this.#pool.release(competitor, this.#case);
    });
    return measured;
  }

  /**
   * Runs that fill a round. They bring code into its optimized form and do not count. Each estimate may ask for eight times
   * as many runs at most: a first one may be far off.
   *
   * @param {Side} side
   */
  async #calibrate(side) {
    const target = roundMilliseconds[this.#case.kind];
    let runs = 1;
    for (let estimates = 0; estimates < 4; estimates++) {
      const wanted = Math.max(1, Math.round(target / (await side.time(runs, estimates === 0 ? 1 : 0))));
      if (wanted <= runs) return wanted;
      runs = Math.min(wanted, 8 * runs);
    }
    return runs;
  }

  /** @param {readonly number[]} rounds @param {number | null} peakBytes @param {string | null} setting @returns {Measurement} */
  #measurement(rounds, peakBytes, setting) {
    const medianMs = median(rounds);
    return {
      imagesPerSecond: (this.#case.batch / medianMs) * 1e3,
      gigaflopsPerSecond: this.#case.kind === "layer" ? flopsOf(this.#case) / medianMs / 1e6 : null,
      medianMs,
      spread: spread(rounds),
      peakBytes,
      rounds,
      setting,
    };
  }

  /** Each of ours beside each competitor. @param {ReadonlyMap<Competitor, Measurement>} measured @param {readonly Competitor[]} able */
  #pair(measured, able) {
    /** @type {Result[]} */
    const results = [];
    const memory = this.#case.kind !== "layer" && this.#case.measures === "memory";
    for (const contender of this.#plan.ours) {
      const ours = measured.get(contender);
      if (ours === undefined) continue;
      const common = { case: this.#case.name, node: contender.node, ours };
      /** @type {Result[]} */
      const pairs = able.flatMap((competitor) => {
        const theirs = measured.get(competitor);
        if (theirs === undefined || (competitor.node ?? contender.node) !== contender.node) return [];
        const ratio = memory ? ratioOf(theirs.peakBytes, ours.peakBytes) : theirs.medianMs / ours.medianMs;
        const asked = this.#asked(competitor.name, contender.node);
        const difference = this.#differences.get(competitor) ?? null;
        return [{ ...common, competitor: competitor.name, theirs, ratio, difference, asked }];
      });
      if (pairs.length === 0)
        pairs.push({ ...common, competitor: null, theirs: null, ratio: null, difference: null, asked: null });
      this.#say(pairs);
      results.push(...pairs);
    }
    return results;
  }

  /** @param {string} competitor @param {string} node */
  #asked(competitor, node) {
    const asked = Object.entries(this.#case.asked ?? {}).find(([name]) => name === competitor)?.[1];
    return asked?.[Number.parseInt(node.slice(1), 10) >= 24 ? 1 : 0] ?? null;
  }

  /** @param {readonly Result[]} results */
  #say(results) {
    const [{ node, ours }] = results;
    const ratios = results.flatMap(({ competitor, ratio }) =>
      ratio === null ? [] : [`${ratio.toFixed(2)} x ${competitor}`],
    );
    this.#plan.say(
      [`${this.#case.name}, Node ${node}: ${ours.medianMs.toFixed(2)} ms`, ...ratios].join("; "),
    );
  }

  /** @param {Competitor} competitor @param {string} reason @param {Failure["what"]} what */
  #fail(competitor, reason, what) {
    const label = labelOf(competitor);
    this.failures.push({ case: this.#case.name, competitor: label, reason, what });
    if (what === "wrong") this.#plan.say(`${this.#case.name}: ${label} ${reason}`);
  }
}

/** @param {number | null} theirs @param {number | null} ours */
function ratioOf(theirs, ours) {
  return theirs === null || ours === null ? null : theirs / ours;
}

/** Runs before those of a round: what slept wakes, what others displaced from the caches comes back. @param {number} runs */
function warmUpOf(runs) {
  return runs === 1 ? 0 : Math.ceil(runs / 8);
}

function settle() {
  return new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
