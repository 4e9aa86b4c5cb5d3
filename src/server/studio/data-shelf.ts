/** Data sets that the page can ask for: those with a name that are on this machine, and folders that were given. */
import { basename, resolve } from "node:path";
import { folderExists, listFolder } from "#host";
import { findIdxFiles, type IdxPlaces, idxPlacesIn } from "../../data/idx-places.ts";
import type { IdxNames } from "../../data/index.ts";
import { FileError, OptionError } from "../../tensor/errors.ts";

/** An entry of `data/index.json`. */
export interface ShelfEntry {
  /** Also its folder below `data/`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** What its four files are called there. */
  readonly files: IdxNames;
}

/** What `data/index.json` holds. */
export interface ShelfIndex {
  readonly datasets: readonly ShelfEntry[];
  /** Whether runs can be followed here: by this the page knows `fovea studio` from a host of files without asking in vain. */
  readonly followsRuns: true;
}

const titles = {
  mnist: "MNIST, handwritten digits",
  "fashion-mnist": "Fashion-MNIST, articles of clothing",
} as const;

/** The files of data sets by their names; nothing else is handed out. */
export class DataShelf {
  readonly index: ShelfIndex;
  readonly #paths: ReadonlyMap<string, string>;

  private constructor(entries: readonly ShelfEntry[], paths: ReadonlyMap<string, string>) {
    this.index = { datasets: entries, followsRuns: true };
    this.#paths = paths;
  }

  /**
   * @param folders - of IDX files, besides the data sets with names
   * @throws FileError for a folder that is missing or has no IDX files; OptionError for two of one name
   */
  static async of(folders: readonly string[]): Promise<DataShelf> {
    const entries: ShelfEntry[] = [];
    const paths = new Map<string, string>();
    const add = (name: string, title: string, places: IdxPlaces) => {
      if (entries.some((entry) => entry.name === name)) {
        throw new OptionError(`there are two data sets called ${name}`, {
          where: "--data",
          hint: "Rename one of the folders.",
        });
      }
      const { trainImages, trainLabels, testImages, testLabels } = places;
      const served = (path: string) => {
        paths.set(`${name}/${basename(path)}`, path);
        return basename(path);
      };
      const files = {
        trainImages: served(trainImages),
        trainLabels: served(trainLabels),
        testImages: served(testImages),
        testLabels: served(testLabels),
      };
      entries.push({ name, title, files });
    };
    for (const name of ["mnist", "fashion-mnist"] as const) {
      const places = await findIdxFiles(name);
      if (places !== null) add(name, titles[name], places);
    }
    for (const folder of folders) add(nameOf(folder), folder, await givenPlaces(folder));
    return new DataShelf(entries, paths);
  }

  /** Where a file is, by its name below `data/`; `null` for what is not on the shelf. */
  pathOf(name: string): string | null {
    return this.#paths.get(name) ?? null;
  }
}

/** `~/my digits` -> `my-digits`: part of an address. */
function nameOf(folder: string): string {
  const name = basename(resolve(folder))
    .replaceAll(/[^\w.-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "");
  return name === "" ? "data" : name;
}

async function givenPlaces(folder: string): Promise<IdxPlaces> {
  if (!(await folderExists(folder))) {
    throw new FileError("there is no such folder", { where: folder, hint: "Give a folder of IDX files." });
  }
  const places = await idxPlacesIn(folder);
  if (places !== null) return places;
  const some = (await listFolder(folder)).slice(0, 3).join(", ");
  throw new FileError(`there are no IDX files in it${some === "" ? "" : ` (${some}, ...)`}`, {
    where: folder,
    hint: "Four are needed: train-images, train-labels, t10k-images, t10k-labels. Photos are opened in the page itself.",
  });
}
