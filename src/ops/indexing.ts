import { type Shape, sizeOf, stridesOf } from "../tensor/index.ts";

/**
 * For each element of a value of shape `to`, in row-major order, the position of the element of `from` that
 * broadcasting (aligned at the end, size 1 stretches) puts there.
 */
export function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const lead = to.length - from.length;
  const fromStrides = stridesOf(from);
  const strides = to.map((_, axis) =>
    axis < lead || from[axis - lead] === 1 ? 0 : fromStrides[axis - lead],
  );
  return walk(to, strides, 0);
}

/** For each element of a block of shape `inner` that lies in `outer` at `begin`, its position in `outer`. */
export function blockIndices(inner: Shape, outer: Shape, begin: Shape): Int32Array {
  const strides = stridesOf(outer);
  const base = begin.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  return walk(inner, strides, base);
}

/** For each element of a value with its axes in another order, its position before. */
export function permutedIndices(shape: Shape, permutation: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  return walk(
    permutation.map((axis) => shape[axis]),
    permutation.map((axis) => strides[axis]),
    0,
  );
}

/** Positions base + index . strides for every index of `shape` in row-major order. */
function walk(shape: Shape, strides: readonly number[], base: number): Int32Array {
  let positions = Int32Array.of(base);
  shape.forEach((size, axis) => {
    const next = new Int32Array(positions.length * size);
    positions.forEach((position, outer) => {
      for (let index = 0; index < size; index++)
        next[outer * size + index] = position + index * strides[axis];
    });
    positions = next;
  });
  return positions;
}

/** Fills `output` with f(input). */
export function mapElements(output: Float64Array, input: Float64Array, f: (x: number) => number): void {
  for (let index = 0; index < output.length; index++) output[index] = f(input[index]);
}

/** Fills `output` with f(a, b), element by element. */
export function zipElements(
  output: Float64Array,
  a: Float64Array,
  b: Float64Array,
  f: (a: number, b: number) => number,
): void {
  for (let index = 0; index < output.length; index++) output[index] = f(a[index], b[index]);
}

/** Rows and columns of a value seen as a matrix whose columns are its last axis. */
export function rowsAndColumns(shape: Shape): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / columns, columns };
}
