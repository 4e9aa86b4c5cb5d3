import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { HostWorker } from "./types.ts";

/** Starts a worker thread from JavaScript source (a classic script). */
export function startWorker(source: string): HostWorker {
  const worker = new Worker(source, { eval: true, name: "fovea" });
  worker.unref();
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listener) => {
      worker.on("message", listener);
      // A listener for messages makes the worker keep the process alive, until told otherwise.
      worker.unref();
    },
    onError: (listener) => void worker.on("error", listener),
    terminate: () => void worker.terminate(),
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
 * Turns on relaxed SIMD where V8 has it behind a flag (Node 20 and 21: V8 11.3 to 11.8). Harmless elsewhere.
 * `FOVEA_V8_FLAGS=off` leaves V8 as it is.
 */
export function enableRelaxedSimd(): void {
  if (process.env["FOVEA_V8_FLAGS"] === "off") return;
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) setFlagsFromString("--experimental-wasm-relaxed-simd");
}
