import { FileError, FormatError } from "../tensor/errors.ts";
import { decodeBmp } from "./bmp.ts";
import { errorCode } from "./file-errors.ts";
import { checkPixels, type ImageKind, imageKindOf, mostPixels } from "./image-kinds.ts";
import { type DecodedImage, decodePnm } from "./pnm.ts";

/** The part of sharp's interface that is used here; the package itself is optional. */
interface SharpPipeline {
  metadata(): Promise<{ space?: string; width?: number; height?: number }>;
  toColourspace(space: "b-w" | "srgb"): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(options: { depth: "uchar" }): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

interface SharpOptions {
  readonly autoOrient: true;
  readonly ignoreIcc: true;
  readonly failOn: "error";
  readonly limitInputPixels: number | false;
}
type Sharp = (bytes: Uint8Array, options: SharpOptions) => SharpPipeline;

/**
 * Upright by EXIF; profiles of colours are left alone, as in Pillow, which weights were made with; what is cut short is an error,
 * and so is a size that would fill the memory. Of a moving image only the first frame is read.
 */
const sharpOptions: SharpOptions = {
  autoOrient: true,
  ignoreIcc: true,
  failOn: "error",
  limitInputPixels: mostPixels,
};

/** Loads an optional package. Its name is a parameter so that neither TypeScript nor a bundler asks for it. */
async function importPackage(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ name);
}

/**
 * Decodes an image file's bytes; see `decodeImage`.
 *
 * @param path - the file's path, for errors
 * @param load - loads sharp
 */
export async function decodeImageBytes(
  bytes: Uint8Array,
  path: string,
  load: () => Promise<unknown> = () => importPackage("sharp"),
): Promise<DecodedImage> {
  const kind = imageKindOf(bytes, path);
  if (kind === "pnm") return decodePnm(bytes, path);
  if (kind === "bmp") return decodeBmp(bytes, path);
  const sharp = await loadSharp(path, kind, load);
  const { data, info } = await decodeWithSharp(sharp, bytes, path);
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 3) {
    throw new FormatError(`the image decodes to ${channels} channels, 1 (gray) or 3 (RGB) were expected`, {
      where: path,
      hint: "Save it as a gray or RGB image.",
    });
  }
  return { width, height, channels, pixels: new Uint8Array(data) };
}

async function loadSharp(path: string, kind: ImageKind, load: () => Promise<unknown>): Promise<Sharp> {
  try {
    const module = (await load()) as { default: Sharp };
    return module.default;
  } catch (error) {
    const missing = errorCode(error) === "ERR_MODULE_NOT_FOUND";
    throw new FileError(
      missing
        ? `reading ${kind.toUpperCase()} images needs the package sharp, which is not installed`
        : `the package sharp, which reads ${kind.toUpperCase()} images, does not load (${String(error)})`,
      {
        where: path,
        hint: "Run: npm install sharp. Or convert the image to BMP, or binary PGM or PPM.",
        cause: error,
      },
    );
  }
}

async function decodeWithSharp(sharp: Sharp, bytes: Uint8Array, path: string) {
  try {
    const {
      space,
      width = 0,
      height = 0,
    } = await sharp(bytes, {
      ...sharpOptions,
      limitInputPixels: false,
    }).metadata();
    checkPixels(width, height, path);
    // sharp makes RGB of all images unless told; a gray one (of 8 or 16 bits) is to stay gray.
    return await sharp(bytes, sharpOptions)
      .removeAlpha()
      .toColourspace(space === "b-w" || space === "grey16" ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`this is not an image that can be read (${firstLine(error)})`, {
      where: path,
      hint: "Check that it opens in an image viewer, and save it again as PNG or JPEG.",
      cause: error,
    });
  }
}

/** libvips says one thing several times, a line each. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
