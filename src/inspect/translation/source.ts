import { countOf, type ExampleSource, isImageStream } from "../../data/index.ts";
import { checkExamples, classesOf, type Model, readImages } from "../../models/index.ts";
import { DataError, OptionError, type Shape, ShapeError, sizeOf } from "../../tensor/index.ts";

/** Images in order, of a data set in memory or of a stream. */
export interface MovableImages {
  readonly count: number;
  /** Shapes: `[count]`. */
  readonly labels: Int32Array;
  /** Bytes of images `begin` to `end - 1`. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** @throws DataError or ShapeError for data that do not suit the model, or have no rows and columns to move */
export function movableImages(model: Model, dataset: ExampleSource, limit: number | null): MovableImages {
  const { architecture, inputShape, name } = model;
  checkMovable(model, "translationMap");
  checkExamples(dataset, inputShape, classesOf(architecture), name);
  const count = Math.min(limit ?? Number.POSITIVE_INFINITY, countOf(dataset));
  const labels = dataset.labels.data.subarray(0, count);
  if (isImageStream(dataset)) {
    const read = async (begin: number, end: number) => {
      const indices = Int32Array.from({ length: end - begin }, (_, place) => begin + place);
      return (await readImages(dataset, indices)).data;
    };
    return { count, labels, read };
  }
  const bytes = dataset.images.data;
  if (!(bytes instanceof Uint8Array)) {
    throw new DataError(`the images are ${dataset.images.dtype}, uint8 was expected`, {
      where: dataset.name,
      hint: "Images are moved as bytes, before the model's preprocessing.",
    });
  }
  const size = sizeOf(inputShape);
  return { count, labels, read: async (begin, end) => bytes.subarray(begin * size, end * size) };
}

/** @throws ShapeError for a model whose input is not an image */
export function checkMovable({ name, inputShape }: Model, where: string): void {
  if (inputShape.length === 3) return;
  throw new ShapeError(
    `model "${name}" takes [${inputShape.join(", ")}], which has no rows and columns to move`,
    {
      where,
      hint: "Give a model of images, [H, W, C].",
    },
  );
}

/** @throws OptionError for moves that leave nothing of an image */
export function checkMaxShift(maxShift: number, [height, width]: Shape, where: string): void {
  const most = Math.min(height, width) - 1;
  if (maxShift <= most) return;
  throw new OptionError(`a move by ${maxShift} pixels leaves nothing of ${height} x ${width} images`, {
    where,
    hint: `Give a maxShift of at most ${most}.`,
  });
}
