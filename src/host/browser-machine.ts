import type { HostMachine } from "./types.ts";

/** What a page can know of the machine. */
export function describeMachine(): HostMachine {
  const isolated = globalThis.crossOriginIsolated === true;
  return {
    runtime: navigator.userAgent,
    compiler: null,
    platform: null,
    processor: null,
    processors: navigator.hardwareConcurrency,
    memoryBytes: null,
    load: null,
    remedies: isolated
      ? []
      : [
          "Serve the page cross-origin isolated (Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: " +
            "require-corp): threads share memory only there, and there is one thread without.",
        ],
  };
}
