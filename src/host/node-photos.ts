/** What decoding photos in worker threads needs of Node; `browser-photos.ts` exports the same names. */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Which of the builds of a worker's source this host runs. */
export const hostKind: "node" | "browser" = "node";

/** A path that means the same in a worker, and whatever becomes of the current folder. */
export function absolutePath(path: string): string {
  return resolve(path);
}

/**
 * The address that workers load sharp from: they are started from text, and would look for it from the current folder.
 *
 * @returns null when it is not installed
 */
export function imageDecoderAddress(): string | null {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve("sharp")).href;
  } catch {
    return null;
  }
}
