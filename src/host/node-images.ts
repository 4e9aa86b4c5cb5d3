import { FileError, FormatError } from "../tensor/errors.ts";
import { errorCode } from "./file-errors.ts";
import { type DecodedImage, decodePnm, isPnm } from "./pnm.ts";

/** The part of sharp's interface that is used here; the package itself is optional. */
interface SharpPipeline {
  metadata(): Promise<{ space?: string }>;
  toColourspace(space: "b-w" | "srgb"): SharpPipeline;
  rotate(): SharpPipeline;
  removeAlpha(): SharpPipeline;
  raw(options: { depth: "uchar" }): SharpPipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}
type Sharp = (bytes: Uint8Array) => SharpPipeline;

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
  if (isPnm(bytes)) return decodePnm(bytes, path);
  const sharp = await loadSharp(path, load);
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

async function loadSharp(path: string, load: () => Promise<unknown>): Promise<Sharp> {
  try {
    const module = (await load()) as { default: Sharp };
    return module.default;
  } catch (error) {
    const missing = errorCode(error) === "ERR_MODULE_NOT_FOUND";
    throw new FileError(
      missing
        ? "reading this kind of image needs the package sharp, which is not installed"
        : `the package sharp, which reads this kind of image, does not load (${String(error)})`,
      {
        where: path,
        hint: "Run: npm install sharp. Or convert the image to binary PGM or PPM.",
        cause: error,
      },
    );
  }
}

async function decodeWithSharp(sharp: Sharp, bytes: Uint8Array, path: string) {
  try {
    const { space } = await sharp(bytes).metadata();
    // sharp makes RGB of all images unless told; a gray one (of 8 or 16 bits) is to stay gray.
    return await sharp(bytes)
      .rotate()
      .removeAlpha()
      .toColourspace(space === "b-w" || space === "grey16" ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw new FormatError(
      `this is not an image that can be read (${error instanceof Error ? error.message : error})`,
      {
        where: path,
        hint: "Check that it opens in an image viewer, and save it again as PNG or JPEG.",
        cause: error,
      },
    );
  }
}
