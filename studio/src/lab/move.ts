import { transfer } from "comlink";
import { data, imageTranslations, type MoveFigures, Tensor, translationMap } from "fovea";
import { datasetOf } from "./datasets.ts";
import { type InputImage, inputFor, type SourceImage } from "./images.ts";
import { modelOf } from "./models.ts";

/** What a model says of one image under all moves. */
export interface MovedImage {
  readonly input: InputImage;
  readonly maxShift: number;
  readonly classes: number;
  /** Shapes: `[side, side, classes]` with side 2 maxShift + 1; that of the move (dx, dy) at `[dy + maxShift, dx + maxShift]`. */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** Which images are moved, and how far. */
export interface SurveyOptions {
  readonly dataset: string;
  /** The first so many test images. */
  readonly limit: number;
  readonly maxShift: number;
}

let running: AbortController | null = null;

/** The lab's side of the panel Move it. */
export const move = {
  /** Moves an image to all places, and asks a model what it sees. */
  async image(id: string, source: SourceImage, maxShift: number): Promise<MovedImage> {
    const model = modelOf(id);
    const input = await inputFor(model, source);
    const { height, width, channels, pixels } = input;
    const image = new Tensor("uint8", [height, width, channels], Uint8Array.from(pixels));
    const { probabilities } = await imageTranslations(model, image, { maxShift });
    const [, , classes] = probabilities.shape;
    const values = Float32Array.from(probabilities.data);
    return transfer({ input, maxShift, classes, probabilities: values }, [values.buffer]);
  },

  /**
   * Judges a model on test images under all moves, the smallest first. A survey that is under way ends.
   *
   * @param onMove - called as each move is done
   * @returns whether it came to its end
   */
  async survey(id: string, options: SurveyOptions, onMove: (move: MoveFigures) => void): Promise<boolean> {
    running?.abort();
    const own = new AbortController();
    running = own;
    const { dataset, limit, maxShift } = options;
    try {
      const { test } = await datasetOf(dataset);
      const images = data.take(test, limit);
      await translationMap(modelOf(id), images, { maxShift, examples: 0, onMove, signal: own.signal });
      return true;
    } catch (error) {
      if (own.signal.aborted) return false;
      throw error;
    }
  },

  /** Ends a survey that is under way. */
  stop(): void {
    running?.abort();
  },
};
