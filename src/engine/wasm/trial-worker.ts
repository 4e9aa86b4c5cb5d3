import type { HostWorker } from "#host";
import { EngineError } from "../../tensor/index.ts";
import { kernelNames } from "./kernel-names.ts";
import { startWorkers } from "./threads.ts";
import type { DoneMessage, TrialMessage } from "./worker/protocol.ts";

/** Calls of one kernel to be repeated and timed, in a memory that is made for them. */
export type TrialCalls = Omit<TrialMessage, "type" | "id" | "kernels">;

/** What came of a trial. */
export interface TrialOutcome {
  /** Contents of the trial's `reads`. */
  readonly reads: readonly Uint8Array[];
  /** Duration of a round in the fastest stretch of rounds, and in the one in the middle. */
  readonly fastest: number;
  readonly median: number;
}

/** A worker on which kernels are tried, one trial after the other, so that this thread stays free. */
export class TrialWorker {
  readonly #worker: HostWorker;
  #waiting: { resolve: (outcome: TrialOutcome) => void; reject: (error: Error) => void } | undefined;

  /** @param worker - one that runs nothing yet; it may be given other work when the trials are over */
  constructor(worker: HostWorker = startWorkers(1)[0]) {
    this.#worker = worker;
    this.#worker.onMessage((message) => this.#receive(message as DoneMessage));
    this.#worker.onError((error) => this.#waiting?.reject(error));
  }

  /** @throws EngineError when the module traps or the worker fails */
  perform(calls: TrialCalls): Promise<TrialOutcome> {
    const message: TrialMessage = { ...calls, type: "trial", id: 0, kernels: kernelNames };
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.keepAlive(true);
      this.#worker.postMessage(message);
    });
  }

  #receive({ reads, times, error }: DoneMessage): void {
    const waiting = this.#waiting;
    // Not the answer to a trial: the worker has been given other work.
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#worker.keepAlive(false);
    if (error === undefined && times !== undefined) waiting.resolve({ reads, ...times });
    else waiting.reject(new EngineError(error ?? "a trial came to nothing"));
  }

  close(): void {
    this.#worker.terminate();
  }
}
