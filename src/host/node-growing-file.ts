/** Files that only grow, for Node; `browser-growing-file.ts` exports the same names. */
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { describeFileFailure } from "./file-errors.ts";
import { ensureFolder } from "./node-files.ts";
import type { FileStamp, GrowingFile } from "./types.ts";

/**
 * Opens a file that only grows; it and its folder are made when they are not there.
 *
 * @throws FileError when that is not allowed
 */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  await ensureFolder(dirname(path));
  const handle = await attempt(path, () => fs.open(path, "a+"));
  return {
    size: () => attempt(path, async () => (await handle.stat()).size),
    read: (offset, bytes) =>
      attempt(path, async () => {
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled;
      }),
    append: (bytes) => attempt(path, () => handle.appendFile(bytes)),
    close: () => handle.close(),
  };
}

/** Size and time of the last change of a file; `null` when it cannot be looked at. */
export async function fileStamp(path: string): Promise<FileStamp | null> {
  try {
    const { size, mtimeMs } = await fs.stat(path);
    return { size, modified: mtimeMs };
  } catch {
    return null;
  }
}

async function attempt<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw describeFileFailure(error, path, "write");
  }
}
