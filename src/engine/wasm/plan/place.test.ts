import { describe, expect, it } from "vitest";
import type { Buffer, Call } from "../lower/lowering.ts";
import { findBarriers, placeBuffers } from "./place.ts";

const working = (name: string, bytes: number): Buffer => ({ name, bytes, home: "working" });

/** A call that only says what it touches. */
function call(reads: Buffer[], writes: Buffer[], inPlace?: Buffer): Call {
  const touched = { reads, writes, ...(inPlace === undefined ? {} : { inPlace }) };
  return {
    kernel: "copyIn",
    arguments: { ring: 0, slotBytes: 0, target: 0, bytes: 0 },
    chunks: 1,
    ...touched,
  };
}

describe("placeBuffers", () => {
  it("gives buffers that live at different times the same memory", () => {
    const [a, b, c] = [working("a", 64), working("b", 64), working("c", 64)];
    const { offsets, bytes } = placeBuffers([call([], [a]), call([a], [b]), call([b], [c])]);
    expect(offsets.get(a)).toBe(offsets.get(c));
    expect(offsets.get(b)).not.toBe(offsets.get(a));
    expect(bytes).toBe(2 * (64 + 64));
  });

  it("lets a result take over an operand that dies in the call, and only then", () => {
    const [a, b] = [working("a", 640), working("b", 640)];
    const dying = placeBuffers([call([], [a]), call([a], [b], a), call([b], [])]);
    expect(dying.offsets.get(b)).toBe(dying.offsets.get(a));
    const needed = placeBuffers([call([], [a]), call([a], [b], a), call([a, b], [])]);
    expect(needed.offsets.get(b)).not.toBe(needed.offsets.get(a));
  });

  it("does not let a larger result take over a smaller operand", () => {
    const [a, b] = [working("a", 64), working("b", 6400)];
    const { offsets } = placeBuffers([call([], [a]), call([a], [b], a)]);
    expect(offsets.get(b)).not.toBe(offsets.get(a));
  });

  it("leaves buffers that have an address alone", () => {
    const variable: Buffer = { name: "w", bytes: 64, home: 4096 };
    expect(placeBuffers([call([variable], [variable])])).toEqual({ offsets: new Map(), bytes: 0 });
  });
});

describe("findBarriers", () => {
  const at = (address: number): Buffer => ({ name: String(address), bytes: 64, home: address });
  const addressOf = ({ home }: Buffer) => Number(home);

  it("parts a write from the read that depends on it, and nothing else", () => {
    const [a, b, c, d] = [at(0), at(64), at(128), at(192)];
    const calls = [call([], [a]), call([], [b]), call([a, b], [c]), call([a], [d])];
    expect(findBarriers(calls, addressOf)).toEqual([false, true, false, false]);
  });

  it("parts a read from a later write to the same memory, and two writes", () => {
    const [a, b] = [at(0), at(64)];
    expect(findBarriers([call([a], [b]), call([], [a])], addressOf)).toEqual([true, false]);
    expect(findBarriers([call([], [a]), call([], [a])], addressOf)).toEqual([true, false]);
  });

  it("sees overlap of different buffers in shared memory", () => {
    expect(findBarriers([call([], [at(0)]), call([at(32)], [at(640)])], addressOf)).toEqual([true, false]);
  });
});
