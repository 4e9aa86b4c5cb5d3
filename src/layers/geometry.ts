import type { Node, Padding2d, Size2d } from "../graph/index.ts";
import { type Build, dilatedSize, type PaddingOption, poolOutputSize, resolvePadding } from "../ops/index.ts";
import { type Field, field, isWholeNumber, type Size2dOption } from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";

/** The option `padding` of convolutions and pools. */
export const paddingField = field(
  '"same", "valid", a whole number of at least 0, a pair of them for height and width, or { top, bottom, left, right }',
  isPaddingOption,
  "valid",
);

function isPaddingOption(value: unknown): value is PaddingOption {
  if (value === "same" || value === "valid" || isWholeNumber(value, 0)) return true;
  if (Array.isArray(value)) return value.length === 2 && value.every((size) => isWholeNumber(size, 0));
  return isPadding2d(value);
}

/** Whether a value is `{ top, bottom, left, right }` of whole numbers and nothing else. */
export function isPadding2d(value: unknown): value is Padding2d {
  if (typeof value !== "object" || value === null) return false;
  const sides = Object.entries(value);
  return (
    sides.length === 4 &&
    ["top", "bottom", "left", "right"].every((side) => side in value) &&
    sides.every(([, size]) => isWholeNumber(size, 0))
  );
}

/** Rows and columns at the four sides of an image: alike, a pair for height and width, or each side by name. */
export type Sides2dOption = Size2dOption | Padding2d;

/** The option `padding` or `cropping` of layers that do nothing else. */
export function sides2dField(fallback: Sides2dOption): Field<Sides2dOption> {
  return field(
    "a whole number of at least 0, a pair of them for height and width, or { top, bottom, left, right }",
    (value): value is Sides2dOption =>
      isWholeNumber(value, 0) ||
      isPadding2d(value) ||
      (Array.isArray(value) && value.length === 2 && value.every((size) => isWholeNumber(size, 0))),
    fallback,
  );
}

/** Each side by name. */
export function sidesOf(option: Sides2dOption): Padding2d {
  if (typeof option === "object" && "top" in option) return option;
  const [vertical, horizontal] = size2d(option);
  return { top: vertical, bottom: vertical, left: horizontal, right: horizontal };
}

/** Surrounds images [N, H, W, C] with one value. */
export function padPixels(
  build: Build,
  x: Node,
  { top, bottom, left, right }: Padding2d,
  value: number,
): Node {
  return build("pad", [x], { before: [0, top, left, 0], after: [0, bottom, right, 0], value });
}

/** A number stands for both axes. */
export function size2d(option: Size2dOption): Size2d {
  return typeof option === "number" ? [option, option] : option;
}

/** How a window of any kind (kernel or pool) moves over an image. */
export interface Window2d {
  readonly window: Size2d;
  readonly strides: Size2d;
  readonly dilations: Size2d;
  readonly padding: PaddingOption;
  readonly ceilMode: boolean;
}

/** Explicit padding and output size of a window over an image. */
export interface ResolvedWindow {
  readonly padding: Padding2d;
  readonly outputSize: Size2d;
}

/**
 * Resolves "same" and "valid" to explicit padding and works out the output size.
 *
 * @param image - [height, width, channels]
 * @throws ShapeError when the window is larger than the padded image
 */
export function resolveWindow(image: Shape, options: Window2d, where: string): ResolvedWindow {
  const inputSize = [image[0] ?? 1, image[1] ?? 1] as const;
  const { window: kernelSize, strides, dilations } = options;
  const padding = resolvePadding(options.padding, { inputSize, kernelSize, strides, dilations }, where);
  const outputAlong = (axis: 0 | 1, before: number, after: number) => {
    const extent = dilatedSize(kernelSize[axis], dilations[axis]);
    const output = poolOutputSize(inputSize[axis], extent, strides[axis], before, after, options.ceilMode);
    // In ceil mode one window may be larger than the image.
    if (output >= 1) return output;
    const side = axis === 0 ? "height" : "width";
    throw new ShapeError(
      `a window of ${side} ${extent} does not fit into an image of shape ${formatShape(image)} with padding ${before} and ${after}`,
      { where, hint: 'Use padding "same", a smaller window, or fewer poolings and strides before it.' },
    );
  };
  const height = outputAlong(0, padding.top, padding.bottom);
  const width = outputAlong(1, padding.left, padding.right);
  return { padding, outputSize: [height, width] };
}

/**
 * The single input as [height, width, channels].
 *
 * @throws ShapeError when it is not an image
 */
export function imageShape(inputs: readonly Shape[], where: string): readonly [number, number, number] {
  const shape = inputs[0] ?? [];
  const [height, width, channels] = shape;
  if (shape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new ShapeError(
      `expected images of shape [height, width, channels], got ${formatShape(shape)} (without the batch)`,
      { where, hint: "Place it before layers.flatten() and global pooling, or use layers.reshape() first." },
    );
  }
  return [height, width, channels];
}
