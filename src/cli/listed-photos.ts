import { folderExists } from "#host";
import { imageFolder } from "../data/index.ts";
import { DataError } from "../tensor/errors.ts";
import { listPhotoFiles } from "./photo-files.ts";

/** A photo that a command was given by its folder. */
export interface ListedPhoto {
  /** For people: below the folder. */
  readonly path: string;
  readonly file: string;
  /** Index into the class names; -1 where photos have no classes. */
  readonly label: number;
}

/** Photos, with classes if they have any. */
export interface ListedPhotos {
  readonly photos: readonly ListedPhoto[];
  readonly classNames: readonly string[];
  /** What was passed over, and why. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/**
 * Photos of a folder, in folders by class or not, or of a CSV file.
 *
 * @throws FileError when there is nothing, DataError when there are no photos
 */
export async function listPhotos(source: string): Promise<ListedPhotos> {
  try {
    const { photos, classNames, problems } = await imageFolder(source);
    return { photos, classNames, problems };
  } catch (error) {
    // Fewer than two classes are none.
    if (!(error instanceof DataError) || !(await folderExists(source))) throw error;
  }
  const { files, problems } = await listPhotoFiles(source);
  const photos = files.map((file) => {
    return { path: file.slice(source.replace(/\/+$/, "").length + 1), file, label: -1 };
  });
  return { photos, classNames: [], problems };
}
