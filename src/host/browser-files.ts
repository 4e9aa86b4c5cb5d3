/**
 * Files of the host, for browsers: the names of `node-files.ts`. Reading is a fetch, so that a path is an address
 * relative to the page; everything that needs a disk is a `FileError` that says what to do instead.
 */
import { FileError, FormatError } from "../tensor/errors.ts";
import { decodeBmp } from "./bmp.ts";
import { checkPixels, imageKindOf } from "./image-kinds.ts";
import { type DecodedImage, decodePnm } from "./pnm.ts";

export type { DecodedImage } from "./pnm.ts";

/** A folder that this process alone writes to, until released. */
export interface FolderLock {
  /** Gives the folder free. A second call does nothing. */
  release(): Promise<void>;
}

/**
 * All bytes of a file, fetched from an address relative to the page.
 *
 * @throws FileError when the server cannot be reached or does not have it
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await request(path, "GET");
  if (!response.ok) {
    throw new FileError(`the server answers ${response.status} ${response.statusText}`.trimEnd(), {
      where: path,
      hint: "Check that the address is right and that the server delivers this file.",
    });
  }
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw unreachable(path, error);
  }
}

/** Whether the server has a file at this address. */
export async function fileExists(path: string): Promise<boolean> {
  const response = await request(path, "HEAD");
  // A body that nobody reads, even an empty one, is told by the browser as a request that was given up.
  await response.arrayBuffer();
  return response.ok;
}

/** Always false: a browser cannot tell a server's folders from its files. */
export async function folderExists(_path: string): Promise<boolean> {
  return false;
}

/** @throws FileError always */
export async function listFolder(path: string): Promise<string[]> {
  throw unavailable(path, "list folders", "Name the files to read.");
}

/** @throws FileError always */
export async function ensureFolder(path: string): Promise<void> {
  throw unavailable(path, "create folders", "Offer the bytes as a download instead.");
}

/** @throws FileError always */
export async function writeFileAtomic(
  path: string,
  _content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  throw unavailable(path, "write files", "Offer the bytes as a download, or keep them in IndexedDB.");
}

/** @throws FileError always */
export async function appendLine(path: string, _text: string): Promise<void> {
  throw unavailable(path, "write files", "Listen to the events of training instead of a log file.");
}

/** @throws FileError always */
export async function appendBytes(path: string, _bytes: Uint8Array): Promise<void> {
  throw unavailable(path, "write files", "Listen to the events of training instead of a log file.");
}

/** Always false: a page has no folders. */
export async function isFolderLocked(_folder: string): Promise<boolean> {
  return false;
}

/** @throws FileError always */
export async function acquireFolderLock(folder: string): Promise<FolderLock> {
  throw unavailable(folder, "lock folders", "Train without an output folder, and save the model as bytes.");
}

/** Always undefined: a page has no installed packages. */
export function packageFolder(_name: string): string | undefined {
  return undefined;
}

/**
 * Fetches an image and decodes it to pixels: BMP, binary PGM and PPM as in Node, all else by the browser (always RGB; upright by
 * its EXIF orientation; transparency is dropped, but what is wholly transparent is black, as a canvas has it).
 *
 * @throws FileError when it cannot be fetched
 * @throws FormatError when it is not an image
 */
export async function decodeImage(path: string): Promise<DecodedImage> {
  return decodeImageBytes(await readFile(path), path);
}

/**
 * Decodes an image file's bytes; see {@link decodeImage}.
 *
 * @param path - the file's address or name, for errors
 * @throws FormatError when it is not an image
 */
export async function decodeImageBytes(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<DecodedImage> {
  const kind = imageKindOf(bytes, path);
  if (kind === "pnm") return decodePnm(bytes, path);
  if (kind === "bmp") return decodeBmp(bytes, path);
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    imageOrientation: "from-image",
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  }).catch((error: unknown) => {
    throw new FormatError("this is not an image that the browser can read", {
      where: path,
      hint: "Save it again as PNG or JPEG.",
      cause: error,
    });
  });
  const { width, height } = bitmap;
  checkPixels(width, height, path);
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (context === null) {
    throw new FileError("the browser gives no canvas to decode images with", {
      where: path,
      hint: "Close other pages, or convert the image to binary PPM.",
    });
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    pixels[to] = data[from];
    pixels[to + 1] = data[from + 1];
    pixels[to + 2] = data[from + 2];
  }
  return { width, height, channels: 3, pixels };
}

async function request(path: string, method: "GET" | "HEAD"): Promise<Response> {
  try {
    return await fetch(path, { method });
  } catch (error) {
    throw unreachable(path, error);
  }
}

function unreachable(path: string, cause: unknown): FileError {
  return new FileError("the server cannot be reached", {
    where: path,
    hint: "Check the address and the connection; another site must allow this page to read it (CORS).",
    cause,
  });
}

function unavailable(path: string, what: string, hint: string): FileError {
  return new FileError(`a page in a browser cannot ${what}`, { where: path, hint });
}
