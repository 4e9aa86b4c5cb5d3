import type { DecodedImage } from "#host";
import { DataError, ShapeError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { cropMiddle, type ImageResize, resizeImage } from "./image-resize.ts";
import { type ImageSize, resample } from "./resample.ts";

/**
 * What to do with an image that is not of the model's size: `stretch` it to that size, `crop` it to that shape around
 * its middle and then bring it to that size, or `refuse` it.
 */
export type FitMode = "stretch" | "crop" | "refuse";

/** How to turn an image into a model's input. */
export interface ImageInputOptions {
  /** Of the model's input. */
  readonly height: number;
  /** Of the model's input. */
  readonly width: number;
  /** Of the model's input: 1 (gray) or 3 (RGB). */
  readonly channels: number;
  /** What to do with an image of another size; unless told, what `resize` says, or `stretch` without that. */
  readonly fit?: FitMode;
  /** How the model's images are made (`model.preprocessing.resize`); applied to images of its size, too. */
  readonly resize?: ImageResize | null;
  /** The image's name, for errors and notes. */
  readonly name?: string;
}

/** A model's input, and what was done to the image for it. */
export interface ImageInput {
  /** Shapes: `[1, height, width, channels]`; 0 to 255. */
  readonly input: Tensor<"uint8">;
  /** A line for each thing that was done; none when the image fitted as it was. */
  readonly notes: readonly string[];
}

/**
 * Turns decoded pixels into the input of a model: cropped, converted to its channels (gray by Rec. 601's luma), brought
 * to its size as its `resize` says, else by a triangle filter. Values stay 0 to 255 and RGB; the model does the rest.
 *
 * Shapes: any image to `[1, height, width, channels]`.
 *
 * @throws ShapeError when the model takes neither 1 nor 3 channels
 * @throws DataError when the image has another size and `fit` is `refuse`, or its pixels do not make up its size
 */
export function imageToInput(image: DecodedImage, options: ImageInputOptions): ImageInput {
  const { height, width, channels, fit, resize = null, name = "image" } = options;
  checkImage(image, channels, name);
  const notes: string[] = [];
  const note = (text: string) => notes.push(`${name}: ${text}`);
  let size: ImageSize = image;
  let pixels = image.pixels;
  const sameSize = size.height === height && size.width === width;
  if (!sameSize && fit === "refuse") {
    throw new DataError(`the image is ${sizeText(size)}, the model takes ${sizeText({ height, width })}`, {
      where: name,
      hint: "Resize it first, or let it be stretched or cropped.",
    });
  }
  if (!sameSize && fit === "crop") {
    const cropped = cropSize(size, height, width);
    if (cropped.height !== size.height || cropped.width !== size.width) {
      note(`cut to the middle ${sizeText(cropped)} of ${sizeText(size)}`);
      ({ pixels, size } = cropMiddle({ pixels, size }, cropped.height, cropped.width));
    }
  }
  if (size.channels !== channels) {
    note(channels === 1 ? "converted from RGB to gray (luma of Rec. 601)" : "converted from gray to RGB");
    pixels = channels === 1 ? toGray(pixels) : toRgb(pixels);
    size = { ...size, channels };
  }
  if (fit === undefined && resize !== null) {
    ({ pixels, size } = resizeImage({ pixels, size }, resize));
  }
  if (size.height !== height || size.width !== width) {
    const keepsRatio = size.width * height === size.height * width;
    const ratio = keepsRatio ? "" : ", which changes its proportions";
    note(`resized from ${sizeText(size)} to ${sizeText({ height, width })}${ratio}`);
    pixels = resample(pixels, size, height, width);
  }
  return { input: new Tensor("uint8", [1, height, width, channels], pixels), notes };
}

function checkImage(image: DecodedImage, channels: number, name: string): void {
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`a model with ${channels} input channels takes no images`, {
      where: name,
      hint: "Images have 1 channel (gray) or 3 (RGB): pass such an input as a .npy file.",
    });
  }
  if (image.pixels.length !== image.height * image.width * image.channels) {
    const expected = `${image.height}x${image.width}x${image.channels}`;
    throw new DataError(`${expected} pixels were expected, got ${image.pixels.length} bytes`, {
      where: name,
      hint: "Give height * width * channels bytes.",
    });
  }
}

/** `28x28`, width first as people say it. */
function sizeText(size: { readonly height: number; readonly width: number }): string {
  return `${size.width}x${size.height}`;
}

/** The largest size of the target's proportions that fits into an image. */
function cropSize(size: ImageSize, height: number, width: number): ImageSize {
  const scale = Math.min(size.height / height, size.width / width);
  return {
    height: Math.max(1, Math.round(height * scale)),
    width: Math.max(1, Math.round(width * scale)),
    channels: size.channels,
  };
}

/** Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in 16-bit fixed point as Pillow's conversion to "L" has it. */
function toGray(pixels: Uint8Array): Uint8Array {
  const gray = new Uint8Array(pixels.length / 3);
  for (let index = 0; index < gray.length; index++) {
    const red = pixels[3 * index];
    const green = pixels[3 * index + 1];
    const blue = pixels[3 * index + 2];
    gray[index] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
  }
  return gray;
}

function toRgb(gray: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(gray.length * 3);
  for (let index = 0; index < gray.length; index++) pixels.fill(gray[index], 3 * index, 3 * index + 3);
  return pixels;
}
