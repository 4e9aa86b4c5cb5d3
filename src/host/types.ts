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
