import type { SymbolicTensor } from "../../layers/index.ts";
import { type Shape, sizeOf } from "../../tensor/index.ts";

/**
 * The size of the batch, where a file computes with shapes: not known at import, and not changed by anything that a
 * layer could stand for.
 */
export const batch: unique symbol = Symbol("batch");

/** An element of a constant: a number, or the size of the batch. */
export type Element = number | typeof batch;

/** A value that is known at import: a weight, an axis, a shape. */
export interface Constant {
  readonly kind: "constant";
  readonly shape: Shape;
  readonly data: ArrayLike<Element>;
  /** Whether its elements are whole numbers: division truncates. */
  readonly integer: boolean;
  /** Name of the initializer that it is, or was made from; layers are named after it. */
  readonly name: string;
}

/**
 * A value that depends on the examples. ONNX's axes are counted without the batch, which is always the first. The layer's
 * output has them in an order of its own, images above all: [H, W, C] where ONNX has [C, H, W].
 */
export interface Activation {
  readonly kind: "activation";
  readonly tensor: SymbolicTensor;
  /** As ONNX has it, without the batch. */
  readonly shape: Shape;
  /** Axis i of the layer's output is axis `order[i]` of `shape`. */
  readonly order: readonly number[];
  /** How the elements of a row lie, where that is not ONNX's order: a flattened [H, W, C]. */
  readonly mixed: Mixed | null;
}

/** A row is the axes `factors` (outermost first, as ONNX has them), written out in another order. */
export interface Mixed {
  readonly factors: Shape;
  readonly order: readonly number[];
}

/** Anything that a node takes or gives. */
export type Value = Constant | Activation;

/** A constant of numbers; throws where one is the size of the batch. */
export function numbersOf(constant: Constant): readonly number[] | null {
  const numbers: number[] = [];
  for (let index = 0; index < constant.data.length; index++) {
    const element = constant.data[index];
    if (typeof element !== "number") return null;
    numbers.push(element);
  }
  return numbers;
}

/** 0, 1, 2, ... */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Whether axes are in ONNX's order. */
export function isIdentity(order: readonly number[]): boolean {
  return order.every((axis, index) => axis === index);
}

/** Images as layers have them: ONNX's axes [C, H, W] in the order [H, W, C]. */
export const imageOrder: readonly number[] = [1, 2, 0];

/**
 * Elements of a tensor with its axes in another order: axis i of the result is axis `order[i]`.
 *
 * Shapes: [d0, d1, ...] -> [d_order[0], d_order[1], ...]; `target` holds as many elements.
 */
export function permute<T>(
  data: ArrayLike<T>,
  shape: Shape,
  order: readonly number[],
  target: { [index: number]: T },
): void {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const count = sizeOf(shape);
  const index = new Array<number>(order.length).fill(0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    target[to] = data[from];
    for (let axis = order.length - 1; axis >= 0; axis--) {
      index[axis]++;
      from += steps[axis];
      if (index[axis] < sizes[axis]) break;
      from -= sizes[axis] * steps[axis];
      index[axis] = 0;
    }
  }
}
