import { DataError, OptionError, ShapeError } from "../tensor/errors.ts";
import { RandomStream } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { type ArrayOf, Tensor } from "../tensor/tensor.ts";

/** What examples are: bytes of images, or numbers that are taken as they are. */
export type ExampleType = "uint8" | "float32";

/** Labelled images, or other examples, in memory. */
export interface ImageDataset<D extends ExampleType = ExampleType> {
  /** For messages: `mnist train`. */
  readonly name: string;
  /**
   * Bytes are images, 0 to 255, which a model preprocesses. Numbers are taken as they are: features of images, or images
   * that are prepared already.
   *
   * Shapes: uint8 `[N, H, W, C]`, or float32 `[N, ...]` with the input shape of the model behind N.
   */
  readonly images: Tensor<D>;
  /** Shapes: `[N]`; each an index into `classNames`. */
  readonly labels: Tensor<"int32">;
  readonly classNames: readonly string[];
}

/** Number of examples of a data set, or of a stream. */
export function countOf({ labels }: Pick<ImageDataset, "labels">): number {
  return labels.data.length;
}

/** Images `begin` to `end - 1`, as views of the same memory. */
function part<D extends ExampleType>(
  dataset: ImageDataset<D>,
  begin: number,
  end: number,
  name: string,
): ImageDataset<D> {
  const [, ...imageShape] = dataset.images.shape;
  const imageSize = dataset.images.data.length / countOf(dataset);
  const count = end - begin;
  // A part of an array is of the array's type, which the compiler does not see where the type is open.
  const rows = dataset.images.data.subarray(begin * imageSize, end * imageSize) as ArrayOf[D];
  return {
    name,
    images: new Tensor(dataset.images.dtype, [count, ...imageShape], rows),
    labels: new Tensor("int32", [count], dataset.labels.data.subarray(begin, end)),
    classNames: dataset.classNames,
  };
}

/**
 * The first `limit` images, not copied; all of them when there are fewer.
 *
 * @throws OptionError when `limit` is not a positive whole number
 */
export function take<D extends ExampleType>(dataset: ImageDataset<D>, limit: number): ImageDataset<D> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new OptionError(`${limit} is not a number of images`, {
      where: "limit",
      hint: "Give a whole number from 1 up.",
    });
  }
  return limit >= countOf(dataset) ? dataset : part(dataset, 0, limit, dataset.name);
}

/**
 * Splits off the last `fraction` of the images for validation, before any shuffling, as Keras's `validation_split`
 * does: the first `floor(N * (1 - fraction))` stay for training. Nothing is copied.
 *
 * @throws OptionError when `fraction` is not between 0 and 1, or leaves either part empty
 */
export function split<D extends ExampleType>(
  dataset: ImageDataset<D>,
  fraction: number,
): { readonly train: ImageDataset<D>; readonly validation: ImageDataset<D> } {
  const { train, validation } = splitCounts(dataset, fraction);
  return {
    train: part(dataset, 0, train, dataset.name),
    validation: part(dataset, train, train + validation, `${dataset.name} (validation part)`),
  };
}

/**
 * How many examples stay for training when the last `fraction` is split off, and how many are for validation.
 *
 * @throws OptionError when `fraction` is not between 0 and 1, or leaves either part empty
 */
export function splitCounts(
  dataset: Pick<ImageDataset, "labels">,
  fraction: number,
): { readonly train: number; readonly validation: number } {
  const where = "validation split";
  if (!(fraction > 0 && fraction < 1)) {
    throw new OptionError(`${fraction} is not a fraction between 0 and 1`, {
      where,
      hint: "Give the share of the images to validate with, such as 0.1.",
    });
  }
  const count = countOf(dataset);
  const trainCount = Math.floor(count * (1 - fraction));
  if (trainCount === 0 || trainCount === count) {
    throw new OptionError(
      `${fraction} of ${count} images leaves ${trainCount} to train and ${count - trainCount} to validate with`,
      {
        where,
        hint: "Use more images or another fraction, so that neither part is empty.",
      },
    );
  }
  return { train: trainCount, validation: count - trainCount };
}

/** Class names `"0"`, `"1"`, ... */
export function numberedClasses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/**
 * The images moved by a fixed amount; what comes in at the edges is 0, what goes out is lost.
 *
 * Shapes: `[N, H, W, C]` to the same.
 *
 * @param dx - pixels to the right; negative to the left
 * @param dy - pixels down; negative up
 * @throws DataError when the images are not bytes
 * @throws ShapeError when the images are not `[N, H, W, C]`
 * @throws OptionError when `dx` or `dy` is not a whole number
 */
export function shiftImages(images: ImageDataset["images"], dx: number, dy: number): Tensor<"uint8"> {
  const where = "shift";
  const pixels = images.data;
  if (!(pixels instanceof Uint8Array)) {
    throw new DataError(`the images are ${images.dtype}, uint8 was expected`, {
      where,
      hint: "Only images of bytes can be moved: features have no place in an image.",
    });
  }
  if (images.shape.length !== 4) {
    throw new ShapeError(`the images are ${formatShape(images.shape)}, [N, H, W, C] was expected`, { where });
  }
  if (!Number.isSafeInteger(dx) || !Number.isSafeInteger(dy)) {
    throw new OptionError(`${dx},${dy} is not a shift by whole pixels`, {
      where,
      hint: "Give two whole numbers: pixels to the right, pixels down.",
    });
  }
  const [count, height, width, channels] = images.shape;
  const shifted = Tensor.zeros("uint8", images.shape);
  const rowSize = width * channels;
  const keptSize = (width - Math.abs(dx)) * channels;
  if (keptSize <= 0) return shifted;
  const sourceColumn = Math.max(0, -dx) * channels;
  const targetColumn = Math.max(0, dx) * channels;
  const firstRow = Math.max(0, -dy);
  const endRow = Math.min(height, height - dy);
  for (let image = 0; image < count; image++) {
    for (let row = firstRow; row < endRow; row++) {
      const source = (image * height + row) * rowSize + sourceColumn;
      const target = (image * height + row + dy) * rowSize + targetColumn;
      shifted.data.set(pixels.subarray(source, source + keptSize), target);
    }
  }
  return shifted;
}

/**
 * The order in which an epoch visits the images: a permutation of 0 to `count - 1` that depends on nothing but seed,
 * epoch and count, so that a resumed run goes on as if it had not been interrupted.
 */
export function epochOrder(seed: number, epoch: number, count: number): Int32Array {
  return new RandomStream(seed).split("shuffle", epoch).permutation(count);
}
