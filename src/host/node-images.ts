import { FormatError } from "../tensor/errors.ts";
import { decodeBmp } from "./bmp.ts";
import { checkPixels, imageKindOf, mostPixels } from "./image-kinds.ts";
import { loadSharp, type Sharp, type SharpOptions } from "./node-sharp.ts";
import { type DecodedImage, decodePnm } from "./pnm.ts";

/**
 * Upright by EXIF; profiles of colours are left alone, as in Pillow, which weights were made with; what is cut short is an error,
 * and so is a size that would fill the memory. Of a moving image only the first frame is read.
 */
const sharpOptions = {
  autoOrient: true,
  ignoreIcc: true,
  failOn: "error",
  limitInputPixels: mostPixels,
} as const satisfies SharpOptions;

/** Height and width, in pixels. */
interface Sides {
  readonly height: number;
  readonly width: number;
}

/**
 * Decodes an image file's bytes; see `decodeImage`.
 *
 * @param path - the file's path, for errors
 * @param load - loads sharp
 * @param least - what is needed of the image: a JPEG is decoded at a half, quarter or eighth of its size where that leaves
 *   twice as much. `null` for all of it
 * @param limit - the most pixels that an image may have
 */
export async function decodeImageBytes(
  bytes: Uint8Array,
  path: string,
  load?: () => Promise<unknown>,
  least: Sides | null = null,
  limit = mostPixels,
): Promise<DecodedImage> {
  const kind = imageKindOf(bytes, path);
  if (kind === "pnm") return decodePnm(bytes, path);
  if (kind === "bmp") return decodeBmp(bytes, path);
  const images = `${kind.toUpperCase()} images`;
  const purpose = {
    need: `reading ${images}`,
    use: `reads ${images}`,
    otherwise: "Or convert the image to BMP, or binary PGM or PPM.",
    where: path,
  };
  const sharp = await loadSharp(purpose, load);
  const { data, info, original } = await decodeWithSharp(
    sharp,
    bytes,
    path,
    kind === "jpeg" ? least : null,
    limit,
  );
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 3) {
    throw new FormatError(`the image decodes to ${channels} channels, 1 (gray) or 3 (RGB) were expected`, {
      where: path,
      hint: "Save it as a gray or RGB image.",
    });
  }
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width, height, channels, pixels, ...(original && { original }) };
}

async function decodeWithSharp(
  sharp: Sharp,
  bytes: Uint8Array,
  path: string,
  least: Sides | null,
  limit: number,
) {
  try {
    const {
      space,
      width = 0,
      height = 0,
      autoOrient: upright = { width, height },
    } = await sharp(bytes, {
      ...sharpOptions,
      limitInputPixels: false,
    }).metadata();
    checkPixels(width, height, path, limit);
    const divisor = least === null ? 1 : divisorOf(upright, least);
    const decoded = await inTurn((width * height) / divisor ** 2, () =>
      decodePixels(sharp, bytes, space, divisor === 1 ? null : divided(upright, divisor)),
    );
    return { ...decoded, original: divisor === 1 ? null : upright };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`this is not an image that can be read (${firstLine(error)})`, {
      where: path,
      hint: "Check that it opens in an image viewer, and save it again as PNG or JPEG.",
      cause: error,
    });
  }
}

async function decodePixels(sharp: Sharp, bytes: Uint8Array, space: string | undefined, size: Sides | null) {
  const image = sharp(bytes, sharpOptions);
  const sized =
    size === null ? image : image.resize(size.width, size.height, { fit: "fill", kernel: "linear" });
  // sharp makes RGB of all images unless told; a gray one (of 8 or 16 bits) is to stay gray.
  return await sized
    .removeAlpha()
    .toColourspace(space === "b-w" || space === "grey16" ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
}

/** The greatest divisor that JPEG's decoder knows and that leaves twice what is needed. */
function divisorOf({ width, height }: Sides, least: Sides): number {
  const leaves = (divisor: number) =>
    width / divisor >= 2 * least.width && height / divisor >= 2 * least.height;
  return [8, 4, 2].find(leaves) ?? 1;
}

/** Rounded down: asked for a pixel more, the decoder takes the next smaller divisor. */
function divided({ width, height }: Sides, divisor: number): Sides {
  return { width: Math.floor(width / divisor), height: Math.floor(height / divisor) };
}

/** Images of more pixels are decoded one after the other: a few of them at once would fill the memory. */
const manyPixels = 2 ** 25;
let last: Promise<unknown> = Promise.resolve();

async function inTurn<Result>(pixels: number, decode: () => Promise<Result>): Promise<Result> {
  if (pixels <= manyPixels) return decode();
  const turn = last.then(decode, decode);
  // Nothing of the image itself is kept.
  last = turn.then(
    () => undefined,
    () => undefined,
  );
  return turn;
}

/** libvips says one thing several times, a line each. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
