import type { Buffer, Call } from "../lower/lowering.ts";

/** Calls of a program in two parts. */
export interface Parts<P> {
  /** What depends on nothing but variables that the program leaves alone, and on constants: run when one has changed. */
  readonly prologue: readonly P[];
  /** What runs in every step. */
  readonly step: readonly P[];
  /** Results of the prologue that the step reads: they need memory of their own. */
  readonly kept: readonly Buffer[];
}

/**
 * Parts the calls that prepare weights (filters packed or transformed, batch normalization folded) from those that a
 * step must repeat.
 *
 * @param fixed - buffers that no step changes: constants, tables, variables without an update
 */
export function splitPrologue<P extends { readonly call: Call }>(
  calls: readonly P[],
  fixed: ReadonlySet<Buffer>,
): Parts<P> {
  const changing = new Set<Buffer>();
  // Working memory changes with the calls that write it, all other memory (rings, updated variables) in every step.
  const changesEachStep = (buffer: Buffer) =>
    changing.has(buffer) || (buffer.home !== "working" && !fixed.has(buffer));
  const changes = ({ reads, writes }: Call) => [...reads, ...writes].some(changesEachStep);
  // A buffer that several calls write changes with any of them: until no more is found.
  for (let before = -1; before < changing.size; ) {
    before = changing.size;
    for (const { call } of calls) {
      if (changes(call)) for (const buffer of call.writes) changing.add(buffer);
    }
  }
  const prologue = calls.filter(({ call }) => !changes(call));
  const step = calls.filter(({ call }) => changes(call));
  const written = new Set(prologue.flatMap(({ call }) => call.writes));
  const read = new Set(step.flatMap(({ call }) => call.reads));
  return { prologue, step, kept: [...written].filter((buffer) => read.has(buffer)) };
}
