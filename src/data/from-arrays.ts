import { DataError, OptionError, ShapeError } from "../tensor/errors.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type ExampleType, type ImageDataset, numberedClasses } from "./dataset.ts";
import { checkLabels } from "./idx.ts";

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
export function fromArrays(options: ArraysOptions): ImageDataset<"uint8"> {
  const { images, name = "your data" } = options;
  const where = name;
  checkGiven("data.fromArrays", "images", options.images, options);
  if (images.dtype !== "uint8") {
    throw new DataError(`the images are ${images.dtype}, uint8 was expected`, {
      where,
      hint: 'Give values from 0 to 255, as by images.as("uint8"); the model scales them. Numbers that are to be taken as they are go into data.fromFeatures().',
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
  return labelled(name, images, "image", options);
}

/** What {@link fromFeatures} makes a data set of. */
export interface FeaturesOptions extends Omit<ArraysOptions, "images"> {
  /** Shapes: `[N, ...]`; what stands behind N is the input shape of the model, `[D]` for a single dense layer. */
  readonly features: Tensor<"float32">;
}

/**
 * A data set of numbers that a model takes as they are: features that another model has made of images, say. They are not
 * copied.
 *
 * @throws OptionError when features, labels or classes are missing
 * @throws ShapeError when the features are not `[N, ...]`
 * @throws DataError when types or counts do not fit, a label is not a class, or a feature is not a finite number
 */
export function fromFeatures(options: FeaturesOptions): ImageDataset<"float32"> {
  const { features, name = "your features" } = options;
  const where = name;
  checkGiven("data.fromFeatures", "features", options.features, options);
  if (features.dtype !== "float32") {
    throw new DataError(`the features are ${features.dtype}, float32 was expected`, {
      where,
      hint: 'Give features.as("float32"), or images of bytes to data.fromArrays().',
    });
  }
  if (features.shape.length < 2) {
    throw new ShapeError(`the features are ${formatShape(features.shape)}, [N, ...] was expected`, {
      where,
      hint: "Give one axis for the examples and one or more for the features of each.",
    });
  }
  const { data } = features;
  for (let index = 0; index < data.length; index++) {
    if (Number.isFinite(data[index])) continue;
    const example = Math.floor(index / (data.length / features.shape[0]));
    throw new DataError(`example ${example} has the feature ${data[index]}, a finite number was expected`, {
      where,
      hint: "Correct what made it, or leave the example out.",
    });
  }
  return labelled(name, features, "example", options);
}

/** Examples with their labels, once both have been checked. */
function labelled<D extends ExampleType>(
  where: string,
  images: Tensor<D>,
  noun: "image" | "example",
  { labels, classes }: Pick<ArraysOptions, "labels" | "classes">,
): ImageDataset<D> {
  checkShape(images.shape, where);
  const classNames = namesOf(classes, where);
  const values = labels instanceof Tensor ? labels.data : labels;
  if (values.length !== images.shape[0]) {
    throw new DataError(`there are ${images.shape[0]} ${noun}s and ${values.length} labels`, {
      where,
      hint: `Give exactly one label for each ${noun}.`,
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
  return { name: where, images, labels: new Tensor("int32", [checked.length], checked), classNames };
}

/** What the types ask for, for callers without types. */
function checkGiven(
  where: string,
  name: "images" | "features",
  examples: unknown,
  { labels, classes }: Partial<Pick<ArraysOptions, "labels" | "classes">>,
): void {
  const isList =
    typeof labels === "object" && labels !== null && (labels instanceof Tensor || "length" in labels);
  const missing: readonly (readonly [boolean, string])[] = [
    [examples instanceof Tensor, `"${name}" must be a Tensor`],
    [isList, '"labels" must be an array or a Tensor of whole numbers'],
    [typeof classes === "number" || Array.isArray(classes), '"classes" must be names or a number'],
  ];
  for (const [given, what] of missing) {
    if (!given) throw new OptionError(`option ${what}`, { where });
  }
}

function namesOf(classes: readonly string[] | number, where: string): readonly string[] {
  const count = typeof classes === "number" ? classes : classes.length;
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new DataError(`${count} is not a number of classes`, { where, hint: "Give two classes or more." });
  }
  return typeof classes === "number" ? numberedClasses(count) : classes;
}
