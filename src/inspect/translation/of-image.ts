import { type BatchOptions, greatestOf, type Model, probabilitiesFrom } from "../../models/index.ts";
import { checkOptions, nameField, nullable, wholeNumberField } from "../../options/index.ts";
import { DataError, formatShape, ShapeError, sameShape, sizeOf, Tensor } from "../../tensor/index.ts";
import { backgrounds, copyWithMargin, cutMoved, type MoveBackground, withMarginShape } from "./margin.ts";
import { movesByRow } from "./moves.ts";
import { checkMaxShift, checkMovable } from "./source.ts";

/** How far an image is moved. */
export interface ImageTranslationsOptions extends BatchOptions {
  /** Pixels each way at most; default 6, which makes 13 x 13 moves. */
  readonly maxShift?: number;
  /** What comes in at the edges: `"zeros"` (default) or `"edge"`, the pixels of the edge again and again. */
  readonly background?: MoveBackground;
}

/** What a model says of one image under all moves. */
export interface ImageTranslations {
  readonly maxShift: number;
  /**
   * Probabilities of all classes, from 0 to 1; those of the move (dx, dy), to the right and down, are at
   * `[dy + maxShift, dx + maxShift]`.
   *
   * Shapes: `[2 maxShift + 1, 2 maxShift + 1, classes]`.
   */
  readonly probabilities: Tensor<"float32">;
  /** The likeliest class of each move. Shapes: `[2 maxShift + 1, 2 maxShift + 1]`. */
  readonly classes: Tensor<"int32">;
}

const where = "imageTranslations";
const fields = {
  maxShift: wholeNumberField(0, 6),
  background: nameField(backgrounds, "zeros"),
  batchSize: nullable(wholeNumberField(1)),
};

/**
 * Moves one image by every number of pixels up to `maxShift` each way, and asks the model what it sees: fast enough to follow a
 * hand that drags the image. The model computes, as in `predict`, in its own engine.
 *
 * @param image - bytes, `[H, W, C]` as the model takes it
 * @throws ShapeError or DataError for an image that the model does not take, or that is not of bytes
 * @throws OptionError for a wrong option, or a move that leaves nothing of the image
 */
export async function imageTranslations(
  model: Model,
  image: Tensor<"uint8">,
  options: ImageTranslationsOptions = {},
): Promise<ImageTranslations> {
  const { maxShift, background, batchSize } = checkOptions(where, options, fields);
  checkMovable(model, where);
  checkImage(model, image);
  checkMaxShift(maxShift, image.shape, where);
  const moves = movesByRow(maxShift);
  const withMargin = new Uint8Array(sizeOf(withMarginShape(image.shape, maxShift)));
  copyWithMargin(image.data, 1, image.shape, { margin: maxShift, background }, withMargin);
  const moved = Tensor.zeros("uint8", [moves.length, ...image.shape]);
  const size = image.data.length;
  for (const [index, move] of moves.entries()) {
    cutMoved(withMargin, image.shape, maxShift, move, moved.data.subarray(index * size, (index + 1) * size));
  }
  const scores = await model.predict(moved, batchSize === null ? {} : { batchSize });
  const side = 2 * maxShift + 1;
  const [classes] = model.outputShape;
  return {
    maxShift,
    probabilities: new Tensor("float32", [side, side, classes], probabilitiesOf(model, scores)),
    classes: new Tensor("int32", [side, side], greatestOf(scores)),
  };
}

function checkImage({ name, inputShape }: Model, { shape, dtype }: Tensor): void {
  if (!sameShape(shape, inputShape)) {
    throw new ShapeError(
      `the image is ${formatShape(shape)}, model "${name}" takes ${formatShape(inputShape)}`,
      {
        where,
        hint: "data.imageToInput makes such images; one of them, without the axis that counts them.",
      },
    );
  }
  if (dtype === "uint8") return;
  throw new DataError(`the image is ${dtype}, uint8 was expected`, {
    where,
    hint: "Images are moved as bytes, before the model's preprocessing.",
  });
}

/** Shapes: [N, C] -> [N, C]. */
function probabilitiesOf(model: Model, { shape: [count, classes], data }: Tensor<"float32">): Float32Array {
  const read = probabilitiesFrom(model);
  const probabilities = new Float32Array(data.length);
  for (let row = 0; row < count; row++) {
    const begin = row * classes;
    probabilities.set(read(data.subarray(begin, begin + classes)), begin);
  }
  return probabilities;
}
