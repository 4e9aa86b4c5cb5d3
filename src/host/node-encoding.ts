import {
  type EncodeImageOptions,
  encodeWith,
  type ImageEncoders,
  type ImageExtent,
  type ImageFormat,
} from "./image-encoding.ts";
import { loadSharp } from "./node-sharp.ts";
import { encodePng } from "./png.ts";
import type { DecodedImage } from "./pnm.ts";

export type { EncodeImageOptions, ImageExtent, ImageFormat } from "./image-encoding.ts";

/**
 * Makes an image file of pixels: PNG by itself, JPEG with the optional package sharp.
 *
 * @param pixels - `height * width * channels` bytes, row by row from the top, channels innermost
 * @throws OptionError for pixels that do not make up the size, and for wrong options
 * @throws FileError when sharp is needed and not installed
 */
export async function encodeImage(
  pixels: Uint8Array,
  extent: ImageExtent,
  format: ImageFormat,
  options: EncodeImageOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await encodeWith(encoders, pixels, extent, format, options);
}

const encoders: ImageEncoders = {
  png: encodePng,
  jpeg: (image, quality) => encodeJpeg(image, quality),
};

/** @param load - loads sharp */
export async function encodeJpeg(
  { pixels, width, height, channels }: DecodedImage,
  quality: number,
  load?: () => Promise<unknown>,
): Promise<Uint8Array<ArrayBuffer>> {
  const purpose = {
    need: "writing JPEG images",
    use: "writes JPEG images",
    otherwise: "Or write PNG.",
    where: "encodeImage",
  };
  const sharp = await loadSharp(purpose, load);
  const pipeline = sharp(pixels, { raw: { width, height, channels } });
  // sharp makes RGB of all images unless told.
  const coloured = pipeline.toColourspace(channels === 1 ? "b-w" : "srgb");
  const { data } = await coloured.jpeg({ quality }).toBuffer({ resolveWithObject: true });
  return new Uint8Array(data);
}
