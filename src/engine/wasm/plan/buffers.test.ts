import { describe, expect, it } from "vitest";
import type { Node } from "../../../graph/index.ts";
import { createBuild } from "../../../ops/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { Buffer } from "../lower/lowering.ts";
import { Buffers, withOwners } from "./buffers.ts";
import { isView } from "./views.ts";

const build = createBuild("layer");
const x: Node = build("affine", [build("input", [], { name: "x", shape: [4, 3, 5], dtype: "float32" })], {
  ...{ factor: 2, offset: 0 },
});
const slice = (begin: Shape, size: Shape, of = x) => build("slice", [of], { begin, size });

describe("buffers of values", () => {
  it("are one for a value and its reshapes, and one for all nodes of a variable", () => {
    const buffers = new Buffers(() => 4096);
    expect(buffers.of(build("reshape", [x], { shape: [60] }))).toBe(buffers.of(x));
    const variable = () => build("variable", [], { name: "w", shape: [2], dtype: "float32" });
    expect(buffers.of(variable())).toBe(buffers.of(variable()));
    expect(buffers.of(variable())).toMatchObject({ home: 4096, bytes: 8 });
  });

  it("are views where a slice has no gaps, of the value itself even through another view", () => {
    const buffers = new Buffers(() => 0);
    const row = slice([2, 0, 0], [1, 3, 5]);
    expect(buffers.of(row)).toMatchObject({ bytes: 60, home: { of: buffers.of(x), offset: 4 * 30 } });
    const flat = build("reshape", [row], { shape: [15] });
    expect(buffers.of(slice([4], [3], flat))).toMatchObject({
      bytes: 12,
      home: { of: buffers.of(x), offset: 4 * 34 },
    });
  });

  it.each([
    ["rows", [1, 0, 0], [2, 3, 5], true],
    ["rows of one matrix", [1, 1, 0], [1, 2, 5], true],
    ["one element", [1, 1, 2], [1, 1, 1], true],
    ["columns", [0, 0, 1], [4, 3, 2], false],
    ["a part of several matrices", [0, 1, 0], [2, 2, 5], false],
  ] as const)("views of %s: %j %j", (_, begin, size, expected) => {
    expect(isView(slice(begin, size))).toBe(expected);
  });

  it("copy what is cut from an input or a variable", () => {
    const variable = build("variable", [], { name: "w", shape: [4, 3], dtype: "float32" });
    expect(isView(slice([1, 0], [1, 3], variable))).toBe(false);
  });
});

describe("withOwners", () => {
  it("has a call that reads a view read what it is a view of", () => {
    const owner: Buffer = { name: "owner", bytes: 64, home: "working" };
    const view: Buffer = { name: "view", bytes: 16, home: { of: owner, offset: 16 } };
    const kernel = { kernel: "copyIn", arguments: { ring: 0, slotBytes: 0, target: 0, bytes: 0 } } as const;
    const call = { ...kernel, chunks: 1, reads: [view], writes: [] };
    expect(withOwners(call).reads).toEqual([view, owner]);
    expect(withOwners({ ...call, reads: [owner] }).reads).toEqual([owner]);
  });
});
