import type { Taps } from "../graph/index.ts";

/** How a pixel is made of its neighbours: of the nearest, or of the two next to it along each axis by their distance. */
export type Interpolation = "nearest" | "bilinear";

/** All ways, for checks and errors. */
export const interpolations: readonly Interpolation[] = ["nearest", "bilinear"];

/**
 * Where output pixel i lies in the input, with `scale` output pixels to one of the input (ONNX's names of the same):
 *
 * - `halfPixel`: (i + 1/2) / scale - 1/2: pixels are squares, and the images' borders coincide;
 * - `pytorchHalfPixel`: the same, but 0 where the output has one pixel;
 * - `alignCorners`: i (input - 1) / (output - 1): pixels are points, and the outermost coincide;
 * - `asymmetric`: i / scale.
 */
export type Coordinates = "halfPixel" | "pytorchHalfPixel" | "alignCorners" | "asymmetric";

/** What is the nearest: halves go down or up, or everything does. */
export type Rounding = "roundPreferFloor" | "roundPreferCeil" | "floor" | "ceil";

/** Pixels along an axis before and after, and how many of the output there are to one of the input. */
export interface ResizedAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
}

const positions: { readonly [C in Coordinates]: (index: number, axis: ResizedAxis) => number } = {
  halfPixel: (index, { scale }) => (index + 0.5) / scale - 0.5,
  pytorchHalfPixel: (index, { output, scale }) => (output > 1 ? (index + 0.5) / scale - 0.5 : 0),
  alignCorners: (index, { input, output }) => (output > 1 ? (index * (input - 1)) / (output - 1) : 0),
  asymmetric: (index, { scale }) => index / scale,
};

/** All kinds of coordinates, for checks and errors. */
export const coordinateNames = Object.keys(positions) as readonly Coordinates[];

const roundings: { readonly [R in Rounding]: (position: number) => number } = {
  roundPreferFloor: (position) => Math.ceil(position - 0.5),
  roundPreferCeil: (position) => Math.floor(position + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** All kinds of rounding, for checks and errors. */
export const roundingNames = Object.keys(roundings) as readonly Rounding[];

/** What each position of a resized axis takes of the input; beyond its ends, the input goes on as its last pixel. */
export function resizingTaps(
  axis: ResizedAxis,
  interpolation: Interpolation,
  coordinates: Coordinates,
  rounding: Rounding,
): readonly Taps[] {
  const inside = (index: number) => Math.min(axis.input - 1, Math.max(0, index));
  return Array.from({ length: axis.output }, (_, index): Taps => {
    const position = positions[coordinates](index, axis);
    if (interpolation === "nearest") return [[inside(roundings[rounding](position)), 1]];
    const before = Math.floor(position);
    const share = position - before;
    const [first, second] = [inside(before), inside(before + 1)];
    // On a pixel, or beyond the ends, one tap is all there is.
    if (share === 0 || first === second) return [[first, 1]];
    return [
      [first, 1 - share],
      [second, share],
    ];
  });
}

/** What each position of a padded axis of `size` pixels takes: the border's pixel, or the mirrored one. */
export function paddingTaps(
  mode: "edge" | "reflect",
  size: number,
  before: number,
  after: number,
): readonly Taps[] {
  const last = size - 1;
  return Array.from({ length: before + size + after }, (_, index): Taps => {
    const position = index - before;
    const clamped = Math.min(last, Math.max(0, position));
    return [[mode === "edge" ? clamped : 2 * clamped - position, 1]];
  });
}
