import { Tensor } from "../tensor/index.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";

/**
 * Numbers that scripts/golden/*.py work out too, so that golden files need not hold them:
 * ((7919 i + 331 seed) mod 1009) / 504 - 1 for element i in row-major order.
 */
export function drawn(shape: Shape, seed: number): Tensor<"float32"> {
  const values = Float32Array.from(
    { length: sizeOf(shape) },
    (_, index) => ((index * 7919 + seed * 331) % 1009) / 504 - 1,
  );
  return new Tensor("float32", shape, values);
}

/** A variable as scripts/golden/keras-models.py fills it: number `index` of its model, from 0. */
export function drawnVariable(name: string, shape: Shape, index: number): Tensor<"float32"> {
  const tensor = drawn(shape, index + 1);
  const isPositive = name.endsWith("variance") || name.endsWith("gamma");
  const data = tensor.data.map((value) => (isPositive ? Math.abs(value) + 0.5 : value / 2));
  return new Tensor("float32", shape, data);
}
