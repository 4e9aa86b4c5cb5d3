import { describe, expect, it } from "vitest";
import { type Node, topologicalOrder } from "../../../graph/index.ts";
import { createBuild, createUpdate } from "../../../ops/index.ts";
import { findFusions } from "./fuse.ts";
import { rootsOfStep, takeTurns, updatesByTurn } from "./schedule.ts";

const build = createBuild();
const variable = (name: string) => build("variable", [], { name, shape: [4, 4], dtype: "float32" });
const transposed = { transposeA: false, transposeB: true };
const x = build("input", [], { name: "x", shape: [4, 4], dtype: "float32" });
const rate = build("input", [], { name: "rate", shape: [1], dtype: "float32" });
const update = (of: Node<"variable">, value: Node) =>
  createUpdate("sgd", { weightDecay: 0 }, { variable: of, value, hyper: rate });

/** y = x a b, and something like its gradients: db from y, da through b. */
function twoLayers() {
  const [a, b] = [variable("a"), variable("b")];
  const hidden = build("matmul", [x, a], { transposeA: false, transposeB: false });
  const y = build("matmul", [hidden, b], { transposeA: false, transposeB: false });
  const db = build("matmul", [hidden, y], { transposeA: true, transposeB: false });
  const dHidden = build("matmul", [y, b], transposed);
  const da = build("matmul", [x, dHidden], { transposeA: true, transposeB: false });
  const graph = { outputs: { y }, updates: [update(a, da), update(b, db)] };
  return { a, b, y, db, dHidden, da, graph };
}

function plan(graph: Parameters<typeof rootsOfStep>[0]) {
  const roots = rootsOfStep(graph);
  const order = topologicalOrder(roots);
  const { turns, turnOf } = takeTurns(order, findFusions(order, new Set(roots)));
  const due = updatesByTurn(graph.updates, order, turnOf);
  const after = new Map([...due].flatMap(([turn, list]) => list.map((each) => [each, turns[turn]] as const)));
  return { turns, turnOf, after };
}

describe("the schedule of a step", () => {
  it("comes to the gradients from the last layer to the first, and updates once nothing reads the old value", () => {
    const { graph, dHidden, da, db } = twoLayers();
    const { turnOf, after } = plan(graph);
    expect(turnOf(db)).toBeLessThan(turnOf(dHidden));
    // The second layer's weights are still needed for the gradient of what lies below.
    expect(after.get(graph.updates[1])).toBe(dHidden);
    expect(after.get(graph.updates[0])).toBe(da);
  });

  it("knows that a variable may be read through a reshape, and lets an update that waits for nothing go first", () => {
    const [a, b] = [variable("a"), variable("b")];
    const flat = build("reshape", [build("reshape", [a], { shape: [16] })], { shape: [2, 8] });
    const read = build("affine", [flat], { factor: 2, offset: 0 });
    const updates = [update(a, x), update(b, x)];
    const { after } = plan({ outputs: { read }, updates });
    expect(after.get(updates[0])).toBe(read);
    expect(after.get(updates[1])).toBeUndefined();
  });

  it("lets a variable be written only after the turn of the fused nodes that read it", () => {
    const a = variable("a");
    const row = variable("row");
    const product = build("matmul", [x, a], { transposeA: false, transposeB: false });
    const biased = build(
      "add",
      [product, build("reshape", [build("slice", [row], { begin: [0, 0], size: [1, 4] })], { shape: [4] })],
      {},
    );
    const updates = [update(a, x)];
    const { after } = plan({ outputs: { biased }, updates });
    const turn = after.get(updates[0]);
    expect(turn !== undefined && "members" in turn && turn.members).toEqual([product, biased]);
  });
});
