import type { Node, OpKind } from "../graph/index.ts";
import { bytesPerElement, sizeOf, type TensorType } from "../tensor/index.ts";
import type { Cost } from "./rule.ts";

/** Bytes of a value in memory. */
export function bytesOf(type: TensorType): number {
  return sizeOf(type.shape) * bytesPerElement[type.dtype];
}

/** Cost of an op that reads each input and writes its output once. */
export function costOf(node: Node, flops: number): Cost {
  return { flops, bytes: node.inputs.reduce((sum, input) => sum + bytesOf(input), bytesOf(node)) };
}

/** Cost rule of an op that does `flopsPerElement` floating-point operations for each element of its output. */
export function elementwiseCost<K extends OpKind>(flopsPerElement: number): (node: Node<K>) => Cost {
  return (node) => costOf(node, flopsPerElement * sizeOf(node.shape));
}

/** Cost rule of an op that does `flopsPerElement` operations for each element of its first input. */
export function perInputElementCost<K extends OpKind>(flopsPerElement: number): (node: Node<K>) => Cost {
  return (node) => costOf(node, flopsPerElement * sizeOf(node.inputs[0].shape));
}
