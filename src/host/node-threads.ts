import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { HostWorker } from "./types.ts";

/** Starts a worker thread from JavaScript source (a classic script). */
export function startWorker(source: string): HostWorker {
  const worker = new Worker(source, { eval: true, name: "fovea" });
  worker.unref();
  let ended = false;
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listener) => {
      worker.on("message", listener);
      // A listener for messages makes the worker keep the process alive, until told otherwise.
      worker.unref();
    },
    onError: (listener) => {
      worker.on("error", listener);
      worker.on("exit", (code) => {
        if (!ended) listener(new Error(`the thread ended by itself (exit code ${code})`));
      });
    },
    terminate: () => {
      ended = true;
      void worker.terminate();
    },
    keepAlive: (on) => (on ? worker.ref() : worker.unref()),
  };
}

/** Number of threads that can run at the same time. */
export function processorCount(): number {
  return availableParallelism();
}

/** Whether memory can be shared between threads. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== "undefined";
}

/**
 * Sets what V8 offers for fast kernels and does not do by itself; each concerns only how WebAssembly is compiled.
 *
 * - Node 20 and 21 have relaxed SIMD behind a flag.
 * - Before V8 13, loops are unrolled, which makes the register allocator spill the accumulators of a 6 x 8 tile.
 * - From Node 23.5 on, V8 can join pairs of 128-bit operations into 256-bit ones, behind a flag.
 *
 * @returns the flags that were set; none with the environment variable `FOVEA_V8_FLAGS=off`
 */
export function tuneV8(): readonly string[] {
  if (process.env["FOVEA_V8_FLAGS"] === "off") return [];
  const [node, nodeMinor] = process.versions.node.split(".").map(Number);
  const v8 = Number(process.versions.v8.split(".")[0]);
  const flags: string[] = [];
  if (node < 22) flags.push("--experimental-wasm-relaxed-simd");
  if (v8 < 13) flags.push("--no-wasm-loop-unrolling");
  if (node > 23 || (node === 23 && nodeMinor >= 5)) flags.push("--experimental-wasm-revectorize");
  for (const flag of flags) setFlagsFromString(flag);
  return flags;
}
