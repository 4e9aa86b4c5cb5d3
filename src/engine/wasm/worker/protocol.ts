/** What the team's owner and its workers say to each other. Addresses are byte offsets into linear memory. */

/** Bytes to place in memory before a run. */
export interface Placement {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Bytes to fetch from memory after a run. */
export interface Extent {
  readonly address: number;
  readonly length: number;
}

export interface StartMessage {
  readonly type: "start";
  readonly module: WebAssembly.Module;
  /** Shared memory, or null: the worker makes one of its own. */
  readonly memory: WebAssembly.Memory | null;
  /** 64 KiB pages that a memory of its own starts with. */
  readonly pages: number;
  /** Exports that fill the function table from index 1, in order. */
  readonly kernels: readonly string[];
  readonly thread: number;
  readonly threads: number;
  /** Address of the barrier's state. */
  readonly team: number;
}

/** A task that thread 0 answers with a `DoneMessage`; the other threads take part in runs and answer nothing. */
export type TaskMessage =
  | { readonly type: "scratch"; readonly id: number; readonly address: number }
  | { readonly type: "clear"; readonly id: number; readonly address: number; readonly length: number }
  | { readonly type: "grow"; readonly id: number; readonly pages: number }
  | {
      readonly type: "run";
      readonly id: number;
      readonly program: number;
      readonly steps: number;
      readonly firstSlot: number;
      readonly writes: readonly Placement[];
      readonly reads: readonly Extent[];
    }
  | {
      readonly type: "profile";
      readonly id: number;
      readonly program: number;
      readonly times: number;
      readonly slot: number;
    }
  | {
      readonly type: "access";
      readonly id: number;
      readonly writes: readonly Placement[];
      readonly reads: readonly Extent[];
    };

/** A build of the kernels to be tried: calls of one kernel, over and over, in a memory of the trial's own. */
export interface TrialMessage {
  readonly type: "trial";
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly pages: number;
  /** Whether the module was compiled for shared memory. */
  readonly shared: boolean;
  readonly kernels: readonly string[];
  readonly scratch: number;
  readonly kernel: string;
  /** Address of the argument block of each call of a round; each call has one chunk. */
  readonly blocks: readonly number[];
  /** How long to go on; 0 for one round. */
  readonly milliseconds: number;
  /** Stretches of memory to fill with ones first: pages that nobody has written to cost nothing to read. */
  readonly fills?: readonly Extent[];
  readonly writes: readonly Placement[];
  readonly reads: readonly Extent[];
}

export type WorkerMessage = StartMessage | TrialMessage | TaskMessage;

export interface DoneMessage {
  readonly id: number;
  /** Contents of the task's `reads`; empty where memory is shared, since the owner reads it itself. */
  readonly reads: readonly Uint8Array[];
  /** Of a trial: milliseconds of a round, in the fastest stretch of rounds and in the one in the middle. */
  readonly times?: { readonly fastest: number; readonly median: number };
  /** Set when the task failed. */
  readonly error?: string;
}
