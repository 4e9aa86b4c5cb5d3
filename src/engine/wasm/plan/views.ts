import { isKind, type Node } from "../../../graph/index.ts";
import { isLeaf, storeOf } from "./schedule.ts";

/**
 * Whether a node is a stretch of its input's memory: a slice that takes one of each outer axis and all of each inner one.
 * What a variable holds may change while its slice is still read, so that needs memory of its own.
 */
export function isView(node: Node): node is Node<"slice"> {
  if (!isKind(node, "slice") || node.dtype !== "float32") return false;
  const [x] = node.inputs;
  if (isLeaf(storeOf(x))) return false;
  const { size } = node.attributes;
  const cut = size.findIndex((length) => length !== 1);
  return cut < 0 || size.every((length, axis) => axis <= cut || length === x.shape[axis]);
}
