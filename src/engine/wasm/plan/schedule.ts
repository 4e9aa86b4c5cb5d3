import { type Graph, isKind, type Node } from "../../../graph/index.ts";
import type { Fusion } from "../lower/fused.ts";
import type { Buffer, Call } from "../lower/lowering.ts";

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
export function isLeaf({ kind }: Node): boolean {
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
 * Puts the calls of each update where it may run first: behind the last call that makes what it reads, and the last that
 * needs what it changes. Then a gradient dies young, and no two large ones need live at the same time.
 *
 * @param updates - the calls of each update; no update reads what another one changes
 */
export function insertUpdates<P extends { readonly call: Call }>(
  calls: readonly P[],
  updates: readonly (readonly P[])[],
): P[] {
  const lastWrite = new Map<Buffer, number>();
  const lastUse = new Map<Buffer, number>();
  calls.forEach(({ call }, index) => {
    for (const buffer of call.writes) lastWrite.set(buffer, index);
    for (const buffer of [...call.reads, ...call.writes]) lastUse.set(buffer, index);
  });
  const due = new Map<number, P[]>();
  for (const update of updates) {
    const reads = update.flatMap(({ call }) => call.reads.map((buffer) => lastWrite.get(buffer) ?? -1));
    const writes = update.flatMap(({ call }) => call.writes.map((buffer) => lastUse.get(buffer) ?? -1));
    const index = Math.max(-1, ...reads, ...writes);
    due.set(index, [...(due.get(index) ?? []), ...update]);
  }
  return [...(due.get(-1) ?? []), ...calls.flatMap((call, index) => [call, ...(due.get(index) ?? [])])];
}
