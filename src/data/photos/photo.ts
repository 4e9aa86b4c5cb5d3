import { isWholeNumber } from "../../options/fields.ts";
import { OptionError } from "../../tensor/errors.ts";
import type { ImageInputOptions } from "../image-input.ts";

/** What is made of a photo: the input of a model, as `imageToInput` makes it. */
export interface PhotoOptions extends Omit<ImageInputOptions, "name"> {
  /**
   * Whether JPEGs are decoded at a half, a quarter or an eighth of their size where that leaves twice as many pixels each way
   * as are needed: large photos take a fraction of the time, and their pixels are nearly the same. Default false: exactly.
   * Without effect in browsers.
   */
  readonly fast?: boolean;
  /**
   * The most pixels that a file may decode to, where it says so little that decoding must fear for memory: a compressed one, in
   * Node. Default 2^28.
   */
  readonly mostPixels?: number;
}

/** A part of an upright image, as shares of its height and width: from the top, from the left, height, width. */
export type PhotoCrop = readonly [top: number, left: number, height: number, width: number];

/** Whether a photo's hash and likeness are wanted: not at all, beside its pixels, or without them (which are none, then). */
export type Identify = boolean | "only";

/** A photo that was read, or why it could not be. */
export interface Photo {
  /** Shapes: `[height, width, channels]` of the options; 0 to 255. `null` when the photo cannot be read. */
  readonly pixels: Uint8Array | null;
  /** Why there are no pixels; `null` when there are. */
  readonly problem: string | null;
  /** SHA-256 of the file's bytes, in hexadecimal; empty when they cannot be had. */
  readonly contentHash: string;
  /** What the photo shows, in few bits: see `likenessDistance`. `null` when it cannot be read. */
  readonly likeness: Uint8Array | null;
  /** Of the upright photo, in pixels; 0 when it cannot be read. */
  readonly width: number;
  /** Of the upright photo, in pixels; 0 when it cannot be read. */
  readonly height: number;
}

/** The options of an object that has others, too, as a worker can be sent them. */
export function photoOptionsOf(options: PhotoOptions): PhotoOptions {
  const { height, width, channels, fit, resize, mostPixels, fast = false } = options;
  return {
    ...{ height, width, channels, fast },
    ...(fit && { fit }),
    ...(resize && { resize }),
    ...(mostPixels !== undefined && { mostPixels }),
  };
}

/**
 * @param where - what the options belong to, for errors
 * @throws OptionError when a photo cannot be made into such an input
 */
export function checkPhotoOptions({ height, width, channels }: PhotoOptions, where: string): void {
  if (!isWholeNumber(height, 1) || !isWholeNumber(width, 1)) {
    throw new OptionError(`photos cannot become ${width} x ${height} pixels`, {
      where,
      hint: "Give the height and width of the model's input, whole numbers from 1 up.",
    });
  }
  if (channels !== 1 && channels !== 3) {
    throw new OptionError(`photos cannot have ${channels} channels`, {
      where,
      hint: 'Give the channels of the model\'s input: 1 (gray) or 3 (RGB), as option "channels".',
    });
  }
}

/** A photo that cannot be read. */
export function unreadable(problem: string, contentHash = ""): Photo {
  return { pixels: null, problem, contentHash, likeness: null, width: 0, height: 0 };
}
