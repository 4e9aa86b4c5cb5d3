import { isKind, type Node } from "../../../../graph/index.ts";
import { sizeOf } from "../../../../tensor/index.ts";
import type { Fusion } from "../../lower/fused.ts";
import type { Uses } from "../uses.ts";

/** matmul or conv2d -> add of a bias -> relu. */
export function fuseProduct(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "matmul") && !isKind(node, "conv2d")) return null;
  const added = uses.soleUser(node, "add");
  const bias = added === null ? null : biasOf(added, node);
  const biased = added !== null && bias !== null ? added : node;
  const rectified = uses.soleUser(biased, "relu");
  const target = rectified ?? biased;
  if (target === node) return null;
  const members = [...new Set([node, biased, target])];
  const epilogue = { bias, rectify: rectified !== null, target };
  return { kind: "product", producer: node, epilogue, members, turn: target };
}

/** The other operand of `added` if it is one number for each column of the product. */
function biasOf(added: Node<"add">, producer: Node): Node | null {
  const [left, right] = added.inputs;
  const other = left === producer ? right : left;
  const columns = producer.shape.at(-1);
  const isRow = other !== producer && other.shape.at(-1) === columns && sizeOf(other.shape) === columns;
  return isRow && other.dtype === "float32" && added.shape.length === producer.shape.length ? other : null;
}
