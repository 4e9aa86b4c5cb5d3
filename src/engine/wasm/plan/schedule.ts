import { type Graph, isKind, type Node, type Update } from "../../../graph/index.ts";
import type { Fusion } from "./fuse.ts";

/** The node whose memory a node's value lies in: a reshape is another view of its input. */
export function storeOf(node: Node): Node {
  return isKind(node, "reshape") ? storeOf(node.inputs[0]) : node;
}

/**
 * Roots of a graph in the order in which a step should come to them: outputs, then what updates read, from the last
 * update to the first. Layers list their parameters from the input on, and the backward pass comes to them from the
 * output on: in this order each gradient is wanted when it can be had, and what it is made from may go.
 */
export function rootsOfStep(graph: Graph): Node[] {
  const updates = [...graph.updates].reverse().flatMap(({ value, hyper, variable, slots }) => {
    return [value, ...(hyper === null ? [] : [hyper]), variable, ...slots];
  });
  return [...Object.values(graph.outputs), ...updates];
}

/** Whether a node's value is there before the step begins. */
function isLeaf({ kind }: Node): boolean {
  return kind === "input" || kind === "variable" || kind === "constant";
}

/** What is computed at a time: a node, or several in one. */
export type Turn = Node | Fusion;

/** All nodes in turns, each after all that it reads; and the index of the turn that computes a node, -1 for a leaf. */
export function takeTurns(
  order: readonly Node[],
  fusions: readonly Fusion[],
): { readonly turns: readonly Turn[]; readonly turnOf: (node: Node) => number } {
  const fusionOf = new Map(
    fusions.flatMap((fusion) => fusion.members.map((node) => [node, fusion] as const)),
  );
  const fusionAt = new Map(fusions.map((fusion) => [fusion.turn, fusion]));
  const turns = order.flatMap((node): Turn[] => {
    const fusion = fusionAt.get(node);
    if (fusion !== undefined) return [fusion];
    return fusionOf.has(node) || isLeaf(node) ? [] : [node];
  });
  const indices = new Map(turns.map((turn, index) => [turn, index]));
  return { turns, turnOf: (node) => indices.get(fusionOf.get(node) ?? node) ?? -1 };
}

/**
 * When each update may run: as soon as its operands are there and all nodes that read what it changes have been
 * computed. Then a gradient dies young, and no two large ones live at the same time.
 *
 * @param order - all nodes of the graph
 * @param turnOf - index of the turn in which a node is computed
 * @returns the updates that are due after each turn; -1 stands for those that wait for nothing
 */
export function updatesByTurn(
  updates: readonly Update[],
  order: readonly Node[],
  turnOf: (node: Node) => number,
): Map<number, Update[]> {
  const lastRead = new Map<string, number>();
  for (const node of order) {
    for (const input of node.inputs) {
      const store = storeOf(input);
      if (!isKind(store, "variable")) continue;
      const { name } = store.attributes;
      lastRead.set(name, Math.max(lastRead.get(name) ?? -1, turnOf(node)));
    }
  }
  const due = new Map<number, Update[]>();
  for (const update of updates) {
    const { value, hyper, variable, slots } = update;
    const turn = Math.max(
      turnOf(storeOf(value)),
      hyper === null ? -1 : turnOf(storeOf(hyper)),
      ...[variable, ...slots].map(({ attributes }) => lastRead.get(attributes.name) ?? -1),
    );
    due.set(turn, [...(due.get(turn) ?? []), update]);
  }
  return due;
}
