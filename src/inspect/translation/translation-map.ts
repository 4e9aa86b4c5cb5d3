/**
 * How a classifier bears that its images are moved by whole pixels: accuracy, loss and consistency for each move. Consistency
 * is the share of images of which the model says the same as of the unmoved image (Zhang: "Making convolutional networks
 * shift-invariant again", 2019, measures the same between two moves).
 */
import type { ExampleSource } from "../../data/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { defaultEngine } from "../../engine/index.ts";
import { type Loss, losses } from "../../losses/index.ts";
import { endsInSoftmax, type Model, UsualBatch } from "../../models/index.ts";
import { checkOptions, field, nameField, nullable, wholeNumberField } from "../../options/index.ts";
import { type Shape, sizeOf } from "../../tensor/index.ts";
import { engineField } from "../engine-field.ts";
import type { MoveFigures, TranslationMap } from "./figures.ts";
import { backgrounds, type MoveBackground, withMarginShape } from "./margin.ts";
import { MovedProgram } from "./moved-program.ts";
import { checkMaxShift, movableImages } from "./source.ts";
import { Survey } from "./survey.ts";

const where = "translationMap";

/** What to try. */
export interface TranslationMapOptions {
  /** Pixels by which images are moved each way at most; default 6, which makes 13 x 13 moves. */
  readonly maxShift?: number;
  /** The first examples only, for a quick look; default all. */
  readonly limit?: number | null;
  /**
   * What comes in at the edges: `"zeros"`, as bytes, before preprocessing, which is the background of digits and how everyone
   * measures (default), or `"edge"`, the pixels of the edge again and again, for photos, which have no background.
   */
  readonly background?: MoveBackground;
  /** Examples of images that flip; default 12. */
  readonly examples?: number;
  /** Images at a time; default 256, halved as often as memory asks for. */
  readonly batchSize?: number | null;
  /** What computes; default the process's wasm engine. */
  readonly engine?: Engine | null;
  /**
   * Told of each move as it is done, the smallest first. A data set that does not fit into memory goes through in parts: moves
   * are then told of once for each part, with figures over the `examples` so far.
   */
  readonly onMove?: ((move: MoveFigures) => void) | null;
  /** Ends the work with its reason as an error. */
  readonly signal?: AbortSignal | null;
}

const fields = {
  maxShift: wholeNumberField(0, 6),
  limit: nullable(wholeNumberField(1)),
  background: nameField(backgrounds, "zeros"),
  examples: wholeNumberField(0, 12),
  batchSize: nullable(wholeNumberField(1)),
  engine: nullable(engineField),
  onMove: nullable(
    field(
      "a function",
      (value): value is NonNullable<TranslationMapOptions["onMove"]> => typeof value === "function",
    ),
  ),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
};

/** Bytes of images that are in the engine at once, with their margins. */
const loadedBytes = 2 ** 25;

/**
 * Moves the images of a data set by every number of pixels up to `maxShift` each way, and judges the model on each. Weights are
 * the model's at the call; it stays as it is.
 *
 * The loss is the one that the model was compiled with; of a model that was not, the cross-entropy. Images are moved as bytes,
 * before the model's preprocessing.
 *
 * @throws DataError or ShapeError for data that do not suit the model, or have no rows and columns to move
 * @throws OptionError for a wrong option, or a move that leaves nothing of an image
 */
export async function translationMap(
  model: Model,
  dataset: ExampleSource,
  options: TranslationMapOptions = {},
): Promise<TranslationMap> {
  const { engine, maxShift, batchSize, ...rest } = checkOptions<TranslationMapOptions>(
    where,
    options,
    fields,
  );
  const { background, examples, limit, onMove, signal } = rest;
  const images = movableImages(model, dataset, limit);
  checkMaxShift(maxShift, model.inputShape, where);
  signal?.throwIfAborted();
  const session = await (engine ?? (await defaultEngine())).openSession();
  try {
    const weights = await model.getWeights();
    const usual = new UsualBatch();
    const program = await usual.perform(batchSize, (asked) => {
      const size = Math.min(asked, images.count);
      const capacity = capacityOf(model.inputShape, maxShift, images.count, size);
      const made = { loss: lossOf(model), capacity, batchSize: size, margin: maxShift, background };
      return MovedProgram.create(session, model, weights, made);
    });
    const survey = new Survey(model, maxShift, examples);
    for (let begin = 0; begin < images.count; begin += program.capacity) {
      const end = Math.min(images.count, begin + program.capacity);
      const labels = images.labels.subarray(begin, end);
      await program.load(await images.read(begin, end), labels);
      survey.begin(begin, labels);
      for await (const batch of program.run(survey.moves, labels.length)) {
        signal?.throwIfAborted();
        const figures = survey.add(batch);
        if (figures !== null) onMove?.(figures);
      }
    }
    return { maxShift, background, ...survey.result() };
  } finally {
    await session.close();
  }
}

/** Images that are in the engine at once: all, as many as `loadedBytes` hold, or one batch. */
function capacityOf(shape: Shape, margin: number, count: number, batchSize: number): number {
  const fitting = Math.floor(loadedBytes / sizeOf(withMarginShape(shape, margin)));
  return Math.min(count, Math.max(batchSize, fitting - (fitting % batchSize)));
}

/** The loss that a model was compiled with; else the cross-entropy. */
function lossOf(model: Model): Loss {
  return model.compiled?.loss ?? losses.sparseCategoricalCrossentropy({ fromLogits: !endsInSoftmax(model) });
}
