import { FileError } from "../tensor/errors.ts";
import {
  type EncodeImageOptions,
  encodeWith,
  type ImageEncoders,
  type ImageExtent,
  type ImageFormat,
} from "./image-encoding.ts";
import { encodePng } from "./png.ts";
import type { DecodedImage } from "./pnm.ts";

export type { EncodeImageOptions, ImageExtent, ImageFormat } from "./image-encoding.ts";

/**
 * Makes an image file of pixels: PNG by itself, as in Node; JPEG by the browser.
 *
 * @param pixels - `height * width * channels` bytes, row by row from the top, channels innermost
 * @throws OptionError for pixels that do not make up the size, and for wrong options
 * @throws FileError when the browser gives no canvas
 */
export async function encodeImage(
  pixels: Uint8Array,
  extent: ImageExtent,
  format: ImageFormat,
  options: EncodeImageOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return await encodeWith(encoders, pixels, extent, format, options);
}

const encoders: ImageEncoders = { png: encodePng, jpeg: encodeJpeg };

async function encodeJpeg(image: DecodedImage, quality: number): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  if (context === null) {
    throw new FileError("the browser gives no canvas to encode images with", {
      where: "encodeImage",
      hint: "Close other pages, or write PNG.",
    });
  }
  context.putImageData(new ImageData(rgba(image), image.width, image.height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: quality / 100 });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Opaque pixels as a canvas has them. */
function rgba({ pixels, channels }: DecodedImage): Uint8ClampedArray<ArrayBuffer> {
  const count = pixels.length / channels;
  const result = new Uint8ClampedArray(4 * count).fill(255);
  for (let pixel = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      result[4 * pixel + channel] = pixels[pixel * channels + Math.min(channel, channels - 1)];
    }
  }
  return result;
}
