import type { Convention } from "../../formats/index.ts";
import { fromOrder, fromOutputsFirst, toOrder, toOutputsFirst } from "../../formats/layouts.ts";
import { type Shape, sameShape, sizeOf } from "../../tensor/index.ts";
import type { Slot } from "./slots.ts";

/** How a convention keeps a parameter's numbers. */
export interface Layout {
  /** The shape that it has there. */
  readonly shape: (slot: Slot) => Shape;
  /** Another shape that the same numbers may have there. */
  readonly otherShape?: (slot: Slot) => Shape;
  /** The numbers as a model has them. They may be the same array. */
  readonly read: (values: Float32Array, slot: Slot) => Float32Array;
  /** The way back. */
  readonly write: (values: Float32Array, slot: Slot) => Float32Array;
}

const same = (values: Float32Array) => values;

/** Conventions whose layouts are known. */
export type KnownConvention = Exclude<Convention, "none">;

/** The layouts of all conventions. */
export const layouts: { readonly [C in KnownConvention]: Layout } = {
  fovea: { shape: ({ parameter }) => parameter.shape, read: same, write: same },
  // Ours too, but for depthwise filters: [KH, KW, C, M] is [KH, KW, 1, C M], the M filters of a channel side by side.
  // A convolution with groups keeps them as we do.
  keras: { shape: kerasShape, otherShape: ({ parameter }) => parameter.shape, read: same, write: same },
  pytorch: {
    shape: pytorchShape,
    read: (values, { isKernel, parameter, order }) => {
      if (isKernel) return fromOutputsFirst(values, outputsOf(parameter.shape), order);
      return order === null ? values : fromOrder(values, order);
    },
    write: (values, { isKernel, parameter, order }) => {
      if (isKernel) return toOutputsFirst(values, outputsOf(parameter.shape), order);
      return order === null ? values : toOrder(values, order);
    },
  },
};

function outputsOf(shape: Shape): number {
  return shape[shape.length - 1] ?? 1;
}

function kerasShape({ parameter: { shape }, depthMultiplier }: Slot): Shape {
  if (depthMultiplier === 0) return shape;
  const [height, width, , filters] = shape;
  return [height, width, filters / depthMultiplier, depthMultiplier];
}

/** OIHW and [out, in]; what has one number a channel is a list of them. */
function pytorchShape({ parameter: { shape }, isKernel }: Slot): Shape {
  if (!isKernel) return shape.slice(0, -1).every((size) => size === 1) ? shape.slice(-1) : shape;
  return shape.length === 4 ? [shape[3], shape[2], shape[0], shape[1]] : [...shape].reverse();
}

/**
 * Whether numbers of a shape can be those of a parameter: axes of size 1 count for nothing, so a dense layer may come
 * from a 1 x 1 convolution, and filters [KH, KW, 1, C] from depthwise ones [KH, KW, C, 1].
 */
export function fits(found: Shape, slot: Slot, { shape, otherShape = shape }: Layout): boolean {
  const squeezed = (sizes: Shape) => sizes.filter((size) => size !== 1);
  const isLike = (expected: Shape) => sameShape(squeezed(found), squeezed(expected));
  return sizeOf(found) === sizeOf(slot.parameter.shape) && (isLike(shape(slot)) || isLike(otherShape(slot)));
}
