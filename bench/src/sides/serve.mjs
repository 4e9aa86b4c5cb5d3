import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { readResident, resetPeak } from "./memory.mjs";

/**
 * What a process that measures does, in Node.
 *
 * @typedef {object} Work
 * @property {() => Promise<readonly number[] | Float32Array>} outputs what is compared
 * @property {(runs: number, warmUp: number) => Promise<number>} time milliseconds a run
 * @property {string | null} [setting] that it chose
 * @property {() => Promise<void>} [close] gives memory back before the next case
 */

/**
 * Answers the requests of `startSide` (../child.mjs) until there are no more.
 *
 * @param {import("../types.ts").About} about
 * @param {(kase: import("../types.ts").Case, folder: string) => Promise<Work>} prepare
 */
export async function serve(about, prepare) {
  /** @type {Work | null} */
  let work = null;
  /** @type {number | null} */
  let baseline = null;

  /** @type {Readonly<Record<string, (request: any) => Promise<object>>>} */
  const handlers = {
    async prepare({ case: kase, folder, outputs }) {
      await work?.close?.();
      work = null;
      resetPeak();
      baseline = readResident()?.now ?? null;
      work = await prepare(kase, folder);
      if (outputs !== null) {
        const values = Float32Array.from(await work.outputs());
        await writeFile(outputs, new Uint8Array(values.buffer));
      }
      // What reading the weights took is not part of the steps.
      resetPeak();
      return { setting: work.setting ?? null };
    },
    async time({ runs, warmUp }) {
      if (work === null) throw new Error("nothing is prepared");
      return { milliseconds: await work.time(runs, warmUp) };
    },
    async peak() {
      const resident = readResident();
      return { bytes: resident === null || baseline === null ? null : resident.peak - baseline };
    },
  };

  answer(about);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      answer(await handlers[request.do](request));
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  process.exit(0);
}

/** @param {object} value */
function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Milliseconds a run of what is done in order. @param {() => unknown} run @param {number} runs @param {number} warmUp */
export async function timeRuns(run, runs, warmUp) {
  for (let index = 0; index < warmUp; index++) await run();
  const begin = performance.now();
  for (let index = 0; index < runs; index++) await run();
  return (performance.now() - begin) / runs;
}
