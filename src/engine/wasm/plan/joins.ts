import { isKind, type Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import type { Fusion } from "../lower/fused.ts";
import { fixedNodes } from "./rewrite.ts";
import { isLeaf, storeOf } from "./schedule.ts";
import { usersOf } from "./uses.ts";

/** Where a value lies that is a part of a wider one: a stretch of each of its rows (the last axis). */
export interface Join {
  /** The value that it is a part of. */
  readonly of: Node;
  /** Floats from the beginning of a row of that one to the part. */
  readonly offset: number;
  /** Floats from one row to the next. */
  readonly rowStride: number;
}

/**
 * Values that need no memory and no copy of their own, although their rows have gaps between them: what is concatenated
 * along the last axis, as the branches of an inception or a fire module are, is written by its convolution where it will
 * lie. Only where nothing else reads it: reading a part of each row takes as long as reading all of it.
 *
 * @param order - all nodes of the graph
 * @param kept - nodes whose value is needed as such
 */
export function findJoins(
  order: readonly Node[],
  fusions: readonly Fusion[],
  kept: ReadonlySet<Node>,
): ReadonlyMap<Node, Join> {
  const users = usersOf(order);
  // What is made of variables alone is made ahead of the step, into memory of its own.
  const fixed = fixedNodes(order);
  const fusionOf = new Map(
    fusions.flatMap((fusion) => fusion.members.map((member) => [member, fusion] as const)),
  );
  const isFree = (node: Node) =>
    !kept.has(node) && !fixed.has(node) && storeOf(node) === node && !isLeaf(node);
  const joins = new Map<Node, Join>();
  for (const node of order) {
    if (!isKind(node, "concatenate") || fixed.has(node)) continue;
    for (const [part, join] of partsOf(node)) {
      const isPrivate = isFree(part) && users.get(part)?.length === 1;
      if (isPrivate && leavesGaps(part, fusionOf.get(part))) joins.set(part, join);
    }
  }
  return joins;
}

/** The inputs of a concatenation along the last axis, each that occurs once, with its place. */
function partsOf(node: Node<"concatenate">): [Node, Join][] {
  const last = node.shape.length - 1;
  if (last < 1 || node.attributes.axis !== last) return [];
  const rowStride = node.shape[last];
  let offset = 0;
  return node.inputs.flatMap((part) => {
    const join: Join = { of: node, offset, rowStride };
    offset += part.shape[last];
    return node.inputs.indexOf(part) === node.inputs.lastIndexOf(part) ? [[part, join]] : [];
  });
}

/** Whether what computes a value can leave gaps between its rows: convolutions, for which it is no more work. */
function leavesGaps(node: Node, fusion: Fusion | undefined): boolean {
  if (fusion === undefined) return isKind(node, "conv2d");
  if (fusion.kind !== "product" || !isKind(fusion.producer, "conv2d")) return false;
  const { residual = null, mask = null, target } = fusion.epilogue;
  return residual === null && mask === null && target === node;
}

/** Floats from the first of a part to behind its last. */
export function spanOf(node: Node, { rowStride }: Join): number {
  const columns = node.shape[node.shape.length - 1];
  return (sizeOf(node.shape) / columns - 1) * rowStride + columns;
}
