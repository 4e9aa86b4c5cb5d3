import type { HostWorker } from "./types.ts";

/** Starts a worker from JavaScript source (a classic script). A page's policy must allow `worker-src blob:`. */
export function startWorker(source: string): HostWorker {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address, { name: "fovea" });
  URL.revokeObjectURL(address);
  return {
    postMessage: (message, transfer) =>
      worker.postMessage(message, transfer === undefined ? [] : [...transfer]),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onError: (listener) =>
      worker.addEventListener("error", (event) =>
        listener(new Error(event.message || "the worker did not start")),
      ),
    terminate: () => worker.terminate(),
    keepAlive: () => {},
  };
}

/** Number of threads that can run at the same time. */
export function processorCount(): number {
  return navigator.hardwareConcurrency;
}

/** Whether memory can be shared between threads: only in a page that is cross-origin isolated. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated === true;
}

/** Nothing to set: a page cannot change how its browser compiles. */
export function tuneV8(): readonly string[] {
  return [];
}
