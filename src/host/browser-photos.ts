/** What reading photos in worker threads needs of a browser: the names of `node-photos.ts`. */
import { FileError } from "../tensor/errors.ts";
import { readFile } from "./browser-files.ts";
import type { FolderEntry } from "./types.ts";

export { imageKindOf } from "./image-kinds.ts";

/** Which of the builds of a worker's source this host runs. */
export const hostKind: "node" | "browser" = "browser";

/** An address that means the same in a worker, whose own is not the page's. */
export function absolutePath(path: string): string {
  // What is no address is told by who fetches it.
  return URL.canParse(path, globalThis.location.href) ? new URL(path, globalThis.location.href).href : path;
}

/** Always null: the browser itself decodes. */
export function imageDecoderAddress(): string | null {
  return null;
}

/** Always null: there are no folders. */
export async function folderIdentity(_path: string): Promise<string | null> {
  return null;
}

/** @throws FileError always */
export async function listEntries(path: string): Promise<FolderEntry[]> {
  throw new FileError("a page in a browser cannot list folders", {
    where: path,
    hint: "Give a CSV file of addresses and labels.",
  });
}

/**
 * The first bytes of a file, fewer when it has fewer.
 *
 * @throws FileError when it cannot be fetched
 */
export async function readBeginning(path: string, length: number): Promise<Uint8Array> {
  return (await readFile(path)).subarray(0, length);
}
