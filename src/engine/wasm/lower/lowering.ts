import type { Node, OpKind, Update, UpdateKind } from "../../../graph/index.ts";
import type { Precision } from "../../engine.ts";
import type { KernelArguments, KernelName } from "../generated/arguments.ts";
import type { Tile } from "../kernel-module.ts";

/**
 * A stretch of linear memory that a program uses, before it has an address. Working buffers are placed by liveness and
 * share memory; every buffer has slack behind it, so that kernels may read (never write) up to 64 bytes beyond its end.
 */
export interface Buffer {
  readonly bytes: number;
  readonly name: string;
  /**
   * The address of a variable; "resident" for memory that the program has to itself (rings, tables, constants);
   * "working" for what lives within a step, and shares memory with what lives at other times; or a stretch of another
   * buffer, `offset` bytes from its beginning.
   */
  readonly home: number | "resident" | "working" | { readonly of: Buffer; readonly offset: number };
}

/** A buffer as a kernel's argument: its address, `offset` bytes further on. */
export interface Reference {
  readonly buffer: Buffer;
  readonly offset: number;
}

/** An argument block whose addresses are still buffers. `null` stands for "none" and becomes 0. */
export type CallArguments<K extends KernelName> = {
  readonly [A in keyof KernelArguments[K]]: number | Buffer | Reference | null;
};

/** One kernel call of a program. */
export interface Call<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly arguments: CallArguments<K>;
  /** The kernel runs once for each chunk 0 .. chunks - 1, on any thread, in any order. */
  readonly chunks: number;
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /**
   * A read buffer that the written one may replace: element i of the result depends on no other element of it, or the
   * kernel is otherwise safe to run in place.
   */
  readonly inPlace?: Buffer;
  /** Bytes of scratch that a thread needs. */
  readonly scratchBytes?: number;
}

/** What a lowering has at hand. */
export interface LoweringContext {
  /** Whether faster ways of summing may be used. */
  readonly precision: Precision;
  /** The register tile of the kernels in use: panels of packed operands are as wide as it. */
  readonly tile: Tile;
  /** Whether Winograd's filtering is used where it costs less, always where it can be, or never. */
  readonly winograd: "auto" | "always" | "never";
  /** Whether weights stay as they are from step to step, so that what is made of them is made once. */
  readonly preparesOnce: boolean;
  /** The buffer that holds a node's value. */
  readonly buffer: (node: Node) => Buffer;
  /**
   * Floats from one row (the last axis) of a node's value to the next where it is a part of something wider, with gaps
   * between its rows, or null where they follow each other. Only lowerings that plan/joins.ts knows to ask meet such values.
   */
  readonly rowStride: (node: Node) => number | null;
  /** A new working buffer for partial results. */
  readonly temporary: (bytes: number, name: string) => Buffer;
  /** A table that is written once, when the program is loaded (offsets, shapes): int32 words. */
  readonly table: (words: ArrayLike<number>) => Buffer;
  readonly emit: <K extends KernelName>(call: Call<K>) => void;
  /** Says how a node is computed, for summaries. */
  readonly describe: (algorithm: string) => void;
}

/** Emits the kernel calls that compute a node into `context.buffer(node)`. */
export type Lowering<K extends OpKind> = (node: Node<K>, context: LoweringContext) => void;

/** A stretch of the elements of an update's variable, and the values for it. */
export interface UpdatePart {
  readonly value: Buffer;
  readonly begin: number;
  readonly count: number;
}

/** Emits the kernel calls of an update, or of a part of it. */
export type UpdateLowering<K extends UpdateKind> = (
  update: Update<K>,
  context: LoweringContext,
  part?: UpdatePart,
) => void;

/** Elements that one chunk of an elementwise kernel handles: some 10 microseconds of work. */
export const ELEMENTS_PER_CHUNK = 16384;

/** Number of chunks for `count` elements. A function of the size alone, never of the number of threads. */
export function chunksFor(count: number, perChunk = ELEMENTS_PER_CHUNK): number {
  return Math.max(1, Math.ceil(count / perChunk));
}
