import {
  countOf,
  type ExampleSource,
  type ImageDataset,
  type ImageStream,
  isImageStream,
} from "../data/index.ts";
import {
  DataError,
  formatShape,
  type Shape,
  ShapeError,
  sameShape,
  type TensorType,
} from "../tensor/index.ts";

/**
 * @throws ShapeError when images are not [N, ...input shape] of the model
 */
export function checkImages(images: TensorType, inputShape: Shape, model: string, where: string): void {
  const [count = 0, ...shape] = images.shape;
  if (sameShape(shape, inputShape) && count > 0) return;
  throw new ShapeError(
    `model "${model}" takes images of shape [N, ${inputShape.join(", ")}], got ${formatShape(images.shape)}`,
    { where, hint: "Resize or reshape the images, or build the model with their inputShape." },
  );
}

/**
 * @throws ShapeError or DataError when examples do not suit a model
 */
export function checkExamples(
  source: ExampleSource,
  inputShape: Shape,
  classes: number,
  model: string,
): void {
  if (isImageStream(source)) checkStream(source, inputShape, model);
  else checkDataset(source, inputShape, model);
  const labels = source.labels.data;
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong === -1) return;
  throw new DataError(`label ${labels[wrong]} of example ${wrong} is not one of 0 to ${classes - 1}`, {
    where: source.name,
    hint: `Model "${model}" has ${classes} classes: build it with more, or mend the labels.`,
  });
}

function checkDataset(dataset: ImageDataset, inputShape: Shape, model: string): void {
  checkImages(dataset.images, inputShape, model, dataset.name);
  checkTypes(dataset, inputShape, model);
  if (countOf(dataset) === dataset.images.shape[0]) return;
  throw new DataError(`there are ${dataset.images.shape[0]} images and ${countOf(dataset)} labels`, {
    where: dataset.name,
    hint: "Give exactly one label for each image.",
  });
}

/** @throws ShapeError or DataError when images of a stream do not suit a model */
export function checkStream(stream: ImageStream, inputShape: Shape, model: string): void {
  const { name, imageShape, labels } = stream;
  checkImages({ shape: [countOf(stream), ...imageShape], dtype: "uint8" }, inputShape, model, name);
  if (labels.dtype !== "int32") {
    throw new DataError(`labels must be int32, got ${labels.dtype}`, { where: name });
  }
  if (inputShape.length !== 3) throw takesNoImages(name, inputShape, model);
}

function checkTypes({ name, images, labels }: ImageDataset, inputShape: Shape, model: string): void {
  const isKnown = images.dtype === "uint8" || images.dtype === "float32";
  if (!isKnown || labels.dtype !== "int32") {
    throw new DataError(
      `images must be uint8 or float32 and labels int32, got ${images.dtype} and ${labels.dtype}`,
      { where: name, hint: "Make the dataset with data.fromArrays() or data.fromFeatures()." },
    );
  }
  if (images.dtype === "float32" || inputShape.length === 3) return;
  throw takesNoImages(name, inputShape, model);
}

function takesNoImages(where: string, inputShape: Shape, model: string): DataError {
  return new DataError(
    `the examples are uint8, model "${model}" takes no images: ${formatShape(inputShape)}`,
    {
      where,
      hint: "Bytes are images of shape [H, W, C]: make a dataset of numbers with data.fromFeatures().",
    },
  );
}
