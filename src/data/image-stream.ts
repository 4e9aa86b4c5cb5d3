import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ImageDataset } from "./dataset.ts";

/** Labelled images that are read when they are needed: a folder of photos that memory does not hold. */
export interface ImageStream {
  /** For messages: `photos (train)`. */
  readonly name: string;
  /** Of an image as `read` gives it: `[H, W, C]`. */
  readonly imageShape: Shape;
  /** Shapes: `[N]`; each an index into `classNames`. Labels are known before any image is read. */
  readonly labels: Tensor<"int32">;
  readonly classNames: readonly string[];
  /** Whether `read` heeds `crops`; a stream that does not say so is never given any. */
  readonly heedsCrops?: boolean;
  /**
   * Reads images by index, in the order of the indices. Calls may overlap: who calls ahead has the images sooner, and
   * says by the number of calls how many wait.
   *
   * @returns bytes of the images, one behind the other: uint8 `[indices.length, H, W, C]`, 0 to 255
   */
  read(indices: Int32Array, options?: ReadImagesOptions): Promise<Uint8Array>;
}

/** How images of a stream are read. */
export interface ReadImagesOptions {
  /**
   * What to cut out of each image before it is resized: top, left, height and width as shares of the upright image,
   * four numbers an image, NaN for those that are not cut. `null`, or left away: what the stream does without.
   */
  readonly crops?: Float32Array | null;
}

/** What models are trained and evaluated on: examples in memory, or images that are read when they are needed. */
export type ExampleSource = ImageDataset | ImageStream;

/** Whether examples are read when they are needed. */
export function isImageStream(source: ExampleSource): source is ImageStream {
  return "read" in source;
}

/** Shape of an example: `[H, W, C]` of images. */
export function exampleShapeOf(source: ExampleSource): Shape {
  return isImageStream(source) ? source.imageShape : source.images.shape.slice(1);
}
