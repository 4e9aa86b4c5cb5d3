import { OptionError } from "../tensor/errors.ts";
import type { DecodedImage } from "./pnm.ts";

/** Image files that are written. PNG keeps every pixel as it is; JPEG is small, and close. */
export type ImageFormat = "png" | "jpeg";

/** Size of an image that is to be written. */
export type ImageExtent = Pick<DecodedImage, "width" | "height" | "channels">;

/** How an image is written. */
export interface EncodeImageOptions {
  /** Of a JPEG image, 1 to 100; default 85. */
  readonly quality?: number;
}

/** What makes the files of each format. */
export type ImageEncoders = {
  readonly [F in ImageFormat]: (image: DecodedImage, quality: number) => Promise<Uint8Array<ArrayBuffer>>;
};

const usualQuality = 85;
/** JPEG has 16 bits for a side. */
const mostSide = 65_535;

/** Checks everything, and hands it to the format's encoder. */
export async function encodeWith(
  encoders: ImageEncoders,
  pixels: Uint8Array,
  { width, height, channels }: ImageExtent,
  format: ImageFormat,
  { quality = usualQuality }: EncodeImageOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!Object.hasOwn(encoders, format)) {
    throw wrong(`the format must be "png" or "jpeg", got ${JSON.stringify(format)}`);
  }
  for (const [side, value] of Object.entries({ width, height })) {
    if (Number.isInteger(value) && value >= 1 && value <= mostSide) continue;
    throw wrong(`the ${side} must be a whole number from 1 to ${mostSide}, got ${value}`);
  }
  if (channels !== 1 && channels !== 3)
    throw wrong(`an image has 1 channel (gray) or 3 (RGB), got ${channels}`);
  if (pixels.length !== width * height * channels) {
    throw wrong(
      `an image of ${width} x ${height} pixels and ${channels} channels has ${width * height * channels} bytes, got ${pixels.length}`,
    );
  }
  if (!(quality >= 1 && quality <= 100)) throw wrong(`the quality must be from 1 to 100, got ${quality}`);
  return await encoders[format]({ width, height, channels, pixels }, quality);
}

function wrong(what: string): OptionError {
  return new OptionError(what, { where: "encodeImage" });
}
