import {
  type Graph,
  isKind,
  type Node,
  rootsOf,
  topologicalOrder,
  type Update,
} from "../../../graph/index.ts";

/** What stands for a node in the rewritten graph. */
export type Rewrite = (node: Node) => Node;

/**
 * A graph with some nodes replaced, and all that depend on them.
 *
 * @param replace - what stands for a node, or null where it stays; everything before it has been rewritten
 */
export function rewriteGraph(graph: Graph, replace: (node: Node, rewrite: Rewrite) => Node | null): Graph {
  const rewritten = new Map<Node, Node>();
  const rewrite = (node: Node): Node => rewritten.get(node) ?? node;
  for (const node of topologicalOrder(rootsOf(graph))) {
    const replacement = replace(node, rewrite);
    if (replacement !== null) rewritten.set(node, replacement);
    else if (node.inputs.some((input) => rewrite(input) !== input)) {
      rewritten.set(node, { ...node, inputs: node.inputs.map(rewrite) });
    }
  }
  const outputs = Object.entries(graph.outputs).map(([name, node]) => [name, rewrite(node)]);
  const updates = graph.updates.map(({ value, hyper, ...update }): Update => {
    return { ...update, value: rewrite(value), hyper: hyper === null ? null : rewrite(hyper) };
  });
  return { outputs: Object.fromEntries(outputs), updates };
}

/** Nodes that depend on nothing but variables and constants. */
export function fixedNodes(order: readonly Node[]): Set<Node> {
  const fixed = new Set<Node>();
  for (const node of order) {
    const isFixed = isKind(node, "input") ? false : node.inputs.every((input) => fixed.has(input));
    if (isFixed) fixed.add(node);
  }
  return fixed;
}
