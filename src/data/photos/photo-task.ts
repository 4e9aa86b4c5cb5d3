import { checksumOf, type DecodedImage, decodeImageBytes, readFile } from "#host";
import { FoveaError } from "../../tensor/errors.ts";
import { imageToInput } from "../image-input.ts";
import { cutOut } from "../image-resize.ts";
import { resample } from "../resample.ts";
import { likenessOf } from "./likeness.ts";
import { type Identify, type Photo, type PhotoCrop, type PhotoOptions, unreadable } from "./photo.ts";

/** A photo to be read: what a worker is sent. */
export interface PhotoTask {
  readonly id: number;
  /** The path, which means the same in every thread, or the bytes of the file. */
  readonly source: string | Uint8Array<ArrayBuffer>;
  /** For the errors of decoders. */
  readonly name: string;
  readonly options: PhotoOptions;
  /** What to cut out; `null` for what the options do. */
  readonly crop: PhotoCrop | null;
  readonly identify: Identify;
}

/** What a worker sends back. */
export interface PhotoDone {
  readonly id: number;
  readonly photo: Photo;
}

/**
 * Reads a photo. Whatever is wrong with its file is said in the result.
 *
 * @param loadDecoder - loads sharp, where the host does not decode by itself
 */
export async function readPhoto(task: PhotoTask, loadDecoder?: () => Promise<unknown>): Promise<Photo> {
  let contentHash = "";
  try {
    const { source, name, identify } = task;
    const bytes = typeof source === "string" ? await readFile(source) : source;
    if (identify) contentHash = (await checksumOf(bytes, "sha256")) ?? "";
    const image = await decodeImageBytes(bytes, name, loadDecoder, leastOf(task), task.options.mostPixels);
    const { width, height } = image.original ?? image;
    const pixels = identify === "only" ? new Uint8Array() : toPixels(image, task);
    const likeness = identify ? likenessOf(image) : null;
    return { pixels, problem: null, contentHash, likeness, width, height };
  } catch (error) {
    return unreadable(describe(error), contentHash);
  }
}

/** How large a photo must be to become the input without being enlarged; `null` when it is to be decoded exactly. */
function leastOf({ options, crop }: PhotoTask): { height: number; width: number } | null {
  const { fast = false, height, width, resize } = options;
  if (!fast) return null;
  if (crop !== null) return { height: height / crop[2], width: width / crop[3] };
  if (resize === undefined || resize === null) return { height, width };
  const [resizedHeight, resizedWidth] =
    typeof resize.size === "number" ? [resize.size, resize.size] : resize.size;
  return { height: resizedHeight, width: resizedWidth };
}

function toPixels(image: DecodedImage, { options, crop, name }: PhotoTask): Uint8Array {
  if (crop === null) return imageToInput(image, { ...options, name }).input.data;
  // The part takes the place of the crop of `resize`; it becomes the input by the same filter.
  const { height, width, channels, resize } = options;
  const size = { height: image.height, width: image.width, channels: image.channels };
  const part = cutOut({ pixels: image.pixels, size }, crop);
  const pixels = resample(part.pixels, part.size, height, width, resize ?? {});
  return imageToInput({ height, width, channels: image.channels, pixels }, { height, width, channels, name })
    .input.data;
}

/** The file's name is told beside it. */
function describe(error: unknown): string {
  if (error instanceof FoveaError) return error.what;
  return error instanceof Error ? error.message : String(error);
}
