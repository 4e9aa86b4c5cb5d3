/**
 * Measures a case: ours and its competitors in processes of their own, which take turns. Before anything is timed their
 * outputs are compared; who computes something else is not timed.
 */
import { join } from "node:path";
import { flopsOf } from "./cases/layers.mjs";
import { labelOf } from "./side-pool.mjs";
import { median, spread } from "./statistics.mjs";

/** @typedef {import("./types.ts").Case} Case */
/** @typedef {import("./types.ts").Competitor} Competitor */
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
 * A side in the rounds of a case.
 *
 * @typedef {object} Entry
 * @property {Side} side
 * @property {string | null} setting
 * @property {number} runs of a round
 * @property {number[]} rounds milliseconds a run
 */

export class CaseRun {
  /** @type {Failure[]} */
  failures = [];
  /** Greatest difference to our outputs. @type {Map<Competitor, number>} */
  #differences = new Map();
  #case;
  #folder;
  #plan;
  #pool;

  /** @param {Case} kase @param {string} folder @param {import("./runner.mjs").Plan} plan @param {import("./side-pool.mjs").SidePool} pool */
  constructor(kase, folder, plan, pool) {
    this.#case = kase;
    this.#folder = folder;
    this.#plan = plan;
    this.#pool = pool;
  }

  /** @returns {Promise<Result[]>} none where ours does not work; `failures` has the reasons */
  async measure() {
    const { ours, competitors, writeInputs } = this.#plan;
    const able = competitors.filter((competitor) => this.#takesPart(competitor));
    try {
      await writeInputs(this.#case, this.#folder);
    } catch (error) {
      for (const contender of ours) this.#fail(contender, error);
      return [];
    }
    const agreeing = await this.#compare(able);
    if (agreeing.length === 0) return [];
    const measured = await this.#time(agreeing);
    return this.#pair(measured, able);
  }

  /** @param {Competitor} competitor */
  #takesPart(competitor) {
    const { rivals } = this.#case;
    const named = rivals?.some((name) => name === competitor.name);
    if (named === false || (competitor.invited && !named)) return false;
    const reason = competitor.refuses(this.#case);
    if (reason !== null) this.#fail(competitor, reason);
    return reason === null;
  }

  /** Ours, and those that compute what it does; none where ours does not work. @param {readonly Competitor[]} competitors */
  async #compare(competitors) {
    /** @type {Competitor[]} */
    const agreeing = [];
    /** @type {string | null} */
    let reference = null;
    for (const competitor of [...this.#plan.ours, ...competitors]) {
      if (reference === null && competitors.includes(competitor)) return [];
      const path = await this.#outputsOf(competitor);
      if (path === null) continue;
      try {
        if (reference !== null)
          this.#differences.set(competitor, this.#plan.compareOutputs(this.#case, reference, path));
        reference ??= path;
        agreeing.push(competitor);
      } catch (error) {
        this.#pool.drop(competitor);
        this.#fail(competitor, error, "wrong");
      }
    }
    return agreeing;
  }

  /** Path of a file with what is compared; null where it failed. @param {Competitor} competitor */
  async #outputsOf(competitor) {
    const path = join(this.#folder, `${labelOf(competitor).replaceAll(" ", "-")}.f32`);
    try {
      const side = await this.#pool.open(competitor, this.#case);
      await side.prepare(this.#case, this.#folder, path);
      this.#pool.release(competitor, this.#case);
      return path;
    } catch (error) {
      this.#pool.drop(competitor);
      this.#fail(competitor, error);
      return null;
    }
  }

  /** Rounds in which the sides take turns. @param {readonly Competitor[]} competitors */
  async #time(competitors) {
    /** @type {Map<Competitor, Entry>} */
    const entries = new Map();
    await this.#eachOf(competitors, async (competitor) => {
      const side = await this.#pool.open(competitor, this.#case);
      const setting = await side.prepare(this.#case, this.#folder, null);
      entries.set(competitor, { side, setting, runs: memoryRuns, rounds: [] });
    });
    const inTurn = (/** @type {(entry: Entry, competitor: Competitor) => Promise<void>} */ act) =>
      this.#eachOf([...entries.keys()], async (competitor) => {
        const entry = entries.get(competitor);
        if (entry === undefined) return;
        // Who fails takes no further part.
        entries.delete(competitor);
        await act(entry, competitor);
        entries.set(competitor, entry);
      });
    if (!this.#isMemory) {
      await inTurn(async (entry) => {
        entry.runs = await this.#calibrate(entry.side);
      });
    }
    for (let round = 0; round < (this.#isMemory ? 1 : this.#plan.rounds); round++) {
      await inTurn(async ({ side, runs, rounds }) => {
        if (round === 0 || rounds[0] * runs < longRoundMilliseconds)
          rounds.push(await side.time(runs, warmUpOf(runs)));
      });
    }
    /** @type {Map<Competitor, Measurement>} */
    const measured = new Map();
    await inTurn(async ({ side, setting, rounds }, competitor) => {
      const peakBytes = this.#case.kind === "layer" ? null : await side.peakBytes();
      measured.set(competitor, this.#measurement(rounds, peakBytes, setting));
      this.#pool.release(competitor, this.#case);
    });
    return measured;
  }

  get #isMemory() {
    return this.#case.kind !== "layer" && this.#case.measures === "memory";
  }

  /** One after another; who fails is noted and its process ended. @param {readonly Competitor[]} competitors @param {(competitor: Competitor) => Promise<void>} act */
  async #eachOf(competitors, act) {
    for (const competitor of competitors) {
      try {
        await act(competitor);
      } catch (error) {
        this.#pool.drop(competitor);
        this.#fail(competitor, error);
      }
      await settle();
    }
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
    for (const contender of this.#plan.ours) {
      const ours = measured.get(contender);
      if (ours === undefined) continue;
      const common = { case: this.#case.name, node: contender.node, ours };
      /** @type {Result[]} */
      const pairs = able.flatMap((competitor) => {
        const theirs = measured.get(competitor);
        if (theirs === undefined || (competitor.node ?? contender.node) !== contender.node) return [];
        const ratio = this.#isMemory
          ? ratioOf(theirs.peakBytes, ours.peakBytes)
          : theirs.medianMs / ours.medianMs;
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

  /** @param {Competitor} competitor @param {unknown} error or a reason @param {Failure["what"]} [what] */
  #fail(competitor, error, what = "absent") {
    const label = labelOf(competitor);
    const reason = error instanceof Error ? error.message : String(error);
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
