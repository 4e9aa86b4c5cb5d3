import { nameHint, OptionError } from "../tensor/errors.ts";
import { type DatasetPair, isFolderName, loadIdxFolder } from "./idx-folder.ts";
import { loadMnist } from "./mnist.ts";

/** The data sets that have a name. */
export const datasets = {
  mnist: loadMnist,
} as const satisfies { readonly [name: string]: () => Promise<DatasetPair> };

/** A name of {@link datasets}. */
export type DatasetName = keyof typeof datasets;

/**
 * A data set by name (`mnist`) or from a folder of IDX files.
 *
 * @throws OptionError when it is neither a known name nor a folder
 * @throws FileError, FormatError or DataError when the files are missing or not as they should be
 */
export async function loadDataset(nameOrFolder: string): Promise<DatasetPair> {
  if (isDatasetName(nameOrFolder)) return datasets[nameOrFolder]();
  if (await isFolderName(nameOrFolder)) return loadIdxFolder(nameOrFolder);
  throw new OptionError(`there is no data set and no folder "${nameOrFolder}"`, {
    where: "data",
    hint: `${nameHint(nameOrFolder, Object.keys(datasets))} Or give the path of a folder with IDX files.`,
  });
}

function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(datasets, name);
}
