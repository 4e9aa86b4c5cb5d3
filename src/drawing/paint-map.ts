import type { DecodedImage } from "#host";
import { OptionError } from "../tensor/index.ts";
import { type ColourMap, colourTable, type SignedColourMap } from "./colour-map.ts";

/** How a map of numbers becomes a picture. */
export interface PaintOptions {
  /** Default `"grays"`, and `"orangeBlue"` where there are negative numbers: then 0 is the middle. */
  readonly colours?: ColourMap | SignedColourMap | null;
  /**
   * Numbers of the first and the last colour, so that several maps can be compared; default from 0, or the least if that is
   * above, to the greatest; with a sign as far from 0 on both sides.
   */
  readonly range?: readonly [low: number, high: number] | null;
}

/** The extent of the numbers of maps that are to be compared, as {@link PaintOptions} wants it. */
export function paintRange(values: ArrayLike<number>): readonly [low: number, high: number] {
  let [low, high] = [0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low === 0) return [0, high];
  const reach = Math.max(-low, high);
  return [-reach, reach];
}

/**
 * Paints numbers row by row, a pixel each. What is not a number is painted as the first colour.
 *
 * Shapes: height * width numbers -> an RGB image.
 *
 * @throws OptionError when there are more or fewer numbers
 */
export function paintMap(
  values: ArrayLike<number>,
  height: number,
  width: number,
  options: PaintOptions = {},
): DecodedImage {
  if (values.length !== height * width) {
    throw new OptionError(`${height} x ${width} numbers were expected, got ${values.length}`, {
      where: "paintMap",
      hint: "Give one map at a time, row by row.",
    });
  }
  const [low, high] = options.range ?? paintRange(values);
  const table = colourTable(options.colours ?? (low < 0 ? "orangeBlue" : "grays"));
  const pixels = new Uint8Array(height * width * 3);
  // Maps that are the same everywhere: nothing where all is 0, the first colour elsewhere.
  const span = high - low || 1;
  for (let index = 0; index < values.length; index++) {
    const share = ((values[index] ?? 0) - low) / span;
    const entry = 3 * Math.round(255 * Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)));
    for (let channel = 0; channel < 3; channel++) pixels[3 * index + channel] = table[entry + channel] ?? 0;
  }
  return { width, height, channels: 3, pixels };
}
