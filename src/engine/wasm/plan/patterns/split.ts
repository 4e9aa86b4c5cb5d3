import { isKind, type Node } from "../../../../graph/index.ts";
import { mostParts } from "../../lower/columns.ts";
import type { Fusion } from "../../lower/fused.ts";
import type { Uses } from "../uses.ts";
import { isView } from "../views.ts";

/** Slices of one value that are columns of it side by side, as the gradients of a concatenation's parts are. */
export function fuseSplit(node: Node, uses: Uses): Fusion | null {
  if (!isColumns(node)) return null;
  const siblings = uses
    .of(node.inputs[0])
    .filter(isColumns)
    .filter((slice) => uses.fusionOf(slice) === null)
    .sort((a, b) => beginOf(a) - beginOf(b));
  // From this one on, the first that is wanted, to the right; then to the left.
  let slices = [node];
  for (const next of siblings) {
    const last = slices[slices.length - 1];
    if (slices.length < mostParts && beginOf(next) === endOf(last)) slices.push(next);
  }
  for (const previous of siblings.reverse()) {
    if (slices.length < mostParts && endOf(previous) === beginOf(slices[0])) slices = [previous, ...slices];
  }
  return slices.length < 2 ? null : { kind: "split", slices, members: slices, turn: node };
}

/** Whether a node takes some columns (the last axis) of all rows of its input, and is no stretch of its memory. */
function isColumns(node: Node): node is Node<"slice"> {
  const last = node.shape.length - 1;
  const isWhole = (size: number, axis: number) => axis === last || size === node.inputs[0].shape[axis];
  return last > 0 && isKind(node, "slice") && node.shape.every(isWhole) && !isView(node);
}

function beginOf({ attributes: { begin } }: Node<"slice">): number {
  return begin[begin.length - 1];
}

function endOf(slice: Node<"slice">): number {
  return beginOf(slice) + slice.shape[slice.shape.length - 1];
}
