/** What reading photos in worker threads needs of Node; `browser-photos.ts` exports the same names. */
import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeFileFailure } from "./file-errors.ts";
import type { FolderEntry } from "./types.ts";

export { imageKindOf } from "./image-kinds.ts";

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

/** What {@link listEntries} calls `identity`, of a folder by its path; `null` when it is not there. */
export async function folderIdentity(path: string): Promise<string | null> {
  const status = await stat(path, { bigint: true }).catch(() => null);
  return status === null ? null : identityOf(status);
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/**
 * What is in a folder, sorted by name; links are followed.
 *
 * @throws FileError when it is missing, not a folder, or cannot be read
 */
export async function listEntries(path: string): Promise<FolderEntry[]> {
  try {
    const found = await readdir(path, { withFileTypes: true });
    // Code units, not the system's order or language: the same everywhere.
    found.sort((a, b) => (a.name < b.name ? -1 : 1));
    return await Promise.all(
      found.map(async (entry) => {
        // Of plain files all is known; a folder with many links is rare enough to ask for all at once.
        if (entry.isFile()) return { name: entry.name, kind: "file" as const, identity: null };
        const status = await stat(join(path, entry.name), { bigint: true }).catch(() => undefined);
        if (status?.isDirectory() === true)
          return { name: entry.name, kind: "folder" as const, identity: identityOf(status) };
        const kind = status === undefined ? "broken" : status.isFile() ? "file" : "other";
        return { name: entry.name, kind, identity: null };
      }),
    );
  } catch (error) {
    throw describeFileFailure(error, path, "list");
  }
}

/**
 * The first bytes of a file, fewer when it has fewer.
 *
 * @throws FileError when it is missing, a folder, or cannot be read
 */
export async function readBeginning(path: string, length: number): Promise<Uint8Array> {
  try {
    // A pipe without a writer would be waited for.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw describeFileFailure(error, path, "read");
  }
}
