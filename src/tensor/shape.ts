import { ShapeError } from "./errors.ts";

/** Sizes of a tensor's axes, outermost first; `[]` is a scalar. Images are `[batch, height, width, channels]`. */
export type Shape = readonly number[];

/** Number of elements of a shape: the product of its sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A shape as text: `[128, 28, 28, 1]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes have the same sizes, axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Row-major strides in elements: the last axis has stride 1. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/**
 * Shape of an elementwise result by NumPy's broadcasting: axes are aligned at the end, and a size of 1 stretches.
 *
 * @param where - op and layer path, for the error
 * @throws ShapeError when two aligned sizes differ and neither is 1
 */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(`cannot broadcast ${formatShape(a)} with ${formatShape(b)}`, {
        where,
        hint: `Sizes aligned at the end must be equal or 1; here axis ${axis} has ${left} and ${right}.`,
      });
    }
    return left === 1 ? right : left;
  });
}

/** Throws unless every size is a positive whole number. */
export function checkShape(shape: Shape, where: string): void {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new ShapeError(`shape ${formatShape(shape)} has a size that is not a positive whole number`, {
        where,
      });
    }
  }
}
