import { type FolderEntry, folderIdentity, listEntries } from "#host";
import { isHidden, looksLikePhoto, type PhotoProblem, whatOf } from "../data/photos/folder-list.ts";
import { naturalOrder } from "../data/photos/natural-order.ts";
import { DataError } from "../tensor/errors.ts";

/** Photos below a folder, by their names, and what could not be looked into. */
export interface PhotoFiles {
  /** The folder as it was given, and the path below it. */
  readonly files: readonly string[];
  readonly problems: readonly PhotoProblem[];
}

/**
 * Lists all photos below a folder, as people order names. Links are followed, and each folder is entered once.
 *
 * @throws FileError when the folder itself cannot be listed, DataError when there are no photos in it
 */
export async function listPhotoFiles(folder: string): Promise<PhotoFiles> {
  const files: string[] = [];
  const problems: PhotoProblem[] = [];
  const root = folder.replace(/(?<=.)\/+$/, "");
  // That it is not there is found out when it is listed.
  const seen = new Set([await folderIdentity(root)]);
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const inner: string[] = [];
    for (const { name, kind, identity } of await entriesOf(path)) {
      if (isHidden(name)) continue;
      const file = path === "/" ? `/${name}` : `${path}/${name}`;
      if (kind === "file" && looksLikePhoto(name)) files.push(file);
      else if (kind === "broken") problems.push({ path: file, file, problem: "the link leads to nothing" });
      else if (kind === "folder" && !seen.has(identity)) {
        seen.add(identity);
        inner.push(file);
      }
    }
    open.push(...inner);
  }
  if (files.length === 0) {
    throw new DataError("there are no photos in it, nor in the folders below", {
      where: folder,
      hint: "Known: JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, and binary PGM and PPM.",
    });
  }
  return { files: files.sort(naturalOrder), problems };

  async function entriesOf(path: string): Promise<readonly FolderEntry[]> {
    try {
      return await listEntries(path);
    } catch (error) {
      if (path === root) throw error;
      problems.push({ path, file: path, problem: whatOf(error) });
      return [];
    }
  }
}
