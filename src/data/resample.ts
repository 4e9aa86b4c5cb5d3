/** How pixels between pixels are found. */
export type Interpolation = "nearest" | "bilinear" | "bicubic" | "lanczos";

/** All of them, as a list. */
export const interpolations: readonly Interpolation[] = ["nearest", "bilinear", "bicubic", "lanczos"];

/** Size of an image and its channels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** How an image is brought to another size. */
export interface ResampleOptions {
  /** Default `"bilinear"`. */
  readonly interpolation?: Interpolation;
  /**
   * Whether every source pixel counts when an image shrinks, as in Pillow and torchvision; default true. Without it only
   * the pixels around each point do, as in TensorFlow's `tf.image.resize` by default.
   */
  readonly antialias?: boolean;
  /** The part of the result that is wanted, within it; default all of it. The rest is not worked out. */
  readonly window?:
    | (Pick<ImageSize, "height" | "width"> & { readonly top: number; readonly left: number })
    | null;
}

/** A filter: its weight at a distance in pixels, 0 from `support` on. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const filters: Readonly<Record<Exclude<Interpolation, "nearest">, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys's cubic convolution with a = -1/2 (Keys 1981), as Pillow and TensorFlow have it. */
function cubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** sin(pi x) / (pi x). */
function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** For each target position: the first source position that counts, and the weights of it and those after it. */
interface Taps {
  readonly firsts: Int32Array;
  /** Where the weights of each position begin in `weights`; one more, where the last end. */
  readonly starts: Int32Array;
  /** Whole numbers: multiples of 2^-22. */
  readonly weights: Int32Array;
}

/**
 * Weights are whole multiples of 2^-22, as in Pillow, so that sums are exact and come out the same everywhere. No filter's
 * weights have a sum of 2 or more without their signs, so that sums of bytes stay within 32 bits.
 */
const unitBits = 22;
const unit = 2 ** unitBits;

/**
 * Weights along one axis. The filter is stretched by the scale when shrinking with antialias, so that every source pixel
 * counts:
 *
 *   centre = (target + 1/2) scale,  weight(source) ~ filter((source + 1/2 - centre) / max(scale, 1))
 *
 * Source: Pillow's `Image.resize`, which PyTorch's and Keras's image pipelines rest on.
 */
function filterTaps(sourceSize: number, targetSize: number, filter: Filter, antialias: boolean): Taps {
  const scale = sourceSize / targetSize;
  const stretch = antialias ? Math.max(scale, 1) : 1;
  const reach = filter.support * stretch;
  const taps = Array.from({ length: targetSize }, (_, target) => {
    const centre = (target + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(sourceSize, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - first }, (_, tap) =>
      filter.weight((first + tap + 0.5 - centre) / stretch),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => roundAwayFromZero((weight / sum) * unit)) };
  });
  const starts = new Int32Array(targetSize + 1);
  for (let target = 0; target < targetSize; target++)
    starts[target + 1] = starts[target] + taps[target].weights.length;
  return {
    firsts: Int32Array.from(taps, ({ first }) => first),
    starts,
    weights: Int32Array.from(taps.flatMap(({ weights }) => weights)),
  };
}

