import { isKind, type Node } from "../../../../graph/index.ts";
import { sameShape, sizeOf } from "../../../../tensor/index.ts";
import type { Fusion } from "../../lower/fused.ts";
import { gateOf, type RectifierGate, type Uses } from "../uses.ts";

/** matmul or conv2d [-> add of a bias] [-> add of a residual] [-> relu, with or without a ceiling, or hardSwish]. */
export function fuseProduct(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "matmul") && !isKind(node, "conv2d")) return null;
  const added = freeUser(node, "add", uses);
  const bias = added === null ? null : biasOf(added, node);
  const biased = added !== null && bias !== null ? added : node;
  const { sum, residual } = addResidual(biased, uses);
  const rectifier = uses.soleRectifier(sum);
  const rectified = rectifier !== null && uses.fusionOf(rectifier.node) === null ? rectifier : null;
  // Behind a product alone: in training, the gradient of hard-swish needs what goes into it.
  const swished = rectified === null ? freeUser(sum, "hardSwish", uses) : null;
  const target = rectified?.node ?? swished ?? sum;
  if (target === node) return null;
  const members = [...new Set([node, biased, sum, target])];
  const ceiling = rectified?.ceiling ?? Infinity;
  const bend = { rectify: rectified !== null, swish: swished !== null, ceiling };
  const epilogue = { bias, residual, ...bend, target };
  return { kind: "product", producer: node, epilogue, members, turn: target };
}

/** matmul or conv2dInputGradient [-> add of another gradient] [-> the gradient of a rectifier]. */
export function fuseProductGradient(node: Node, uses: Uses): Fusion | null {
  if (!isKind(node, "matmul") && !isKind(node, "conv2dInputGradient")) return null;
  const { sum, residual } = addResidual(node, uses);
  const gate = gateBehind(sum, uses);
  const target = gate?.node ?? sum;
  if (target === node) return null;
  const members = [...new Set([node, sum, target])];
  const { y: mask = null, ceiling = Infinity } = gate ?? {};
  const epilogue = { bias: null, residual, rectify: false, ceiling, mask, target };
  return { kind: "product", producer: node, epilogue, members, turn: target };
}

/** The gate that a value alone goes through, unless it is part of something already. */
function gateBehind(value: Node, uses: Uses): RectifierGate | null {
  const [user] = uses.of(value);
  if (user === undefined || !uses.isOnlyFor(value, [user]) || uses.fusionOf(user) !== null) return null;
  const gate = gateOf(user);
  return gate !== null && gate.y !== value ? gate : null;
}

/** The node of some kind that alone reads a node's value, unless it is part of something already. */
function freeUser<K extends "add" | "hardSwish">(node: Node, kind: K, uses: Uses): Node<K> | null {
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
