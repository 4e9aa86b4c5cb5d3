import { isKind, type Node } from "../../../../graph/index.ts";
import { sameShape, sizeOf } from "../../../../tensor/index.ts";
import type { Fusion } from "../../lower/fused.ts";
import type { Uses } from "../uses.ts";

/** matmul or conv2d [-> add of a bias] [-> add of a residual] [-> relu]. */
export function fuseProduct(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "matmul") && !isKind(node, "conv2d")) return null;
  const added = freeUser(node, "add", uses);
  const bias = added === null ? null : biasOf(added, node);
  const biased = added !== null && bias !== null ? added : node;
  const { sum, residual } = addResidual(biased, uses);
  const rectified = freeUser(sum, "relu", uses);
  const target = rectified ?? sum;
  if (target === node) return null;
  const members = [...new Set([node, biased, sum, target])];
  const epilogue = { bias, residual, rectify: rectified !== null, target };
  return { kind: "product", producer: node, epilogue, members, turn: target };
}

/** matmul or conv2dInputGradient [-> add of another gradient] [-> reluGradient]. */
export function fuseProductGradient(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "matmul") && !isKind(node, "conv2dInputGradient")) return null;
  const { sum, residual } = addResidual(node, uses);
  const gated = freeUser(sum, "reluGradient", uses);
  const mask = gated !== null && gated.inputs[0] !== sum ? gated.inputs[0] : null;
  const target = gated !== null && mask !== null ? gated : sum;
  if (target === node) return null;
  const members = [...new Set([node, sum, target])];
  const epilogue = { bias: null, residual, rectify: false, mask, target };
  return { kind: "product", producer: node, epilogue, members, turn: target };
}

/** The node of some kind that alone reads a node's value, unless it is part of something already. */
function freeUser<K extends "add" | "relu" | "reluGradient">(
  node: Node,
  kind: K,
  uses: Uses,
): Node<K> | null {
  const user = uses.soleUser(node, kind);
  return user !== null && uses.fusionOf(user) === null ? user : null;
}

/** The sum of a value and another one of its shape, or the value alone. */
function addResidual(value: Node, uses: Uses): { readonly sum: Node; readonly residual: Node | null } {
  const sum = freeUser(value, "add", uses);
  const residual = sum?.inputs.find((input) => input !== value);
  return sum !== null && residual !== undefined && sameShape(residual.shape, value.shape)
    ? { sum, residual }
    : { sum: value, residual: null };
}

/** The other operand of `added` if it is one number for each column of the product. */
function biasOf(added: Node<"add">, producer: Node): Node | null {
  const [left, right] = added.inputs;
  const other = left === producer ? right : left;
  const columns = producer.shape.at(-1);
  const isRow = other !== producer && other.shape.at(-1) === columns && sizeOf(other.shape) === columns;
  return isRow && other.dtype === "float32" && added.shape.length === producer.shape.length ? other : null;
}