function roundAwayFromZero(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

/** The source pixel that a target pixel's middle falls in. */
function nearestTaps(sourceSize: number, targetSize: number): Taps {
  const scale = sourceSize / targetSize;
  const source = (_: unknown, target: number) => Math.min(sourceSize - 1, Math.floor((target + 0.5) * scale));
  return {
    firsts: Int32Array.from({ length: targetSize }, source),
    starts: Int32Array.from({ length: targetSize + 1 }, (_, target) => target),
    weights: new Int32Array(targetSize).fill(unit),
  };
}

/**
 * An image at another size: along the rows, rounded to bytes, then along the columns. With antialias the bytes are
 * Pillow's.
 *
 * Shapes: `pixels` is `[height, width, channels]` of `size`; the result `[height, width, channels]` with the target's
 * height and width, or with the window's.
 */
export function resample(
  pixels: Uint8Array,
  size: ImageSize,
  height: number,
  width: number,
  { interpolation = "bilinear", antialias = true, window = null }: ResampleOptions = {},
): Uint8Array {
  const { top, left, ...part } = window ?? { top: 0, left: 0, height, width };
  if (size.height === height && size.width === width && window === null) return pixels;
  const tapsOf = (source: number, target: number) =>
    interpolation === "nearest" || source === target
      ? nearestTaps(source, target)
      : filterTaps(source, target, filters[interpolation], antialias);
  const columns = tapsBetween(tapsOf(size.width, width), left, part.width);
  const rows = tapsBetween(tapsOf(size.height, height), top, part.height);
  // Rows that nobody looks at are not made.
  const first = rows.firsts[0];
  const end = rows.firsts[part.height - 1] + rows.starts[part.height] - rows.starts[part.height - 1];
  const rowSize = size.width * size.channels;
  const seen = { ...size, height: end - first };
  const wide =
    width === size.width && part.width === width
      ? pixels.subarray(first * rowSize, end * rowSize)
      : resampleRows(pixels.subarray(first * rowSize, end * rowSize), seen, columns);
  // A row is made of pixels a channel apart; a column, of elements a row apart.
  return height === size.height ? wide : resampleColumns(wide, part.width * size.channels, rows);
}

/** Taps of some of the targets. */
function tapsBetween({ firsts, starts, weights }: Taps, first: number, count: number): Taps {
  return {
    firsts: firsts.subarray(first, first + count),
    starts: starts.subarray(first, first + count + 1),
    weights,
  };
}

/** Two loops for the two numbers of channels: a photo's rows are most of the work, and go twice as fast like this. */
function resampleRows(pixels: Uint8Array, { height, width, channels }: ImageSize, columns: Taps): Uint8Array {
  const rowSize = columns.firsts.length * channels;
  const result = new Uint8ClampedArray(height * rowSize);
  const resampleRow = channels === 3 ? resampleRgbRow : resampleGrayRow;
  for (let row = 0; row < height; row++) {
    const source = pixels.subarray(row * width * channels, (row + 1) * width * channels);
    resampleRow(source, columns, result, row * rowSize);
  }
  return new Uint8Array(result.buffer);
}

function resampleRgbRow(
  source: Uint8Array,
  { firsts, starts, weights }: Taps,
  result: Uint8ClampedArray,
  at: number,
): void {
  for (let target = 0, to = at; target < firsts.length; target++, to += 3) {
    let red = unit / 2;
    let green = unit / 2;
    let blue = unit / 2;
    const end = starts[target + 1];
    for (let tap = starts[target], from = 3 * firsts[target]; tap < end; tap++, from += 3) {
      const weight = weights[tap];
      red = (red + Math.imul(weight, source[from])) | 0;
      green = (green + Math.imul(weight, source[from + 1])) | 0;
      blue = (blue + Math.imul(weight, source[from + 2])) | 0;
    }
    result[to] = red >> unitBits;
    result[to + 1] = green >> unitBits;
    result[to + 2] = blue >> unitBits;
  }
}

function resampleGrayRow(
  source: Uint8Array,
  { firsts, starts, weights }: Taps,
  result: Uint8ClampedArray,
  at: number,
): void {
  for (let target = 0; target < firsts.length; target++) {
    let sum = unit / 2;
    const end = starts[target + 1];
    for (let tap = starts[target], from = firsts[target]; tap < end; tap++, from++) {
      sum = (sum + Math.imul(weights[tap], source[from])) | 0;
    }
    result[at + target] = sum >> unitBits;
  }
}

/** Row by row, so that memory is read as it lies. */
function resampleColumns(pixels: Uint8Array, rowSize: number, { firsts, starts, weights }: Taps): Uint8Array {
  const result = new Uint8ClampedArray(firsts.length * rowSize);
  const sums = new Int32Array(rowSize);
  for (let target = 0; target < firsts.length; target++) {
    sums.fill(unit / 2);
    for (let tap = starts[target]; tap < starts[target + 1]; tap++) {
      const weight = weights[tap];
      // The first row that is there is the first that any target needs.
      const from = (firsts[target] - firsts[0] + tap - starts[target]) * rowSize;
      for (let index = 0; index < rowSize; index++) {
        sums[index] = (sums[index] + Math.imul(weight, pixels[from + index])) | 0;
      }
    }
    for (let index = 0; index < rowSize; index++) result[target * rowSize + index] = sums[index] >> unitBits;
  }
  return new Uint8Array(result.buffer);
}
