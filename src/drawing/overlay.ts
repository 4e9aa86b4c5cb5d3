import type { DecodedImage } from "#host";
import { checkOptions, nameField, numberField } from "../options/index.ts";
import { DataError, formatShape, ShapeError, type Tensor } from "../tensor/index.ts";
import { type ColourMap, colourMaps, colourTable } from "./colour-map.ts";

/** How a map is laid over an image. */
export interface OverlayOptions {
  /** Colours of the map's numbers; default `"turbo"`. */
  readonly colours?: ColourMap;
  /** How much of a pixel is the map's colour where the map is 1; where it is less, so is the share. 0 to 1, default 0.6. */
  readonly opacity?: number;
}

const fields = {
  colours: nameField<ColourMap>(colourMaps, "turbo"),
  opacity: numberField({ minimum: 0, maximum: 1 }, 0.6),
};

/**
 * Lays a map of numbers from 0 to 1 over an image: the map is brought to the image's size by bilinear interpolation, coloured, and
 * mixed with the pixels. Parts where the map is 0 stay as they are.
 *
 * Shapes: an image of any size, gray or RGB, and a map `[h, w]` -> an RGB image of the image's size.
 *
 * @throws ShapeError for a map that is not `[h, w]`, DataError for pixels that do not make up the image, OptionError for a wrong option
 */
export function overlay(image: DecodedImage, map: Tensor, options: OverlayOptions = {}): DecodedImage {
  const { colours, opacity } = checkOptions<OverlayOptions>("overlay", options, fields);
  const { width, height, channels, pixels } = image;
  if (map.shape.length !== 2 || map.data.length === 0) {
    throw new ShapeError(`a map of [h, w] was expected, got ${formatShape(map.shape)}`, {
      where: "overlay",
      hint: "gradCam gives such a map for each image.",
    });
  }
  if (pixels.length !== width * height * channels) {
    throw new DataError(`${height}x${width}x${channels} pixels were expected, got ${pixels.length} bytes`, {
      where: "overlay",
      hint: "Give height * width * channels bytes.",
    });
  }
  const table = colourTable(colours);
  const mixed = new Uint8ClampedArray(width * height * 3);
  for (const [pixel, value] of stretched(map, height, width).entries()) {
    const strength = Math.min(1, Math.max(0, value));
    const share = opacity * strength;
    const colour = 3 * Math.round(255 * strength);
    for (let channel = 0; channel < 3; channel++) {
      const own = pixels[pixel * channels + Math.min(channel, channels - 1)];
      mixed[3 * pixel + channel] = (1 - share) * own + share * table[colour + channel];
    }
  }
  return { width, height, channels: 3, pixels: new Uint8Array(mixed.buffer) };
}

/** A place between two neighbours along an axis. */
interface Between {
  readonly from: number;
  readonly to: number;
  /** How far it is from `from` to `to`, 0 to 1. */
  readonly way: number;
}

/**
 * Where the middle of each of `target` pixels lies among the middles of `source` ones: (i + 1/2) source / target - 1/2. Beyond the
 * outermost middles nothing changes.
 */
function betweens(source: number, target: number): Between[] {
  return Array.from({ length: target }, (_, index) => {
    const place = Math.min(source - 1, Math.max(0, ((index + 0.5) * source) / target - 0.5));
    const from = Math.floor(place);
    return { from, to: Math.min(source - 1, from + 1), way: place - from };
  });
}

/** A map at an image's size, row by row. Shapes: [h, w] -> height * width numbers. */
export function stretched(
  { shape: [rows, columns], data }: Tensor,
  height: number,
  width: number,
): Float32Array {
  const across = betweens(columns, width);
  const down = betweens(rows, height);
  const result = new Float32Array(height * width);
  let at = 0;
  for (const { from: above, to: below, way: downwards } of down) {
    for (const { from: left, to: right, way: sideways } of across) {
      const upper = data[above * columns + left] * (1 - sideways) + data[above * columns + right] * sideways;
      const lower = data[below * columns + left] * (1 - sideways) + data[below * columns + right] * sideways;
      result[at++] = upper * (1 - downwards) + lower * downwards;
    }
  }
  return result;
}
