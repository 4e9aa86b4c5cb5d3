import type { Node } from "../../../graph/index.ts";
import type { Fusion } from "../lower/fused.ts";
import {
  fuseNormalize,
  fuseNormalizeGradient,
  fuseOwnGate,
  fuseWrittenGate,
} from "./patterns/normalization.ts";
import { fuseProduct, fuseProductGradient } from "./patterns/product.ts";
import { fuseGatedSums, fusePoolGradient, fuseSum } from "./patterns/rectifier.ts";
import { fuseSplit } from "./patterns/split.ts";
import { Uses } from "./uses.ts";

/** Finds the nodes that are computed in one with a node, if any. */
export type Pattern = (node: Node, uses: Uses) => Fusion | null;

/** All patterns, those first that have a claim to nodes that others could take too. */
const patterns: readonly Pattern[] = [
  fuseProduct,
  fuseNormalize,
  fusePoolGradient,
  fuseNormalizeGradient,
  // Behind the gates that cost no memory, before those that do.
  fuseOwnGate,
  fuseProductGradient,
  fuseWrittenGate,
  fuseGatedSums,
  fuseSum,
  fuseSplit,
];

/**
 * Finds the nodes of a graph that are computed together, so that the values between them take no way through memory.
 * No node is in two fusions.
 *
 * @param order - all nodes of the graph in topological order
 * @param kept - nodes whose value is needed as such: outputs, and what updates read
 */
export function findFusions(order: readonly Node[], kept: ReadonlySet<Node>): Fusion[] {
  const uses = new Uses(order, kept);
  for (const pattern of patterns) {
    for (const node of order) {
      if (uses.fusionOf(node) !== null) continue;
      const fusion = pattern(node, uses);
      if (fusion?.members.every((member) => uses.fusionOf(member) === null)) uses.claim(fusion);
    }
  }
  return uses.fusions;
}
