import { DataError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { countOf, type ExampleType, type ImageDataset } from "./dataset.ts";
import type { ImageStream } from "./image-stream.ts";

/**
 * The examples of some indices, in their order. Those of a data set in memory are copied; a stream reads its own when they
 * are needed.
 *
 * @param name - of the subset, for messages; default that of the whole
 * @throws DataError for an index that is none, or no index at all
 */
export function subset<D extends ExampleType>(
  dataset: ImageDataset<D>,
  indices: ArrayLike<number>,
  name?: string,
): ImageDataset<D>;
export function subset(dataset: ImageStream, indices: ArrayLike<number>, name?: string): ImageStream;
export function subset(
  dataset: ImageDataset | ImageStream,
  indices: ArrayLike<number>,
  name?: string,
): ImageDataset | ImageStream;
export function subset(
  dataset: ImageDataset | ImageStream,
  indices: ArrayLike<number>,
  name = dataset.name,
): ImageDataset | ImageStream {
  const chosen = checkedIndices(dataset, indices);
  const labels = new Tensor(
    "int32",
    [chosen.length],
    chosen.map((index) => dataset.labels.data[index]),
  );
  const { classNames } = dataset;
  if ("images" in dataset) return { name, images: rowsOf(dataset, chosen), labels, classNames };
  const { imageShape } = dataset;
  const read: ImageStream["read"] = (wanted, options) =>
    dataset.read(
      wanted.map((index) => chosen[index]),
      options,
    );
  const { heedsCrops = false } = dataset;
  return { name, imageShape, labels, classNames, heedsCrops, read };
}

function checkedIndices(
  { name, labels }: ImageDataset | ImageStream,
  indices: ArrayLike<number>,
): Int32Array {
  const count = labels.data.length;
  for (let place = 0; place < indices.length; place++) {
    const index = indices[place];
    if (Number.isSafeInteger(index) && index >= 0 && index < count) continue;
    throw new DataError(`${index} is not the index of one of ${count} examples`, { where: name });
  }
  if (indices.length > 0) return Int32Array.from(indices);
  throw new DataError("a subset must have an example at least, got no index", { where: name });
}

function rowsOf(dataset: ImageDataset, indices: Int32Array): ImageDataset["images"] {
  const { dtype, shape, data } = dataset.images;
  const rowSize = data.length / countOf(dataset);
  const rows = Tensor.zeros(dtype, [indices.length, ...shape.slice(1)]);
  indices.forEach((index, place) => {
    rows.data.set(data.subarray(index * rowSize, (index + 1) * rowSize), place * rowSize);
  });
  return rows;
}
