import { describe, expect, it } from "vitest";
import { topologicalOrder } from "../../../graph/index.ts";
import { createBuild, createUpdate } from "../../../ops/index.ts";
import type { Buffer, Call } from "../lower/lowering.ts";
import { findFusions } from "./fuse.ts";
import { insertUpdates, rootsOfStep, takeTurns } from "./schedule.ts";

describe("the order of a step", () => {
  const build = createBuild();
  const variable = (name: string) => build("variable", [], { name, shape: [4, 4], dtype: "float32" });
  const plain = { transposeA: false, transposeB: false };
  const x = build("input", [], { name: "x", shape: [4, 4], dtype: "float32" });
  const hyper = build("input", [], { name: "rate", shape: [1], dtype: "float32" });
  const [a, b] = [variable("a"), variable("b")];
  const hidden = build("matmul", [x, a], plain);
  const y = build("relu", [build("matmul", [hidden, b], plain)], {});
  const db = build("matmul", [hidden, y], { transposeA: true, transposeB: false });
  const dHidden = build("matmul", [y, b], { transposeA: false, transposeB: true });
  const da = build("matmul", [x, dHidden], { transposeA: true, transposeB: false });
  const updates = [
    createUpdate("sgd", { weightDecay: 0 }, { variable: a, value: da, hyper }),
    createUpdate("sgd", { weightDecay: 0 }, { variable: b, value: db, hyper }),
  ];
  const roots = rootsOfStep({ outputs: { y }, updates });
  const order = topologicalOrder(roots);
  const { turns, turnOf } = takeTurns(order, findFusions(order, new Set(roots)));

  it("comes to the gradients from the last layer to the first", () => {
    expect([hidden, y, db, dHidden, da].map(turnOf)).toEqual([0, 1, 2, 3, 4]);
  });

  it("has fused nodes in one turn, and leaves in none", () => {
    expect(turnOf(y.inputs[0] ?? y)).toBe(turnOf(y));
    expect([a, x, hyper].map(turnOf)).toEqual([-1, -1, -1]);
    expect(turns).toHaveLength(5);
  });
});

describe("insertUpdates", () => {
  const working = (name: string): Buffer => ({ name, bytes: 64, home: "working" });
  const call = (name: string, reads: Buffer[], writes: Buffer[]) => {
    const kernel = { kernel: "copyIn", arguments: { ring: 0, slotBytes: 0, target: 0, bytes: 0 } } as const;
    return { name, call: { ...kernel, chunks: 1, reads, writes } as Call };
  };
  const weights: Buffer = { name: "w", bytes: 64, home: 4096 };
  const [x, y, gradient] = ["x", "y", "gradient"].map(working);
  const forward = call("forward", [x, weights], [y]);
  const derive = call("derive", [x, y], [gradient]);
  const below = call("below", [y, weights], [x]);
  const last = call("last", [x], [y]);
  const update = call("update", [gradient, weights], [weights]);

  it("waits for the gradient and for the last call that reads the old value, and for no more", () => {
    expect(insertUpdates([forward, derive, below, last], [[update]])).toEqual([
      forward,
      derive,
      below,
      update,
      last,
    ]);
    expect(insertUpdates([forward, below, derive, last], [[update]])[3]).toBe(update);
  });

  it("lets updates go first that wait for nothing, and keeps the calls of one together", () => {
    const other: Buffer = { name: "other", bytes: 64, home: 8192 };
    const early = [call("first", [other], [other]), call("second", [other], [other])];
    expect(insertUpdates([forward], [early])).toEqual([...early, forward]);
    const late = [call("first", [y], [other]), call("second", [other], [other])];
    expect(insertUpdates([forward, last, derive], [late])).toEqual([forward, last, ...late, derive]);
  });
});
