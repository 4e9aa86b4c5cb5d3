import { DataError, OptionError, ShapeError } from "../tensor/errors.ts";
import { RandomStream } from "../tensor/random.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkLabels } from "./idx.ts";

/** Labelled images in memory. */
export interface ImageDataset {
  /** For messages: `mnist train`. */
  readonly name: string;
  /** Shapes: `[N, H, W, C]`; 0 to 255. */
  readonly images: Tensor<"uint8">;
  /** Shapes: `[N]`; each an index into `classNames`. */
  readonly labels: Tensor<"int32">;
  readonly classNames: readonly string[];
}

/** Number of images of a data set. */
export function countOf(dataset: ImageDataset): number {
  return dataset.labels.data.length;
}

/** Images `begin` to `end - 1`, as views of the same memory. */
function part(dataset: ImageDataset, begin: number, end: number, name: string): ImageDataset {
  const [, ...imageShape] = dataset.images.shape;
  const imageSize = dataset.images.data.length / countOf(dataset);
  const count = end - begin;
  const pixels = dataset.images.data.subarray(begin * imageSize, end * imageSize);
  return {
    name,
    images: new Tensor("uint8", [count, ...imageShape], pixels),
    labels: new Tensor("int32", [count], dataset.labels.data.subarray(begin, end)),
    classNames: dataset.classNames,
  };
}

/**
 * The first `limit` images, not copied; all of them when there are fewer.
 *
 * @throws OptionError when `limit` is not a positive whole number
 */
export function take(dataset: ImageDataset, limit: number): ImageDataset {
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
export function split(
  dataset: ImageDataset,
  fraction: number,
): { readonly train: ImageDataset; readonly validation: ImageDataset } {
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
  return {
    train: part(dataset, 0, trainCount, dataset.name),
    validation: part(dataset, trainCount, count, `${dataset.name} (validation part)`),
  };
}

/** What {@link fromArrays} makes a data set of. */
export interface ArraysOptions {
  /** Shapes: `[N, H, W, C]`; 0 to 255. */
  readonly images: Tensor<"uint8">;
  /** N whole numbers, each the index of a class. */
  readonly labels: ArrayLike<number> | Tensor<"int32" | "uint32" | "uint8">;
  /** The classes' names, or how many there are. */
  readonly classes: readonly string[] | number;
  /** For messages. */
  readonly name?: string;
}

/**
 * A data set of your own images. The images are not copied.
 *
 * @throws OptionError when images, labels or classes are missing
 * @throws ShapeError when the images are not `[N, H, W, C]`
 * @throws DataError when types or counts do not fit, or a label is not a class
 */
export function fromArrays(options: ArraysOptions): ImageDataset {
  const { images, labels, classes, name = "your data" } = options;
  const where = name;
  checkGiven(options);
  if (images.dtype !== "uint8") {
    throw new DataError(`the images are ${images.dtype}, uint8 was expected`, {
      where,
      hint: 'Give values from 0 to 255, as by images.as("uint8"); the model scales them.',
    });
  }
  if (images.shape.length !== 4) {
    const hint =
      images.shape.length === 3
        ? `For gray images use images.reshape(${formatShape([...images.shape, 1])}).`
        : "Give one axis each for image, row, column and channel.";
    throw new ShapeError(`the images are ${formatShape(images.shape)}, [N, H, W, C] was expected`, {
      where,
      hint,
    });
  }
  checkShape(images.shape, where);
  const classNames = namesOf(classes, where);
  const values = labels instanceof Tensor ? labels.data : labels;
  if (values.length !== images.shape[0]) {
    throw new DataError(`there are ${images.shape[0]} images and ${values.length} labels`, {
      where,
      hint: "Give exactly one label for each image.",
    });
  }
  const checked = Int32Array.from(values);
  const index = checked.findIndex((label, position) => label !== values[position]);
  if (index !== -1) {
    throw new DataError(`the label at index ${index} is ${values[index]}, a whole number was expected`, {
      where,
      hint: "Labels are indices of classes, from 0 up.",
    });
  }
  checkLabels(checked, classNames.length, where);
  return { name, images, labels: new Tensor("int32", [checked.length], checked), classNames };
}

/** What the types ask for, for callers without types. */
function checkGiven({ images, labels, classes }: Partial<ArraysOptions>): void {
  const isList =
    typeof labels === "object" && labels !== null && (labels instanceof Tensor || "length" in labels);
  const missing: readonly (readonly [boolean, string])[] = [
    [images instanceof Tensor, '"images" must be a Tensor'],
    [isList, '"labels" must be an array or a Tensor of whole numbers'],
    [typeof classes === "number" || Array.isArray(classes), '"classes" must be names or a number'],
  ];
  for (const [given, what] of missing) {
    if (!given) throw new OptionError(`option ${what}`, { where: "data.fromArrays" });
  }
}

function namesOf(classes: readonly string[] | number, where: string): readonly string[] {
  const count = typeof classes === "number" ? classes : classes.length;
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new DataError(`${count} is not a number of classes`, { where, hint: "Give two classes or more." });
  }
  return typeof classes === "number" ? numberedClasses(count) : classes;
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
 * @throws ShapeError when the images are not `[N, H, W, C]`
 * @throws OptionError when `dx` or `dy` is not a whole number
 */
export function shiftImages(images: Tensor<"uint8">, dx: number, dy: number): Tensor<"uint8"> {
  const where = "shift";
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
      shifted.data.set(images.data.subarray(source, source + keptSize), target);
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
