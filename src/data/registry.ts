import { folderExists } from "#host";
import { nameHint, OptionError } from "../tensor/errors.ts";
import { cifarInFolder, loadCifar, loadCifar10, loadCifar100 } from "./cifar.ts";
import type { DatasetOptions } from "./dataset-options.ts";
import { loadFashionMnist } from "./fashion-mnist.ts";
import { type DatasetPair, isFolderName, loadIdxFolder } from "./idx-folder.ts";
import { loadMnist } from "./mnist.ts";

/** The data sets that have a name. */
export const datasets = {
  mnist: loadMnist,
  "fashion-mnist": loadFashionMnist,
  cifar10: loadCifar10,
  cifar100: loadCifar100,
} as const satisfies { readonly [name: string]: (options?: DatasetOptions) => Promise<DatasetPair> };

/** A name of {@link datasets}. */
export type DatasetName = keyof typeof datasets;

/**
 * A data set by name (`mnist`, `fashion-mnist`, `cifar10`, `cifar100`), or from a folder: of IDX files, or of the binary
 * version of CIFAR-10 or CIFAR-100, unpacked or as its archive.
 *
 * @param options - for names: where their files are, and how they are fetched
 * @throws OptionError when it is neither a known name nor a folder
 * @throws FileError, FormatError or DataError when the files are missing or not as they should be
 */
export async function loadDataset(nameOrFolder: string, options: DatasetOptions = {}): Promise<DatasetPair> {
  if (isDatasetName(nameOrFolder)) return datasets[nameOrFolder](options);
  if (await isFolderName(nameOrFolder)) return loadFolder(nameOrFolder);
  throw new OptionError(`there is no data set and no folder "${nameOrFolder}"`, {
    where: "data",
    hint: `${nameHint(nameOrFolder, Object.keys(datasets))} Or give the path of a folder with IDX files.`,
  });
}

async function loadFolder(folder: string): Promise<DatasetPair> {
  // A browser cannot look into a folder: there it is IDX files.
  const cifar = (await folderExists(folder)) ? await cifarInFolder(folder) : null;
  return cifar === null ? loadIdxFolder(folder) : loadCifar(cifar, { folder });
}

function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(datasets, name);
}
