import type { Convolution2dAttributes } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import type { LoweringContext } from "./lowering.ts";
import {
  fitsWinograd,
  frequencies,
  gradientBlocks,
  roundUp,
  type TiledConvolution,
  tilesOf,
} from "./winograd-tiling.ts";

/**
 * What ways to convolve cost, for a choice between them. The unit is one multiply-add of a long matrix product; what else
 * there is to do counts as many as take the time. The factors are those of `npm run bench -- --case algorithms`, which
 * measures both ways over a grid of shapes and shows how often, and how badly, the choice is wrong. They are the same for
 * all builds of the kernels: the choice decides how sums are rounded, and must not depend on what is fastest here.
 */

/** What comes for each tile of a product on top of its multiply-adds, per element and in steps of k. */
const tileOverhead = 12;
/** The same where the sum is also read. */
const blockOverhead = 20;
/** Transforms of an input, an output and an output gradient, for each tile and channel. */
const inputTransform = 150;
const outputTransform = 190;
const outputGradientTransform = 150;
/** Transform of a filter, for each pair of channels; where it is done once, what is left is reading the result. */
const filterTransform = 800;
const filterReading = 250;
/** Taking back a filter's gradient, for each pair of channels. */
const filterRestoring = 700;
/** Copying the window that a direct convolution reads, for each input pixel and channel. */
const windowCopy = 2;

/** c [m, n] = a [m, k] b [k, n]. Columns are computed by the vector of 8. */
function productCost(m: number, n: number, k: number): number {
  return m * roundUp(n, 8) * (k + tileOverhead);
}

const pixelsOf = ([images, height, width]: Shape) => images * height * width;

/** An implicit matrix product, for the convolution or its input gradient. */
export function directCost({ input, output, size }: TiledConvolution): number {
  const product = productCost(pixelsOf(output), output[3], size * size * input[3]);
  return product + windowCopy * pixelsOf(input) * input[3];
}

/** Winograd's filtering, for the convolution or its input gradient. */
export function winogradCost({ input, output, size }: TiledConvolution, preparesOnce: boolean): number {
  const tiles = tilesOf(output, size);
  const [inputs, outputs] = [input[3], output[3]];
  const products = frequencies * productCost(tiles, outputs, inputs);
  const transforms = tiles * (inputTransform * inputs + outputTransform * outputs);
  return products + transforms + inputs * outputs * (preparesOnce ? filterReading : filterTransform);
}

/** The implicit product of transposed patches with dy, for the filter gradient. Rows are computed six at a time. */
export function directGradientCost({ input, output, size }: TiledConvolution): number {
  const rows = roundUp(size * size * input[3], 6);
  return productCost(rows, output[3], pixelsOf(output)) + windowCopy * pixelsOf(input) * input[3];
}

/** Winograd's filtering for the filter gradient. */
export function winogradGradientCost(convolution: TiledConvolution): number {
  const { input, output, size } = convolution;
  const tiles = tilesOf(output, size);
  const [inputs, outputs] = [input[3], output[3]];
  // Each block of tiles is a product of its own that is added to the sum.
  const blocks = gradientBlocks(convolution);
  const products = frequencies * roundUp(inputs, 6) * roundUp(outputs, 8) * (tiles + blockOverhead * blocks);
  const transforms = tiles * (inputTransform * inputs + outputGradientTransform * outputs);
  return products + transforms + inputs * outputs * filterRestoring;
}

/** Whether Winograd's filtering computes a convolution or its input gradient, where it can. */
export function prefersWinograd(
  convolution: TiledConvolution,
  filter: Shape,
  attributes: Convolution2dAttributes,
  context: LoweringContext,
): boolean {
  if (!fitsWinograd(filter, attributes, context)) return false;
  if (context.winograd !== "auto") return context.winograd === "always";
  return winogradCost(convolution, context.preparesOnce) < directCost(convolution);
}

/** Whether Winograd's filtering computes a filter gradient, where it can. */
export function prefersWinogradGradient(
  convolution: TiledConvolution,
  filter: Shape,
  attributes: Convolution2dAttributes,
  context: LoweringContext,
): boolean {
  if (!fitsWinograd(filter, attributes, context)) return false;
  if (context.winograd !== "auto") return context.winograd === "always";
  return winogradGradientCost(convolution) < directGradientCost(convolution);
}
