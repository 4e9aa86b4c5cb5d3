import { type HostWorker, processorCount, startWorker } from "#host";
import { OptionError } from "../../tensor/index.ts";
import { workerSource } from "./generated/worker-source.ts";

/** The most threads of a team. */
const MAXIMUM_THREADS = 64;

/** Threads of an engine for which nobody has said how many: one for each processor, and 1 without shared memory. */
export function usualThreads(shared: boolean): number {
  return shared ? Math.min(processorCount(), MAXIMUM_THREADS) : 1;
}

/** @throws OptionError for a number of threads that is not possible here */
export function checkThreads(threads: number, shared: boolean): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAXIMUM_THREADS) {
    throw new OptionError(`threads must be a whole number from 1 to ${MAXIMUM_THREADS}, got ${threads}`, {
      where: "wasm engine",
    });
  }
  if (threads > 1 && !shared) {
    throw new OptionError(`${threads} threads need shared memory, which is off or not available here`, {
      where: "wasm engine",
      hint: "Use 1 thread; in a browser, serve the page cross-origin isolated (COOP: same-origin, COEP: require-corp).",
    });
  }
}

/** Starts worker threads that have nothing to do yet: for trials of kernels (trial-worker.ts), or for a team (team.ts). */
export function startWorkers(threads: number): HostWorker[] {
  return Array.from({ length: threads }, () => startWorker(workerSource));
}
