import { type DatasetPair, loadDataset } from "../data/index.ts";
import { OptionError } from "../tensor/errors.ts";
import { arePhotos } from "./evaluate-photos.ts";
import { FileProgress } from "./terminal/file-progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

/**
 * The data set that `--data` names, with a line on files that are fetched.
 *
 * @throws OptionError when it names photos, which come in all sizes
 */
export async function openDataset(
  nameOrFolder: string,
  { quiet = false }: { readonly quiet?: boolean | undefined },
  terminal: Terminal,
): Promise<DatasetPair> {
  if (await arePhotos(nameOrFolder)) {
    throw new OptionError(`"${nameOrFolder}" holds photos, or none of the files of a data set`, {
      where: "--data",
      hint: "fovea finetune makes a classifier of photos; programs train nets of their own on data.imageFolder.",
    });
  }
  const progress = new FileProgress(terminal);
  try {
    return await loadDataset(nameOrFolder, quiet ? {} : { fetch: { onProgress: progress.show } });
  } finally {
    progress.closeLine();
  }
}
