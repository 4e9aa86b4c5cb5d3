/** A worker thread of the host, started from source text so that no bundler has to know of it. */
export interface HostWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Called for each message of the worker. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called when the worker fails: a trap, a syntax error, an early exit. */
  onError(listener: (error: Error) => void): void;
  /** Ends the worker at once. */
  terminate(): void;
  /** Whether a running worker keeps the process alive (Node only; no effect in a browser). */
  keepAlive(on: boolean): void;
}

/** What a host knows of the machine; null where it does not. */
export interface HostMachine {
  /** What runs this: `Node 20.20.2`, a browser's name for itself. */
  readonly runtime: string;
  /** What compiles WebAssembly. */
  readonly compiler: string | null;
  /** Operating system and architecture. */
  readonly platform: string | null;
  readonly processor: string | null;
  /** Threads that can run at the same time. */
  readonly processors: number;
  readonly memoryBytes: number | null;
  /** How many threads of all processes ran or waited for a processor, on average in the last minute. */
  readonly load: number | null;
  /** What of the host could be changed to make kernels faster, a sentence each. */
  readonly remedies: readonly string[];
}
