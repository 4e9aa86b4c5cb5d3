import { mixedColours } from "./colour-mix.ts";

/** How numbers from 0 to 1 become colours: one hue or a walk through several, from little to much. */
export type ColourMap = "turbo" | "viridis" | "grays" | "blues" | "oranges";

/**
 * How numbers with a sign become colours: 0 the least, 1/2 nothing, 1 the greatest. Above nothing it is blue, as maps of numbers
 * without a sign are, so that blue means the same in both.
 */
export type SignedColourMap = "orangeBlue";

/** Coefficients of a polynomial, the constant first, for red, green and blue. */
type Polynomials = readonly [red: readonly number[], green: readonly number[], blue: readonly number[]];

/**
 * Polynomials that were fitted to the tables of both maps: turbo's of degree 5 (Mikhailov: "Turbo, an improved rainbow colormap for
 * visualization", Google AI blog, 2019), viridis's of degree 6 (Zucker: "matplotlib colormaps", Shadertoy WlfXRN, 2019; the map by
 * Smith and van der Walt, 2015).
 */
const polynomials: { readonly [M in "turbo" | "viridis"]: Polynomials } = {
  turbo: [
    [0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943],
    [0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604],
    [0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973],
  ],
  viridis: [
    [0.27772733, 0.10509304, -0.33086183, -4.6342305, 6.22826994, 4.776385, -5.43545586],
    [0.00540734, 1.40461353, 0.21484756, -5.79910097, 14.17993337, -13.74514538, 4.64585261],
    [0.3340998, 1.38459016, 0.09509516, -19.33244096, 56.6905526, -65.35303263, 26.31243525],
  ],
};

/** Colours at even distances, between which colours are mixed so that equal steps look equal. */
const stops: {
  readonly [M in "blues" | "oranges" | SignedColourMap]: readonly string[];
} = {
  blues: ["#f4f7fb", "#a9c8ea", "#4a8fd3", "#1b57a0", "#0a2550"],
  oranges: ["#f9f5f1", "#f3cba9", "#d97b31", "#a04a0c", "#5a2603"],
  orangeBlue: ["#7d3606", "#d97b31", "#f3cba9", "#f5f4f1", "#b9d2ee", "#4d8bd6", "#123f7d"],
};

/** Names of the maps of numbers without a sign. */
export const colourMaps: readonly ColourMap[] = ["turbo", "viridis", "grays", "blues", "oranges"];

/** Red, green and blue, 0 to 255, of 256 numbers from 0 to 1. */
export function colourTable(name: ColourMap | SignedColourMap): Uint8Array {
  if (name === "turbo" || name === "viridis") return fittedTable(polynomials[name]);
  // As images of one channel are shown everywhere.
  if (name === "grays") return Uint8Array.from({ length: 256 * 3 }, (_, index) => Math.floor(index / 3));
  return Uint8Array.from(mixedColours(stops[name], 256).flat());
}

function fittedTable(channels: Polynomials): Uint8Array {
  const table = new Uint8ClampedArray(256 * 3);
  for (let entry = 0; entry < 256; entry++) {
    for (const [channel, coefficients] of channels.entries()) {
      // Horner's rule.
      const value = coefficients.reduceRight((sum, coefficient) => sum * (entry / 255) + coefficient, 0);
      table[entry * 3 + channel] = 255 * value;
    }
  }
  return new Uint8Array(table.buffer);
}
