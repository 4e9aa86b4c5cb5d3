import type { Buffer, Call, Reference } from "../lower/lowering.ts";

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
  // Views change with what they are views of, which is among the reads too. Working memory changes with the calls that write it, all other memory (rings, updated variables) in every step.
  const changesEachStep = (buffer: Buffer) =>
    changing.has(buffer) ||
    (buffer.home !== "working" && typeof buffer.home !== "object" && !fixed.has(buffer));
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

/** A result of a prologue. */
export interface PreparedBuffer {
  readonly buffer: Buffer;
  /** All that its contents depend on, as text: buffers of one key have the same contents whenever they are up to date. */
  readonly key: string;
}

/**
 * Says of results of a prologue what they are made from, so that programs of a session can share them.
 *
 * @param originOf - what a variable, a constant or a table is, as text
 */
export function keysOf(
  prologue: readonly { readonly call: Call }[],
  results: readonly Buffer[],
  originOf: (buffer: Buffer) => string,
): PreparedBuffer[] {
  const keys = new Map<Buffer, string>();
  for (const { call } of prologue) {
    const values: Readonly<Record<string, number | Buffer | Reference | null>> = call.arguments;
    const operands = Object.entries(values).map(([name, value]) => {
      if (value === null || typeof value === "number") return `${name}: ${value}`;
      const { buffer, offset } = "buffer" in value ? value : { buffer: value, offset: 0 };
      const [owner, begin] =
        typeof buffer.home === "object" ? [buffer.home.of, buffer.home.offset] : [buffer, 0];
      const position = call.writes.indexOf(owner);
      const origin = position < 0 ? (keys.get(owner) ?? originOf(owner)) : `result ${position}`;
      return `${name}: ${origin} + ${begin + offset}`;
    });
    const description = `${call.kernel} of ${call.chunks}(${operands.join(", ")})`;
    // Several calls may write parts of one buffer.
    call.writes.forEach((buffer, position) => {
      keys.set(buffer, `${keys.get(buffer) ?? ""}[${description}][${position}]`);
    });
  }
  return results.map((buffer) => ({ buffer, key: `${buffer.bytes} bytes ${keys.get(buffer)}` }));
}

/** Words as text, what repeats once. */
export function contentsOf(bytes: Uint8Array): string {
  const words = new Uint32Array(bytes.slice().buffer, 0, bytes.length >> 2);
  return words.every((word) => word === words[0]) ? `${words.length} times ${words[0]}` : words.join(" ");
}
