import { describe, expect, it } from "vitest";
import type { Buffer, Call } from "../lower/lowering.ts";
import { contentsOf, keysOf, splitPrologue } from "./prologue.ts";

const working = (name: string): Buffer => ({ name, bytes: 64, home: "working" });
const weights: Buffer = { name: "weights", bytes: 64, home: 4096 };
const ring: Buffer = { name: "ring", bytes: 64, home: "resident" };
const table: Buffer = { name: "table", bytes: 64, home: "resident" };
const fixed = new Set([weights, table]);

/** A call that only says what it touches. */
function planned(reads: Buffer[], writes: Buffer[]): { readonly call: Call } {
  const kernel = { kernel: "copyIn", arguments: { ring: 0, slotBytes: 0, target: 0, bytes: 0 } } as const;
  return { call: { ...kernel, chunks: 1, reads, writes } };
}

describe("splitPrologue", () => {
  it("takes what depends on fixed buffers alone, through any number of calls", () => {
    const [packed, folded, x, y] = ["packed", "folded", "x", "y"].map(working);
    const feed = planned([ring], [x]);
    const fold = planned([weights, table], [folded]);
    const pack = planned([folded], [packed]);
    const use = planned([x, packed], [y]);
    const parts = splitPrologue([feed, fold, pack, use], fixed);
    expect(parts).toEqual({ prologue: [fold, pack], step: [feed, use], kept: [packed] });
  });

  it("leaves alone what writes a buffer that another call of the step writes too", () => {
    const [x, both, y] = ["x", "both", "y"].map(working);
    const calls = [
      planned([weights], [both]),
      planned([ring], [x]),
      planned([x], [both]),
      planned([both], [y]),
    ];
    expect(splitPrologue(calls, fixed)).toEqual({ prologue: [], step: calls, kept: [] });
  });

  it("leaves alone what writes anything but working memory, and what reads a variable that is updated", () => {
    const y = working("y");
    const calls = [planned([weights], [ring]), planned([weights], [y])];
    expect(splitPrologue(calls, fixed).step).toEqual([calls[0]]);
    expect(splitPrologue(calls, new Set([table])).step).toEqual(calls);
  });
});

describe("keysOf", () => {
  /** Calls that pack the weights, with an argument, and add up what is packed. */
  function prologue(argument: number) {
    const [packed, total] = ["packed", "total"].map(working);
    const pack: Call<"sumParts"> = {
      kernel: "sumParts",
      arguments: { partial: weights, total: packed, parts: 1, count: argument, perChunk: 4 },
      chunks: 1,
      reads: [weights],
      writes: [packed],
    };
    const add = { ...pack, arguments: { ...pack.arguments, partial: packed, total } };
    const calls = [{ call: pack }, { call: { ...add, reads: [packed], writes: [total] } }];
    return { calls, results: [packed, total] };
  }
  const keys = (argument: number, origin: string) => {
    const { calls, results } = prologue(argument);
    return keysOf(calls, results, () => origin).map(({ key }) => key);
  };

  it("gives results of the same calls on the same variables the same key, and all others another one", () => {
    expect(keys(4, "w")).toEqual(keys(4, "w"));
    expect(new Set([...keys(4, "w"), ...keys(8, "w"), ...keys(4, "v")]).size).toBe(6);
  });

  it("knows contents by their words", () => {
    expect(contentsOf(new Uint8Array(Int32Array.of(7, 7, 7).buffer))).toBe("3 times 7");
    expect(contentsOf(new Uint8Array(Int32Array.of(7, 7, 8).buffer))).toBe("7 7 8");
  });
});
