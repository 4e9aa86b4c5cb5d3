/**
 * Feeds a reader of files with files that are broken in every manner that has broken readers before, and holds that each
 * is read or refused with a FormatError: at once, without a spike of memory, and never with any other error.
 */
import fc from "fast-check";
import { FormatError } from "../tensor/errors.ts";
import { measureAllocation } from "./allocation.ts";

/** What is fuzzed, and how far. */
export interface FuzzOptions {
  /** Reads a file; what it returns is not looked at. */
  readonly read: (bytes: Uint8Array) => unknown;
  /** Valid files by name, a few kB each: every one is broken. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Random breakages of each file. */
  readonly runs?: number;
  /** Bytes that one read may allocate in typed arrays. */
  readonly memory?: number;
}

/** CPU time that one read may take: measured so, because a busy machine may pause a test for longer. */
const secondsAllowed = 1;
/** Files of a few kB are cut everywhere, larger ones at their ends and at so many places between. */
const exhaustiveCuts = 3000;

/** One change of a file. */
type Breakage =
  | { readonly kind: "bit"; readonly at: number; readonly bit: number }
  | { readonly kind: "bytes"; readonly at: number; readonly bytes: readonly number[] }
  | {
      readonly kind: "number";
      readonly at: number;
      readonly size: 2 | 4 | 8;
      readonly value: bigint;
      readonly bigEndian: boolean;
    }
  | { readonly kind: "step"; readonly at: number; readonly size: 1 | 2 | 4 | 8; readonly by: number }
  | { readonly kind: "copy"; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number; readonly times: number };

/** Sizes and offsets at which arithmetic goes wrong: the ends of each number type, and just around them. */
const awkwardNumbers = [
  ...[0n, 1n, 2n, 7n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0xffffffn],
  ...[0x10000000n, 0x3fffffffn, 0x40000000n, 0x7ffffff8n, 0x7fffffffn, 0x80000000n, 0xfffffff0n, 0xffffffffn],
  ...[
    0x100000000n,
    0x100000001n,
    1n << 40n,
    (1n << 53n) - 1n,
    1n << 53n,
    1n << 62n,
    (1n << 63n) - 1n,
    1n << 63n,
  ],
  (1n << 64n) - 1n,
];

/**
 * Reads each file whole, cut short at every kind of place, and with random breakages.
 *
 * @throws Error that names the file and the breakage, when a read throws anything but a FormatError, takes longer than a
 *   second of CPU time or allocates more than it may
 */
export async function fuzzReader(options: FuzzOptions): Promise<void> {
  for (const [name, bytes] of Object.entries(options.files)) {
    const outcome = await attempt(options, bytes);
    if (outcome !== null) throw new Error(`${name} as it is: ${outcome}`);
    await checkCuts(options, name, bytes);
    await checkBreakages(options, name, bytes);
  }
}

async function checkCuts(options: FuzzOptions, name: string, bytes: Uint8Array): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / exhaustiveCuts));
  for (let length = 0; length < bytes.length; length++) {
    const atAnEnd = length < 100 || length > bytes.length - 100;
    if (!atAnEnd && length % step !== 0) continue;
    const outcome = await attempt(options, bytes.slice(0, length));
    if (outcome !== null) throw new Error(`${name} cut to ${length} of ${bytes.length} bytes: ${outcome}`);
  }
}

async function checkBreakages(options: FuzzOptions, name: string, bytes: Uint8Array): Promise<void> {
  const { runs = 500 } = options;
  const breakages = fc.array(breakageOf(bytes.length), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(breakages, async (list) => {
      const outcome = await attempt(options, list.reduce(applyBreakage, bytes));
      if (outcome !== null) throw new Error(`${name}: ${outcome}`);
    }),
    { numRuns: runs },
  );
}

