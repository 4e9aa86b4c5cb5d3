import { fileExists, folderExists, imageKindOf, readBeginning } from "#host";
import { FileError } from "../../tensor/errors.ts";
import { arrange } from "./arrange.ts";
import { listCsv } from "./csv-list.ts";
import { ImageFolder } from "./folder.ts";
import { type Candidate, type Listing, listClassFolders, type PhotoProblem, whatOf } from "./folder-list.ts";

/** How {@link imageFolder} looks through a folder. */
export interface ImageFolderOptions {
  /** For messages; unless told, the folder's own name. */
  readonly name?: string;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

/** Files that are looked into at the same time. */
const lookedInto = 32;
/** How many bytes tell what kind of image a file is. */
const beginning = 64;

/**
 * Looks through a folder of photos, which are not decoded yet:
 *
 * - `photos/CLASS/*.jpg`: a folder for each class; what lies in folders below it counts to the class;
 * - `photos/train/CLASS/*.jpg`, and `val` (`valid`, `validation`) and `test` beside `train`;
 * - a CSV file of path,label or path,label,part, with paths relative to the file.
 *
 * Classes are in the natural order of their names, photos in that of classes and paths, on every system. Hidden files are
 * ignored. What cannot be a photo (empty, no image, not to be opened, a link to nothing) is listed in `problems`.
 *
 * @throws FileError when there is no such folder or file, or it cannot be read
 * @throws FormatError when the CSV file is no table
 * @throws DataError when there are no photos, or of one class only
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  const { signal } = options;
  const root = path.replace(/(?<=[^\\/])[\\/]+$/, "");
  const name = options.name ?? /[^\\/]+$/.exec(root)?.[0] ?? root;
  const listing = await list(root);
  const problems = [...listing.problems];
  const photos = await lookInto(listing.candidates, problems, signal);
  return new ImageFolder(
    arrange({ name, root, photos, problems, classNames: listing.classNames, notes: [] }),
  );
}

async function list(root: string): Promise<Listing> {
  if (await folderExists(root)) return listClassFolders(root);
  if (/\.(csv|tsv|txt)$/i.test(root) && (await fileExists(root))) return listCsv(root);
  const isFile = await fileExists(root);
  throw new FileError(isFile ? "this is no folder and no CSV file" : "there is no such folder", {
    where: root,
    hint: "Give a folder with a folder of photos for each class, or a CSV file of path,label.",
  });
}

/** Those whose first bytes are an image's; the others go to `problems`, in the order of the candidates. */
async function lookInto(
  candidates: readonly Candidate[],
  problems: PhotoProblem[],
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const verdicts: (string | null)[] = [];
  let next = 0;
  async function look(): Promise<void> {
    while (next < candidates.length) {
      signal?.throwIfAborted();
      const index = next++;
      verdicts[index] = await verdictOn(candidates[index].file);
    }
  }
  await Promise.all(Array.from({ length: lookedInto }, look));
  return candidates.filter(({ path, file }, index) => {
    const problem = verdicts[index];
    if (problem !== null) problems.push({ path, file, problem });
    return problem === null;
  });
}

async function verdictOn(file: string): Promise<string | null> {
  try {
    imageKindOf(await readBeginning(file, beginning), file);
    return null;
  } catch (error) {
    return whatOf(error);
  }
}
