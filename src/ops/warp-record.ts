import type { Size2d } from "../graph/index.ts";

/**
 * What `warpImages` does to one image, as {@link warpRecordLength} float32 numbers; here the places of its parts.
 *
 * - `map`, 6 numbers a, b, c, d, e, f: pixel (row i, column j) of the output is taken from column a j + b i + c and row
 *   d j + e i + f of the image, by bilinear interpolation; whole numbers are centres of pixels;
 * - `colour`, `mean` and `bias`, 3 x 3, 3 x 3 and 3 numbers A, B, b: the pixel's channels x become A x + B m + b, limited
 *   to [0, 255]; m is the mean of each channel over the whole image as it is stored. Images of one channel use the first
 *   number of each, those of other than one or three are left as they are;
 * - `box`, 4 numbers: first row, first column, row behind the last and column behind the last of what is covered;
 * - `cover`: with what, from 0 to 255, or a negative number for the image's mean, coloured like the rest.
 */
export const warpParts = { map: 0, colour: 6, mean: 15, bias: 24, box: 27, cover: 31 } as const;

/** Numbers in a record of `warpImages`. */
export const warpRecordLength = 32;

/** A record that leaves an image as it is. */
export function plainWarpRecord(): Float32Array<ArrayBuffer> {
  const record = new Float32Array(warpRecordLength);
  for (const one of [0, 4]) record[warpParts.map + one] = 1;
  for (const one of [0, 4, 8]) record[warpParts.colour + one] = 1;
  return record;
}

/** One image among others: bytes, channels last, `first` elements from the beginning. */
export interface WarpSource {
  readonly pixels: ArrayLike<number>;
  readonly first: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Where the result goes, and of what size. */
export interface WarpTarget {
  readonly values: Float64Array;
  readonly first: number;
  readonly size: Size2d;
}

/**
 * One image as its record says, as numbers from 0 to 255: the float64 reference of `warpImages`, and what previews show.
 *
 * @param fill - what lies outside the image
 */
export function warpImage(source: WarpSource, record: ArrayLike<number>, target: WarpTarget, fill = 0): void {
  const { channels } = source;
  const { first, values, size } = target;
  const [height, width] = size;
  const colour = colourOf(source, record);
  const pixel = new Float64Array(channels);
  const put = (i: number, j: number) => values.set(pixel, first + (i * width + j) * channels);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      sample(source, record, i, j, fill, pixel);
      colour(pixel);
      put(i, j);
    }
  const { box, cover } = warpParts;
  if (record[cover] < 0) {
    pixel.set(meansOf(source));
    colour(pixel);
  } else pixel.fill(record[cover]);
  for (let i = Math.max(0, record[box]); i < Math.min(height, record[box + 2]); i++)
    for (let j = Math.max(0, record[box + 1]); j < Math.min(width, record[box + 3]); j++) put(i, j);
}

/** The four pixels around a point, each weighed by its nearness on both axes. */
function sample(
  { pixels, first, height, width, channels }: WarpSource,
  record: ArrayLike<number>,
  i: number,
  j: number,
  fill: number,
  pixel: Float64Array,
): void {
  const x = record[0] * j + record[1] * i + record[2];
  const y = record[3] * j + record[4] * i + record[5];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  pixel.fill(0);
  for (const row of [top, top + 1])
    for (const column of [left, left + 1]) {
      const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      if (weight === 0) continue;
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      const from = first + (row * width + column) * channels;
      for (let c = 0; c < channels; c++) pixel[c] += weight * (inside ? pixels[from + c] : fill);
    }
}

/** Changes a pixel in place: A x + B m + b, limited to [0, 255]. */
function colourOf(source: WarpSource, record: ArrayLike<number>): (pixel: Float64Array) => void {
  const { channels } = source;
  if (channels !== 1 && channels !== 3) return () => undefined;
  const means = meansOf(source);
  const before = new Float64Array(channels);
  return (pixel) => {
    before.set(pixel);
    for (let c = 0; c < channels; c++) {
      let sum = record[warpParts.bias + c];
      for (let k = 0; k < channels; k++) {
        const at = 3 * c + k;
        sum += record[warpParts.colour + at] * before[k] + record[warpParts.mean + at] * means[k];
      }
      pixel[c] = Math.min(255, Math.max(0, sum));
    }
  };
}

function meansOf({ pixels, first, height, width, channels }: WarpSource): Float64Array {
  const sums = new Float64Array(channels);
  const count = height * width;
  for (let index = 0; index < count * channels; index++) sums[index % channels] += pixels[first + index];
  return sums.map((sum) => sum / count);
}
