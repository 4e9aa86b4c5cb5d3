import type { Pool2dAttributes } from "../graph/index.ts";
import type { PaddingOption } from "../ops/index.ts";
import {
  booleanField,
  type Fields,
  nullable,
  type Resolved,
  type Size2dOption,
  size2dField,
} from "../options/index.ts";
import { type Shape, ShapeError } from "../tensor/index.ts";
import { imageShape, paddingField, resolveWindow, size2d } from "./geometry.ts";

/** What maximum and average pooling have in common. */
export interface Pool2dOptions {
  /** Height and width of the window, in pixels; default 2. */
  readonly poolSize?: Size2dOption;
  /** Default `null`: as the window, so that windows do not overlap. */
  readonly strides?: Size2dOption | null;
  /** Default `"valid"`. Padding never wins a maximum. */
  readonly padding?: PaddingOption;
  /** Whether a last window that is only partly inside counts (PyTorch's `ceil_mode`); default false. */
  readonly ceilMode?: boolean;
}

/** The checks of {@link Pool2dOptions}. */
export const pool2dFields: Fields<Pool2dOptions> = {
  poolSize: size2dField(1, 2),
  strides: nullable(size2dField(1)),
  padding: paddingField,
  ceilMode: booleanField(false),
};

/** Shape of a pool's output. Shapes: [H, W, C] -> [H', W', C]. */
export function pool2dShape(
  options: Resolved<Pool2dOptions>,
  inputs: readonly Shape[],
  where: string,
): Shape {
  const image = imageShape(inputs, where);
  return [...resolvePool2d(options, image, where).outputSize, image[2]];
}

/**
 * Attributes of the op for an image [height, width, channels].
 *
 * @throws ShapeError for a window that does not fit, or padding that could fill a whole window
 */
export function resolvePool2d(
  options: Resolved<Pool2dOptions>,
  image: Shape,
  where: string,
): Pool2dAttributes {
  const poolSize = size2d(options.poolSize);
  const strides = size2d(options.strides ?? options.poolSize);
  const { padding, outputSize } = resolveWindow(
    image,
    { window: poolSize, strides, dilations: [1, 1], padding: options.padding, ceilMode: options.ceilMode },
    where,
  );
  const tooHigh = Math.max(padding.top, padding.bottom) >= poolSize[0];
  if (tooHigh || Math.max(padding.left, padding.right) >= poolSize[1]) {
    throw new ShapeError(`padding of a pool must be smaller than its window of ${poolSize.join(" x ")}`, {
      where,
      hint: "A window that lies in the padding alone has no maximum and no average. Use layers.zeroPadding2d().",
    });
  }
  return { poolSize, strides, padding, outputSize };
}
