import { DataError } from "../tensor/errors.ts";
import { type ImageSize, type Interpolation, resample } from "./resample.ts";

/** How an image of any size becomes one of a model's size. */
export interface ImageResize {
  /** The shorter side afterwards (the proportions stay), or height and width (they do not). */
  readonly size: number | readonly [height: number, width: number];
  /** What is cut out of the middle after that, a square or height and width; `null` for all of it. */
  readonly crop: number | readonly [height: number, width: number] | null;
  readonly interpolation: Interpolation;
  /** Whether every source pixel counts when an image shrinks. */
  readonly antialias: boolean;
}

/** Pixels with their size. */
export interface Pixels {
  readonly pixels: Uint8Array;
  readonly size: ImageSize;
}

/** Height and width of what `resizeImage` gives; `null` when they depend on the image. */
export function resizedSize({ size, crop }: ImageResize): readonly [height: number, width: number] | null {
  if (crop !== null) return bothSides(crop);
  return typeof size === "number" ? null : size;
}

/**
 * Resizes an image, then cuts out its middle. Where the crop reaches beyond the image, there is black. Sizes and offsets
 * are rounded as in torchvision's `Resize` and `CenterCrop`: the longer side down, the crop's offset to the nearest
 * even of two.
 */
export function resizeImage({ pixels, size }: Pixels, resize: ImageResize): Pixels {
  const [height, width] = typeof resize.size === "number" ? byShorterSide(size, resize.size) : resize.size;
  if (resize.crop === null) {
    return { pixels: resample(pixels, size, height, width, resize), size: { ...size, height, width } };
  }
  const [cropHeight, cropWidth] = bothSides(resize.crop);
  // What the crop leaves of the resized image is all that is made of it.
  const window = {
    top: Math.max(0, middle(height, cropHeight)),
    left: Math.max(0, middle(width, cropWidth)),
    height: Math.min(height, cropHeight),
    width: Math.min(width, cropWidth),
  };
  const kept = resample(pixels, size, height, width, { ...resize, window });
  return cropMiddle(
    { pixels: kept, size: { ...size, height: window.height, width: window.width } },
    cropHeight,
    cropWidth,
  );
}

function bothSides(size: number | readonly [number, number]): readonly [number, number] {
  return typeof size === "number" ? [size, size] : size;
}

/** @throws DataError when one side would become too long */
function byShorterSide({ height, width }: ImageSize, side: number): readonly [number, number] {
  const longer = Math.floor((side * Math.max(height, width)) / Math.min(height, width));
  if (longer > longestSide) {
    throw new DataError(
      `an image of ${width}x${height} with ${side} as its shorter side would be too large`,
      {
        hint: `Neither side may exceed ${longestSide}: cut the image first.`,
      },
    );
  }
  return height <= width ? [side, longer] : [longer, side];
}

/** A strip of one pixel's height would become gigabytes: no photograph is of such proportions. */
const longestSide = 2 ** 15;

/** The middle of an image, with black around it where it is too small. */
export function cropMiddle({ pixels, size }: Pixels, height: number, width: number): Pixels {
  const { channels } = size;
  const result = new Uint8Array(height * width * channels);
  const top = middle(size.height, height);
  const left = middle(size.width, width);
  const from = Math.max(0, left);
  const count = Math.min(size.width, left + width) - from;
  for (let row = Math.max(0, -top); row < Math.min(height, size.height - top); row++) {
    const start = ((top + row) * size.width + from) * channels;
    const stretch = pixels.subarray(start, start + count * channels);
    result.set(stretch, (row * width + from - left) * channels);
  }
  return { pixels: result, size: { height, width, channels } };
}

/**
 * A part of an image, given in shares of its height and width and rounded to whole pixels; of at least one, and within
 * the image.
 */
export function cutOut({ pixels, size }: Pixels, part: readonly number[]): Pixels {
  const [top, left, height, width] = part;
  const rows = stretchOf(size.height, top, height);
  const columns = stretchOf(size.width, left, width);
  const { channels } = size;
  if (rows.count === size.height && columns.count === size.width) return { pixels, size };
  const rowSize = columns.count * channels;
  const result = new Uint8Array(rows.count * rowSize);
  for (let row = 0; row < rows.count; row++) {
    const from = ((rows.first + row) * size.width + columns.first) * channels;
    result.set(pixels.subarray(from, from + rowSize), row * rowSize);
  }
  return { pixels: result, size: { height: rows.count, width: columns.count, channels } };
}

function stretchOf(whole: number, from: number, share: number): { first: number; count: number } {
  const first = Math.min(Math.max(0, Math.round(from * whole)), whole - 1);
  const end = Math.min(Math.max(first + 1, Math.round((from + share) * whole)), whole);
  return { first, count: end - first };
}

/** Where the middle part begins; negative when it is larger than the whole. */
function middle(whole: number, part: number): number {
  const half = (whole - part) / 2;
  // Padding before is rounded down, an offset of n + 1/2 goes to the even neighbour.
  if (half < 0) return -Math.floor(-half);
  return half % 2 === 0.5 ? Math.floor(half) : Math.round(half);
}
