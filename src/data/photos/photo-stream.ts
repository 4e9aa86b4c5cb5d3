import { DataError, OptionError } from "../../tensor/errors.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { checkLabels } from "../idx.ts";
import type { ImageStream, ReadImagesOptions } from "../image-stream.ts";
import { type DecodePool, sharedDecodePool } from "./decode-pool.ts";
import { checkPhotoOptions, type Photo, type PhotoCrop, type PhotoOptions, photoOptionsOf } from "./photo.ts";

/** What a {@link photoStream} is made of. */
export interface PhotoStreamOptions extends PhotoOptions {
  /** For messages: `photos (train)`. */
  readonly name: string;
  readonly files: readonly string[];
  /** Of each file, an index into `classNames`. */
  readonly labels: ArrayLike<number>;
  readonly classNames: readonly string[];
  /** Unless told, one pool serves all callers of the process. */
  readonly pool?: DecodePool;
}

/** Labelled photos that are read when they are needed. */
export interface PhotoStream extends ImageStream {
  /** The photos' files, in the order of the indices. */
  readonly files: readonly string[];
  /** Photos that could not be read so far; in each one's place stands the next of its class that can be. */
  readonly problems: readonly { readonly file: string; readonly problem: string }[];
}

/**
 * A stream of photos by their files. They are decoded and made into a model's input in worker threads. A photo that turns
 * out to be unreadable is listed in `problems`, and the next of its class takes its place.
 *
 * @throws OptionError when the options describe no input, or files and labels do not belong together
 * @throws DataError when a label is not a class
 */
export function photoStream(options: PhotoStreamOptions): PhotoStream {
  const { name, files, classNames, pool = sharedDecodePool(), height, width, channels } = options;
  checkPhotoOptions(options, name);
  if (files.length !== options.labels.length || files.length === 0) {
    throw new OptionError(`there are ${files.length} files and ${options.labels.length} labels`, {
      where: name,
      hint: "Give exactly one label for each photo, and a photo at least.",
    });
  }
  const labels = Int32Array.from(options.labels);
  checkLabels(labels, classNames.length, name);
  const problems = new Map<string, string>();
  const size = height * width * channels;
  const photoOptions = photoOptionsOf(options);

  async function read(indices: Int32Array, { crops = null }: ReadImagesOptions = {}): Promise<Uint8Array> {
    const pixels = new Uint8Array(indices.length * size);
    const reads = Array.from(indices, async (index, place) => {
      pixels.set(await readAt(index, cropAt(crops, place)), place * size);
    });
    await Promise.all(reads);
    return pixels;
  }

  async function readAt(index: number, crop: PhotoCrop | null): Promise<Uint8Array> {
    for (let step = 0; step < files.length; step++) {
      const other = (index + step) % files.length;
      if (labels[other] !== labels[index] || problems.has(files[other])) continue;
      const photo: Photo = await pool.decode(files[other], { ...photoOptions, crop, identify: false });
      if (photo.pixels !== null) return photo.pixels;
      problems.set(files[other], photo.problem ?? "");
    }
    throw new DataError(`no photo of class "${classNames[labels[index]]}" can be read`, {
      where: name,
      hint: `The first of them, ${files[index]}: ${problems.get(files[index])}.`,
    });
  }

  return {
    name,
    imageShape: [height, width, channels],
    labels: new Tensor("int32", [labels.length], labels),
    classNames,
    heedsCrops: true,
    files,
    get problems() {
      return Array.from(problems, ([file, problem]) => ({ file, problem }));
    },
    read,
  };
}

function cropAt(crops: Float32Array | null, place: number): PhotoCrop | null {
  if (crops === null) return null;
  const [top, left, height, width] = crops.subarray(4 * place, 4 * place + 4);
  return Number.isNaN(top) ? null : [top, left, height, width];
}
