import type { Taps } from "../graph/index.ts";
import { field, isWholeNumber, type Size2dOption, size2dField } from "../options/index.ts";
import { formatShape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";
import { imageShape, size2d } from "./geometry.ts";
import { paddingTaps } from "./sampling.ts";

/** Options of `layers.blurPool2d`. */
export interface BlurPool2dOptions {
  /** Height and width of the filter, 2 to 7 pixels; default 3, which weighs 1-2-1. */
  readonly filterSize?: number;
  /** Every which row and column is kept; default 2. */
  readonly strides?: Size2dOption;
}

const [smallest, largest] = [2, 7];

const filterSizeField = field(
  `a whole number from ${smallest} to ${largest}`,
  (value): value is number => isWholeNumber(value, smallest, largest),
  3,
);

/**
 * Row k - 1 of Pascal's triangle over its sum: 1-1, 1-2-1, 1-3-3-1, ... Each is the one before, blurred by 1-1 once more.
 *
 * @param size - how many numbers there are
 */
export function binomialFilter(size: number): readonly number[] {
  let filter = [1];
  while (filter.length < size) {
    filter = [...filter, 0].map((value, index) => (value + (filter[index - 1] ?? 0)) / 2);
  }
  return filter;
}

/** Pixels that are mirrored before the first one and behind the last: of an even filter the larger half lies behind. */
export function blurPadding(filterSize: number): { readonly before: number; readonly behind: number } {
  const before = Math.floor((filterSize - 1) / 2);
  return { before, behind: filterSize - 1 - before };
}

/** What each pixel that is kept of an axis takes: its neighbours by the filter, the axis mirrored at its ends. */
export function blurTaps(size: number, filterSize: number, stride: number): readonly Taps[] {
  const filter = binomialFilter(filterSize);
  const { before, behind } = blurPadding(filterSize);
  const mirrored = paddingTaps("reflect", size, before, behind).map(([[position]]) => position);
  return Array.from({ length: Math.ceil(size / stride) }, (_, output): Taps => {
    const weights = new Map<number, number>();
    for (const [offset, weight] of filter.entries()) {
      const position = mirrored[output * stride + offset];
      weights.set(position, (weights.get(position) ?? 0) + weight);
    }
    return [...weights];
  });
}

/**
 * A fixed binomial blur, then every second row and column (R. Zhang: "Making convolutional networks shift-invariant again",
 * 2019). What is thinned out without a blur keeps finer detail than it has pixels for: which of it survives, a move by a pixel
 * decides. With the blur before it, max pooling in stride 1 and a convolution in stride 1 take the place of their strided forms:
 *
 *   maxPool2d({ poolSize: 2 })         becomes   maxPool2d({ poolSize: 2, strides: 1 }), blurPool2d()
 *   conv2d({ strides: 2, ... })        becomes   conv2d({ strides: 1, ... }), activation, blurPool2d()
 *
 * Images are mirrored at their outermost pixels, which do not count twice, as in the paper's own code. There is nothing to
 * train: the layer has no parameters.
 *
 * Shapes: [H, W, C] -> [ceil(H / stride), ceil(W / stride), C].
 */
export const blurPool2dLayer: LayerDefinition<BlurPool2dOptions> = {
  fields: { filterSize: filterSizeField, strides: size2dField(1, 2) },
  arity: oneInput,
  outputShape: ({ filterSize, strides }, inputs, where) => {
    const [height, width, channels] = imageShape(inputs, where);
    const { behind } = blurPadding(filterSize);
    if (behind >= Math.min(height, width)) {
      throw new ShapeError(
        `a filter of ${filterSize} pixels mirrors ${behind}, an image of ${formatShape([height, width, channels])} has too few`,
        { where, hint: "Use a smaller filter, or fewer poolings and strides before it." },
      );
    }
    const [vertical, horizontal] = size2d(strides);
    return [Math.ceil(height / vertical), Math.ceil(width / horizontal), channels];
  },
  parameters: noParameters,
  call: ({ filterSize, strides }, { build }, [x]) => {
    const [, height = 1, width = 1] = x.shape;
    const [vertical, horizontal] = size2d(strides);
    return build("resample2d", [x], {
      rows: blurTaps(height, filterSize, vertical),
      columns: blurTaps(width, filterSize, horizontal),
    });
  },
};
