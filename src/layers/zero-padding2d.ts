import type { Padding2d } from "../graph/index.ts";
import { field, isWholeNumber, type Size2dOption } from "../options/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, isPadding2d, size2d } from "./geometry.ts";

/** Options of `layers.zeroPadding2d`. */
export interface ZeroPadding2dOptions {
  /** All four sides, a pair for height and width, or each side by name; default 1. */
  readonly padding?: Size2dOption | Padding2d;
}

/** Surrounds images with zeros. Shapes: [H, W, C] -> [H + top + bottom, W + left + right, C]. */
export const zeroPadding2dLayer: LayerDefinition<ZeroPadding2dOptions> = {
  fields: {
    padding: field(
      "a whole number of at least 0, a pair of them for height and width, or { top, bottom, left, right }",
      isZeroPadding,
      1,
    ),
  },
  arity: oneInput,
  outputShape: ({ padding }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const { top, bottom, left, right } = sidesOf(padding);
    return [height + top + bottom, width + left + right, channels];
  },
  parameters: noParameters,
  call: ({ padding }, { build }, [x]) => {
    const { top, bottom, left, right } = sidesOf(padding);
    return build("pad", [x], { before: [0, top, left, 0], after: [0, bottom, right, 0], value: 0 });
  },
};

function isZeroPadding(value: unknown): value is Size2dOption | Padding2d {
  if (isWholeNumber(value, 0) || isPadding2d(value)) return true;
  return Array.isArray(value) && value.length === 2 && value.every((size) => isWholeNumber(size, 0));
}

function sidesOf(padding: Size2dOption | Padding2d): Padding2d {
  if (typeof padding === "object" && "top" in padding) return padding;
  const [height, width] = size2d(padding);
  return { top: height, bottom: height, left: width, right: width };
}
