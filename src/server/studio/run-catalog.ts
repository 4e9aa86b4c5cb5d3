/** The runs below a folder, and how they stand. */
import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileStamp, folderExists, isFolderLocked } from "#host";
import { isRunFolder, runFiles } from "../../train/run-folder.ts";
import { runsIn } from "../../train/run-list.ts";
import { type RunSummary, summarizeRun } from "../../train/run-summary.ts";
import { insideOf, partsOfName } from "./paths.ts";

/** The file with a run's weights. */
export interface RunModelFile {
  readonly file: string;
  /** In milliseconds since 1970: another figure means another content. */
  readonly modified: number;
}

/** A run as the list has it. */
export interface RunEntry extends Omit<RunSummary, "run"> {
  /** Its folder below that of the runs: `lenet5`, `experiments/lenet5-2`. */
  readonly name: string;
  /** When a file of it was last written, as ISO 8601. */
  readonly updated: string | null;
  /** Its trained model, or its last checkpoint where that is newer; `null` before there is one. */
  readonly weights: RunModelFile | null;
  /** Whether it has a report to read. */
  readonly hasReport: boolean;
}

/** What `fovea finetune` leaves for people to read. */
export const reportFile = "report.html";

/** What is remembered of a run, and of which state of its files. */
interface Known {
  readonly stamp: string;
  readonly entry: RunEntry;
}

/** Knows the runs below a folder, which need not be there yet. What has not changed is not read again. */
export class RunCatalog {
  readonly #root: string;
  readonly #known = new Map<string, Known>();
  #listing: Promise<RunEntry[]> | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  /** All runs, the latest first. Who asks while it is being found out gets the same answer. */
  list(): Promise<RunEntry[]> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  /** A run by its name. @returns `null` when there is none, or its folder lies elsewhere */
  async find(name: string): Promise<RunEntry | null> {
    const folder = await this.folderOf(name);
    return folder === null ? null : await this.#entry(name, folder);
  }

  /** The folder of a run. @returns `null` when there is none, or it lies elsewhere */
  async folderOf(name: string): Promise<string | null> {
    const parts = partsOfName(name);
    if (parts === null) return null;
    const folder = await insideOf(this.#root, parts);
    return folder !== null && (await isRunFolder(folder)) ? folder : null;
  }

  async #list(): Promise<RunEntry[]> {
    if (!(await folderExists(this.#root))) return [];
    const root = await realpath(this.#root);
    const paths = await runsIn(root);
    const entries = await Promise.all(
      paths.map(async (path) => {
        const name = relative(root, path).split(sep).join("/");
        const folder = await this.folderOf(name);
        return folder === null ? null : await this.#entry(name, folder);
      }),
    );
    const found = entries.filter((entry) => entry !== null);
    const names = new Set(found.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    return found.sort(
      (a, b) =>
        (b.began ?? "").localeCompare(a.began ?? "") || a.name.localeCompare(b.name, "en", { numeric: true }),
    );
  }

  async #entry(name: string, folder: string): Promise<RunEntry> {
    const files = [...Object.values(runFiles), reportFile];
    const stamps = await Promise.all(files.map((file) => fileStamp(join(folder, file))));
    const stamp = JSON.stringify([folder, await isFolderLocked(folder), stamps]);
    const known = this.#known.get(name);
    if (known?.stamp === stamp) return known.entry;
    const { run: _, ...summary } = await summarizeRun(folder);
    const times = stamps.flatMap((one) => one?.modified ?? []);
    const updated = times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
    const entry: RunEntry = {
      name,
      ...summary,
      updated,
      weights: await weightsIn(folder),
      hasReport: stamps.at(-1) !== null,
    };
    this.#known.set(name, { stamp, entry });
    return entry;
  }
}

/** The newer one of model and checkpoint: a run that goes on has a model of its last end, and checkpoints since. */
export async function weightsIn(folder: string): Promise<RunModelFile | null> {
  const files = await Promise.all(
    [runFiles.model, runFiles.checkpoint].map(async (file) => ({
      file,
      stamp: await fileStamp(join(folder, file)),
    })),
  );
  const written = files.flatMap(({ file, stamp }) =>
    stamp === null || stamp.size === 0 ? [] : [{ file, modified: stamp.modified }],
  );
  return written.reduce<RunModelFile | null>(
    (newest, one) => (newest === null || one.modified > newest.modified ? one : newest),
    null,
  );
}
