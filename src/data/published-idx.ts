import { checksumOf } from "#host";
import { FormatError } from "../tensor/errors.ts";
import { type DatasetPair, type IdxFiles, pairOf } from "./idx-folder.ts";

/** A data set in MNIST's manner whose files are known. */
export interface PublishedIdx {
  /** As `loadDataset` knows it. */
  readonly name: string;
  /** Whose files they are, for errors: `MNIST's`. */
  readonly whose: string;
  /** SHA-256 of the files, unpacked: how they are packed differs from place to place. */
  readonly hashes: { readonly [F in keyof IdxFiles]: string };
  readonly classNames: readonly string[];
  /** How to come by the right files. */
  readonly remedy: string;
}

/**
 * Decodes four files that must be exactly the published ones.
 *
 * @throws FormatError naming the first that is not
 */
export async function publishedPair(set: PublishedIdx, files: IdxFiles): Promise<DatasetPair> {
  for (const key of Object.keys(set.hashes) as (keyof IdxFiles)[]) {
    const { path, bytes } = files[key];
    const hash = await checksumOf(bytes, "sha256");
    // A page without a secure context cannot work one out.
    if (hash === null || hash === set.hashes[key]) continue;
    throw new FormatError(
      `this is not ${set.whose} file: its SHA-256 is ${hash}, expected ${set.hashes[key]}`,
      { where: path, hint: `${set.remedy}, or pass the folder as --data DIR if these are other data.` },
    );
  }
  return pairOf(files, set.name, set.classNames);
}
