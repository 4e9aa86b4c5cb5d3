import { formatShape } from "../tensor/index.ts";
import { type Graph, isKind, type Node } from "./node.ts";

/** Every node that `roots` depend on, each after all of its inputs, in the order in which they are first needed. */
export function topologicalOrder(roots: Iterable<Node>): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // An explicit stack: a deep net must not exhaust the call stack.
  for (const root of roots) {
    const stack: { node: Node; next: number }[] = seen.has(root) ? [] : [{ node: root, next: 0 }];
    seen.add(root);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const input = frame.node.inputs[frame.next++];
      if (input === undefined) {
        order.push(frame.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

/** The nodes that a graph computes from: its outputs, and all that its updates read. */
export function rootsOf(graph: Graph): Node[] {
  const updates = graph.updates.flatMap((update) => [
    update.value,
    ...(update.hyper === null ? [] : [update.hyper]),
    update.variable,
    ...update.slots,
  ]);
  return [...Object.values(graph.outputs), ...updates];
}

/** The inputs of a graph by name. */
export function inputsOf(graph: Graph): Map<string, Node<"input">> {
  return leavesOf(graph, "input");
}

/** The variables of a graph by name, those that only updates touch included. */
export function variablesOf(graph: Graph): Map<string, Node<"variable">> {
  return leavesOf(graph, "variable");
}

function leavesOf<K extends "input" | "variable">(graph: Graph, kind: K): Map<string, Node<K>> {
  const leaves = new Map<string, Node<K>>();
  for (const node of topologicalOrder(rootsOf(graph))) {
    if (isKind(node, kind)) leaves.set(node.attributes.name, node);
  }
  return leaves;
}

/** A graph as text, one node a line: `%3 = conv2d(%0, %1) {"groups":1} : float32[8, 24, 24, 6]  # conv1`. */
export function printGraph(graph: Graph): string {
  const order = topologicalOrder(rootsOf(graph));
  const numbers = new Map(order.map((node, index) => [node, `%${index}`]));
  const reference = (node: Node) => numbers.get(node) ?? "?";
  const lines = order.map((node) => {
    const scope = node.scope === "" ? "" : `  # ${node.scope}`;
    const inputs = node.inputs.map(reference).join(", ");
    return `${reference(node)} = ${node.kind}(${inputs}) ${JSON.stringify(node.attributes)} : ${node.dtype}${formatShape(node.shape)}${scope}`;
  });
  for (const update of graph.updates) {
    const operands = [update.value, ...update.slots].map(reference).join(", ");
    lines.push(
      `${reference(update.variable)} <- ${update.kind}(${operands}) ${JSON.stringify(update.attributes)}`,
    );
  }
  for (const [name, node] of Object.entries(graph.outputs)) lines.push(`return ${name} = ${reference(node)}`);
  return lines.join("\n");
}
