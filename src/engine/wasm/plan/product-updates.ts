import { type Graph, isKind, type Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { slicedBytes } from "../lower/product-update.ts";
import { usersOf } from "./uses.ts";

/**
 * Finds the large products x^T dy that nothing but one update reads: weight gradients of dense layers, which need never
 * exist as a whole (see lower/product-update.ts).
 *
 * @returns the products, as the values that the updates have
 */
export function findProductUpdates(graph: Graph, order: readonly Node[]): Map<Node, Node<"matmul">> {
  const users = usersOf(order);
  const outputs = new Set(Object.values(graph.outputs));
  const found = new Map<Node, Node<"matmul">>();
  for (const { value } of graph.updates) {
    const isSole = graph.updates.filter((other) => other.value === value).length === 1;
    if (!isKind(value, "matmul") || !isSole || users.has(value) || outputs.has(value)) continue;
    const { transposeA, transposeB } = value.attributes;
    if (transposeA && !transposeB && 4 * sizeOf(value.shape) >= slicedBytes) found.set(value, value);
  }
  return found;
}
