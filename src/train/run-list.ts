import { folderExists, listEntries } from "#host";
import { FileError } from "../tensor/index.ts";
import { isRunFolder } from "./run-folder.ts";

/** Runs lie at most so many folders below the one that is given. */
const deepest = 3;

/**
 * The runs in a folder and in the folders below, the nearest first; a folder that links lead to as well is taken once.
 *
 * @throws FileError when it is no folder
 */
export async function runsIn(folder: string): Promise<string[]> {
  if (!(await folderExists(folder))) {
    throw new FileError("there is no such folder", {
      where: folder,
      hint: "Give the folder that runs are in (fovea train puts them into runs), or the folders of runs.",
    });
  }
  const found: string[] = [];
  const seen = new Set<string>();
  let level = [folder.replace(/(?<=.)\/+$/, "")];
  for (let depth = 1; depth <= deepest; depth++) {
    const below: string[] = [];
    for (const path of level) {
      for (const { name, kind, identity } of await entriesOf(path, depth)) {
        if (kind !== "folder" || name.startsWith(".") || seen.has(identity ?? "")) continue;
        if (identity !== null) seen.add(identity);
        const inner = `${path}/${name}`;
        if (await isRunFolder(inner)) found.push(inner);
        else below.push(inner);
      }
    }
    level = below;
  }
  return found;
}

/** A folder below that may not be looked into is none of runs. */
async function entriesOf(folder: string, depth: number): ReturnType<typeof listEntries> {
  try {
    return await listEntries(folder);
  } catch (error) {
    if (depth === 1 || !(error instanceof FileError)) throw error;
    return [];
  }
}
