import type { DecodedImage } from "#host";
import { colourTable, paintMap } from "../../drawing/index.ts";
import type { Attribution } from "../../inspect/index.ts";
import { methodTexts } from "./method-texts.ts";

/** How much of a photo's contrast is left below a map. */
const fading = 0.5;
/** How much of a pixel is the map's colour where the map is strongest. */
const opacity = 0.9;
/** A few pixels have gradients far beyond all others: colours end where so many are below. */
const mostShare = 0.99;

/** A map as a picture of the photo's size. */
export function mapPicture(photo: DecodedImage, attribution: Attribution): DecodedImage {
  const { method, values, isSigned } = attribution;
  const { width, height } = photo;
  switch (methodTexts[method].look) {
    case "heat":
    case "signed-heat":
      return heatOver(photo, values.data, isSigned);
    case "map":
      return paintMap(values.data, height, width, { colours: "blues", range: [0, reachOf(values.data)] });
    case "signed-map": {
      const reach = reachOf(values.data);
      return paintMap(values.data, height, width, { colours: "orangeBlue", range: [-reach, reach] });
    }
    case "projection":
      return projection(photo, attribution.signed?.data ?? values.data);
  }
}

/** The absolute value that nearly all others are below; 1 where all are 0. */
function reachOf(values: Float32Array): number {
  const sorted = values.map(Math.abs).sort();
  const most = sorted[sorted.length - 1];
  return sorted[Math.floor(mostShare * (sorted.length - 1))] || most || 1;
}

/** A map over the photo in light gray: blue for what speaks for the class, orange for what speaks against it. */
function heatOver(
  { width, height, channels, pixels }: DecodedImage,
  values: Float32Array,
  isSigned: boolean,
): DecodedImage {
  const reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const table = colourTable(isSigned ? "orangeBlue" : "blues");
  const mixed = new Uint8Array(width * height * 3);
  for (const [pixel, value] of values.entries()) {
    const strength = value / reach;
    const entry = 3 * Math.round(255 * (isSigned ? (1 + strength) / 2 : strength));
    const share = opacity * Math.abs(strength);
    const gray = 255 - fading * (255 - brightness(pixels, pixel, channels));
    for (let channel = 0; channel < 3; channel++) {
      mixed[3 * pixel + channel] = Math.round((1 - share) * gray + share * table[entry + channel]);
    }
  }
  return { width, height, channels: 3, pixels: mixed };
}

/** Luma of ITU-R BT.601. */
function brightness(pixels: Uint8Array, pixel: number, channels: number): number {
  const at = pixel * channels;
  if (channels === 1) return pixels[at];
  return 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
}

/** A signal in the colours of the image: nothing is gray, and what is strong is far from it. */
function projection({ width, height, channels }: DecodedImage, signal: Float32Array): DecodedImage {
  const reach = reachOf(signal);
  const pixels = Uint8Array.from(signal, (value) => {
    return Math.round(255 * Math.min(1, Math.max(0, 0.5 + value / reach / 2)));
  });
  return { width, height, channels, pixels };
}