/** Reads once. @returns what is wrong with how it went, or null */
async function attempt(
  { read, memory = 16 * 2 ** 20 }: FuzzOptions,
  bytes: Uint8Array,
): Promise<string | null> {
  const before = process.cpuUsage();
  let failure: unknown = null;
  const allocated = await measureAllocation(async () => {
    try {
      await read(bytes);
    } catch (error) {
      failure = error;
    }
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (failure !== null && !(failure instanceof FormatError)) {
    return `${failure instanceof Error ? failure.stack : String(failure)}`;
  }
  if (seconds > secondsAllowed) return `it took ${seconds.toFixed(1)} s`;
  const allowed = memory + 8 * bytes.length;
  if (allocated > allowed) return `it allocated ${allocated} bytes, ${allowed} are allowed`;
  // An error's text comes to a terminal: no file may fill it.
  if (failure instanceof FormatError && failure.message.length > 2000) {
    return `the error's text has ${failure.message.length} characters`;
  }
  return null;
}

function breakageOf(length: number): fc.Arbitrary<Breakage> {
  const last = Math.max(0, length - 1);
  // What decides lies mostly at the two ends: headers and directories.
  const at = fc.oneof(
    fc.nat(last),
    fc.nat(Math.min(last, 200)),
    fc.nat(Math.min(last, 300)).map((back) => last - back),
  );
  const bytes = fc.array(fc.nat(255), { minLength: 1, maxLength: 16 });
  const number = fc.oneof(
    fc.constantFrom(...awkwardNumbers),
    fc.integer({ min: -40, max: 40 }).map((by) => BigInt.asUintN(64, BigInt(length + by))),
  );
  return fc.oneof<fc.Arbitrary<Breakage>[]>(
    fc.record({ kind: fc.constant("bit" as const), at, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant("bytes" as const), at, bytes }),
    fc.record({
      kind: fc.constant("number" as const),
      at,
      size: fc.constantFrom(2 as const, 4 as const, 8 as const),
      value: number,
      bigEndian: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("step" as const),
      at,
      size: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
      by: fc.integer({ min: -64, max: 64 }),
    }),
    fc.record({ kind: fc.constant("copy" as const), at, from: at, length: fc.nat(Math.min(length, 256)) }),
    fc.record({ kind: fc.constant("insert" as const), at, bytes }),
    fc.record({ kind: fc.constant("remove" as const), at, length: fc.integer({ min: 1, max: 64 }) }),
    fc.record({
      kind: fc.constant("repeat" as const),
      at,
      length: fc.integer({ min: 1, max: 16 }),
      times: fc.integer({ min: 1, max: 2000 }),
    }),
  );
}

function applyBreakage(original: Uint8Array, breakage: Breakage): Uint8Array {
  const at = Math.min(breakage.at, original.length);
  switch (breakage.kind) {
    case "insert":
      return splice(original, at, 0, Uint8Array.from(breakage.bytes));
    case "remove":
      return splice(original, at, breakage.length, new Uint8Array(0));
    case "repeat": {
      const part = original.slice(at, at + breakage.length);
      const copies = new Uint8Array(part.length * breakage.times);
      for (let index = 0; index < breakage.times; index++) copies.set(part, index * part.length);
      return splice(original, at, 0, copies);
    }
    case "bit":
      return overwrite(original, at, [(original[at] ?? 0) ^ (1 << breakage.bit)]);
    case "bytes":
      return overwrite(original, at, breakage.bytes);
    case "copy":
      return overwrite(original, at, original.slice(breakage.from, breakage.from + breakage.length));
    case "number":
      return overwrite(original, at, numberBytes(breakage.value, breakage.size, breakage.bigEndian));
    case "step": {
      const { size, by } = breakage;
      let value = 0n;
      for (let index = size - 1; index >= 0; index--)
        value = value * 256n + BigInt(original[at + index] ?? 0);
      return overwrite(original, at, numberBytes(value + BigInt(by), size, false));
    }
  }
}

function numberBytes(value: bigint, size: number, bigEndian: boolean): number[] {
  const bytes = Array.from({ length: size }, (_, index) =>
    Number(BigInt.asUintN(8, value >> BigInt(8 * index))),
  );
  return bigEndian ? bytes.reverse() : bytes;
}

function overwrite(original: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const copy = original.slice();
  for (let index = 0; index < bytes.length && at + index < copy.length; index++)
    copy[at + index] = bytes[index];
  return copy;
}

function splice(original: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const behind = original.subarray(Math.min(original.length, at + removed));
  const result = new Uint8Array(at + inserted.length + behind.length);
  result.set(original.subarray(0, at));
  result.set(inserted, at);
  result.set(behind, at + inserted.length);
  return result;
}
