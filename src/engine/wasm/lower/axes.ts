import { type Shape, stridesOf } from "../../../tensor/index.ts";

/** An axis that a kernel walks: its size, and for each operand the elements from one index to the next. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/**
 * Strides of a value seen under the shape `to` by broadcasting: aligned at the end, 0 along axes that are stretched.
 */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  return to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead]));
}

/**
 * The fewest axes that walk the same elements in the same order: axes of size 1 go, and neighbours become one where
 * every operand steps evenly across them. One of size 1 is left of a single element.
 */
export function mergeAxes(shape: Shape, operandStrides: readonly (readonly number[])[]): Axis[] {
  const merged: Axis[] = [];
  shape.forEach((size, position) => {
    if (size === 1) return;
    const strides = operandStrides.map((all) => all[position]);
    const outer = merged.at(-1);
    if (outer?.strides.every((stride, operand) => stride === size * strides[operand])) {
      merged[merged.length - 1] = { size: outer.size * size, strides };
    } else {
      merged.push({ size, strides });
    }
  });
  return merged.length > 0 ? merged : [{ size: 1, strides: operandStrides.map(() => 1) }];
}

/**
 * Merged axes split for kernels that walk rows: all but the innermost (at least one, if only of size 1), and the
 * innermost. Where that is not made of neighbours in each operand (strides 0 or 1), rows have one column.
 */
export function rowsOf(axes: readonly Axis[]): { readonly outer: readonly Axis[]; readonly inner: Axis } {
  const last = axes[axes.length - 1];
  const even = last.strides.every((stride) => stride <= 1);
  const single: Axis = { size: 1, strides: last.strides.map(() => 1) };
  const outer = even ? axes.slice(0, -1) : axes;
  return { outer: outer.length > 0 ? outer : [single], inner: even ? last : single };
}

/** The axes as a kernel's table of int32: size, then each operand's bytes from one index to the next. */
export function axisTable(axes: readonly Axis[]): number[] {
  return axes.flatMap(({ size, strides }) => [size, ...strides.map((stride) => 4 * stride)]);
}

/** Product of the sizes. */
export function productOf(axes: readonly Axis[]): number {
  return axes.reduce((product, { size }) => product * size, 1);
}
