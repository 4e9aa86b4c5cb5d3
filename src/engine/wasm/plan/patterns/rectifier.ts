import { isKind, type Node } from "../../../../graph/index.ts";
import { sameShape } from "../../../../tensor/index.ts";
import type { Fusion } from "../../lower/fused.ts";
import type { Uses } from "../uses.ts";

/** maxPool2dGradient -> reluGradient of what was pooled: the gate of a window is that of its greatest element. */
export function fusePoolGradient(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "maxPool2dGradient")) return null;
  const gated = uses.soleUser(node, "reluGradient");
  if (gated === null || gated.inputs[0] !== node.inputs[0] || gated.inputs[1] !== node) return null;
  return {
    kind: "rectifiedPoolGradient",
    gradient: node,
    target: gated,
    members: [node, gated],
    turn: gated,
  };
}

/** reluGradient -> reduceSum over all axes but the last, as the gradient of a bias: the sums come with the pass. */
export function fuseGatedSums(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "reluGradient")) return null;
  const last = node.shape.length - 1;
  for (const sums of uses.of(node)) {
    if (!isKind(sums, "reduceSum")) continue;
    const { axes } = sums.attributes;
    if (last > 0 && axes.length === last && !axes.includes(last)) {
      return { kind: "gatedSums", gradient: node, sums, members: [node, sums], turn: node };
    }
  }
  return null;
}

/** add of two values of one shape -> relu. */
export function fuseSum(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "add") || !node.inputs.every(({ shape }) => sameShape(shape, node.shape))) return null;
  const rectified = uses.soleUser(node, "relu");
  if (rectified === null) return null;
  return { kind: "rectifiedSum", sum: node, target: rectified, members: [node, rectified], turn: rectified };
}
