import type { Graph } from "../graph/index.ts";
import type { Tensor, TensorType } from "../tensor/index.ts";

/** Values for the inputs of one step, by input name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** Values of a graph's outputs after one step, by output name. */
export type Fetches = Readonly<Record<string, Tensor>>;

/** "fast" lets the engine reorder sums and use fused multiply-add; "exact" keeps to plain sums of products. */
export type Precision = "fast" | "exact";

/** What one planned operation does, for summaries and profiles. */
export interface PlannedOperation {
  /** Kernel, or op kind in an engine without kernels. */
  readonly kernel: string;
  /** Layer path. */
  readonly scope: string;
  /** Kinds of the graph nodes that it computes, the fused ones included. */
  readonly computes: readonly string[];
  /** The way it is computed where there is a choice: `implicit matrix product, 6x8 tile`. */
  readonly algorithm: string;
  readonly flops: number;
}

/** A compiled graph's plan. */
export interface Plan {
  readonly operations: readonly PlannedOperation[];
  /** Bytes of variables that live in the engine (shared by all programs of a session). */
  readonly variableBytes: number;
  /** Bytes of this program's intermediate values, inputs, outputs and scratch. */
  readonly workingBytes: number;
}

/** What compiling a graph would come to. */
export interface Forecast {
  readonly plan: Plan;
  /** Whether there is the memory that it needs. */
  readonly fits: boolean;
}

/** Milliseconds spent in an operation of a plan, by index of `plan.operations`. */
export type Profile = readonly { readonly operation: PlannedOperation; readonly milliseconds: number }[];

/** A graph that has been compiled for an engine. */
export interface Program {
  readonly plan: Plan;
  /** The most steps that one call of `run` takes. */
  readonly maximumSteps: number;
  /**
   * Runs one step for each entry of `feeds`, in order, and returns the outputs of each. Calls are queued:
   * it is legal, and faster, to call again before the last call has resolved.
   */
  run(feeds: readonly Feeds[]): Promise<readonly Fetches[]>;
  /** Runs one step with timers around each operation. */
  profile(feeds: Feeds): Promise<Profile>;
}

/** Variables, and the programs that share them. */
export interface Session {
  /**
   * Plans a graph. Variables are shared by name among all programs of the session; a new one is allocated, zero-filled.
   *
   * @param maximumSteps - the most steps one `run` will be given (default 1)
   * @throws MemoryError when the memory does not hold the plan
   */
  compile(graph: Graph, options?: { readonly maximumSteps?: number }): Promise<Program>;
  /** Plans a graph as `compile` would; nothing is allocated. */
  forecast(graph: Graph, options?: { readonly maximumSteps?: number }): Forecast;
  /** Allocates a variable, zero-filled, unless there is one of this name and type already. */
  allocate(name: string, type: TensorType): Promise<void>;
  /** Names and types of all variables. */
  variables(): ReadonlyMap<string, TensorType>;
  /** A copy of a variable's value, after all runs that were queued before. */
  read(name: string): Promise<Tensor>;
  /**
   * Replaces a variable's value, after all runs that were queued before. Shape and dtype must be the variable's. The
   * value must not change until the promise resolves: a large one is taken over piece by piece.
   */
  write(name: string, value: Tensor): Promise<void>;
  /** Copies of several variables as they stand at one moment. */
  readAll(names: readonly string[]): Promise<Map<string, Tensor>>;
  /**
   * Opens a session over the same variables, which are not copied. Variables and programs that are new in it are its own, and
   * closing it gives them back; this one is as it was. Names that are new there must not be given out here meanwhile. Once this one
   * is closed it cannot be used any more.
   */
  lease(): Promise<Session>;
  /** Gives the memory back. Optional: a session that is no longer referenced is closed by the garbage collector. */
  close(): Promise<void>;
}

/** A way to compute graphs. All engines pass the same contract suite (`src/engine/contract.ts`). */
export interface Engine {
  readonly name: string;
  readonly threads: number;
  openSession(): Promise<Session>;
  /** Ends the engine's threads and frees its memory. */
  close(): Promise<void>;
}
