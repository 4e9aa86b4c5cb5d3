/** Files that only grow, for browsers, which have none: the names of `node-growing-file.ts`. */
import { FileError } from "../tensor/errors.ts";
import type { FileStamp, GrowingFile } from "./types.ts";

/** @throws FileError always */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  throw new FileError("a page in a browser cannot write files", {
    where: path,
    hint: "Keep what is worked out in memory.",
  });
}

/** Always null: a server does not say. */
export async function fileStamp(_path: string): Promise<FileStamp | null> {
  return null;
}
