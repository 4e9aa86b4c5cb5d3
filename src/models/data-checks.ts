import { countOf, type ImageDataset } from "../data/index.ts";
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
 * @throws ShapeError or DataError when a dataset does not suit a model
 */
export function checkDataset(dataset: ImageDataset, inputShape: Shape, classes: number, model: string): void {
  checkImages(dataset.images, inputShape, model, dataset.name);
  const labels = dataset.labels.data;
  checkTypes(dataset, inputShape, model);
  if (countOf(dataset) !== dataset.images.shape[0]) {
    throw new DataError(`there are ${dataset.images.shape[0]} images and ${countOf(dataset)} labels`, {
      where: dataset.name,
      hint: "Give exactly one label for each image.",
    });
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (wrong === -1) return;
  throw new DataError(`label ${labels[wrong]} of example ${wrong} is not one of 0 to ${classes - 1}`, {
    where: dataset.name,
    hint: `Model "${model}" has ${classes} classes: build it with more, or mend the labels.`,
  });
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
  throw new DataError(
    `the examples are uint8, model "${model}" takes no images: [${inputShape.join(", ")}]`,
    {
      where: name,
      hint: "Bytes are images of shape [H, W, C]: make a dataset of numbers with data.fromFeatures().",
    },
  );
}
