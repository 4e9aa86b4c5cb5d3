import { type DatasetPair, loadDataset } from "../data/index.ts";
import { FileProgress } from "./terminal/file-progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** The data set that `--data` names, with a line on files that are fetched. */
export async function openDataset(
  nameOrFolder: string,
  { quiet = false }: { readonly quiet?: boolean | undefined },
  terminal: Terminal,
): Promise<DatasetPair> {
  const progress = new FileProgress(terminal);
  try {
    return await loadDataset(nameOrFolder, quiet ? {} : { fetch: { onProgress: progress.show } });
  } finally {
    progress.closeLine();
  }
}
