/**
 * The folder of a run: what was asked for, what came of it, and what it takes to go on. A folder belongs to one process
 * at a time, and every file in it is whole at every moment.
 */
import {
  acquireFolderLock,
  appendLine,
  ensureFolder,
  type FolderLock,
  fileExists,
  folderExists,
  listFolder,
  readFile,
  writeFileAtomic,
} from "#host";
import { FileError, FormatError, TrainingError } from "../tensor/index.ts";
import { EventFile, isEventFile } from "./tensorboard/event-file.ts";

/** Names of the files in a run's folder. */
export const runFiles = {
  /** What was asked for, as JSON. */
  config: "config.json",
  /** One JSON line an epoch and an event. */
  metrics: "metrics.jsonl",
  /** The last state to go on from. */
  checkpoint: "checkpoint.safetensors",
  /** The trained model. */
  model: "model.safetensors",
} as const;

/** One line of `metrics.jsonl`. `epoch` counts from 0: the epoch in which it happened. */
export interface RunRecord {
  readonly type: string;
  readonly epoch: number;
  readonly [name: string]: unknown;
}

/** How to make a run's folder. */
export interface CreateRunOptions {
  /** Whether a run that is there already may be replaced; its files are emptied first. */
  readonly overwrite?: boolean;
  /** Whether such runs go on where they were stopped, which is then advised; default true. */
  readonly resumable?: boolean;
}

/** A run's folder, held by this process until `release`. */
export class RunFolder {
  readonly path: string;
  readonly #lock: FolderLock;

  private constructor(path: string, lock: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes the folder of a new run and takes it.
   *
   * @param config - anything JSON can hold
   * @throws TrainingError when the folder is in use or holds another run
   * @throws FileError when it holds other files, or cannot be written
   */
  static async create(path: string, config: unknown, options: CreateRunOptions = {}): Promise<RunFolder> {
    await ensureFolder(path);
    return RunFolder.#holding(path, async (run) => {
      await checkUnused(path, options);
      const events = (await listFolder(path)).filter(isEventFile);
      for (const name of [runFiles.checkpoint, runFiles.model, runFiles.metrics, ...events]) {
        const file = joinPath(path, name);
        if (await fileExists(file)) await writeFileAtomic(file, new Uint8Array());
      }
      await run.writeConfig(config);
    });
  }

  /**
   * Takes the folder of a run that is there.
   *
   * @throws FileError when there is no run
   * @throws TrainingError when the folder is in use
   */
  static async open(path: string): Promise<RunFolder> {
    await checkIsRun(path);
    return RunFolder.#holding(path, async () => {});
  }

  static async #holding(path: string, prepare: (run: RunFolder) => Promise<void>): Promise<RunFolder> {
    const lock = await acquireFolderLock(path);
    const run = new RunFolder(path, lock);
    try {
      await prepare(run);
      return run;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The path of one of the run's files. */
  file(name: keyof typeof runFiles): string {
    return joinPath(this.path, runFiles[name]);
  }

  async writeConfig(config: unknown): Promise<void> {
    const text = `${JSON.stringify(config, null, 2)}\n`;
    await writeFileAtomic(this.file("config"), new TextEncoder().encode(text));
  }

  async writeCheckpoint(bytes: Uint8Array): Promise<void> {
    await writeFileAtomic(this.file("checkpoint"), bytes);
  }

  /** Adds a line to `metrics.jsonl`. */
  async record(record: RunRecord): Promise<void> {
    await appendLine(this.file("metrics"), JSON.stringify(record));
  }

  /**
   * Drops the lines of `metrics.jsonl` that belong to epochs which will be trained again: a killed process may have
   * written them after the checkpoint that its successor goes on from. Lines that are no JSON are dropped too.
   */
  async keepRecordsBefore(epoch: number): Promise<void> {
    const file = this.file("metrics");
    if (!(await fileExists(file))) return;
    const lines = new TextDecoder().decode(await readFile(file)).split("\n");
    const kept = lines.filter((line) => (epochOf(line) ?? Number.POSITIVE_INFINITY) < epoch);
    const text = kept.map((line) => `${line}\n`).join("");
    await writeFileAtomic(file, new TextEncoder().encode(text));
  }

  /**
   * Begins a file of TensorBoard's for this start of the run.
   *
   * @param step - steps of the run that are done
   */
  async beginEvents(step: number): Promise<EventFile> {
    return EventFile.begin(this.path, step);
  }

  /** Gives the folder free. */
  async release(): Promise<void> {
    await this.#lock.release();
  }
}

/** Whether a folder holds a run. */
export async function isRunFolder(path: string): Promise<boolean> {
  return (await folderExists(path)) && (await fileExists(joinPath(path, runFiles.config)));
}

/**
 * The configuration of a run, as it was written.
 *
 * @throws FileError when there is no run
 * @throws FormatError when the file is damaged
 */
export async function readRunConfig(path: string): Promise<unknown> {
  await checkIsRun(path);
  const file = joinPath(path, runFiles.config);
  const text = new TextDecoder().decode(await readFile(file));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError("the run's configuration is damaged: it is not JSON", {
      where: file,
      hint: "Mend it by hand, or start the run again with --overwrite.",
      cause,
    });
  }
}

/** The checkpoint of a run; null when it was stopped before the first one. */
export async function readRunCheckpoint(path: string): Promise<Uint8Array | null> {
  return readUnlessEmpty(joinPath(path, runFiles.checkpoint));
}

/**
 * The file that holds a run's model: the trained one, or the last checkpoint of a run that has not ended.
 *
 * @throws FileError when there is neither
 */
export async function runModelFile(path: string): Promise<string> {
  await checkIsRun(path);
  for (const name of [runFiles.model, runFiles.checkpoint]) {
    const file = joinPath(path, name);
    if ((await readUnlessEmpty(file)) !== null) return file;
  }
  throw new FileError("this run has no model yet: it was stopped before its first checkpoint", {
    where: path,
    hint: `Go on with it: fovea train --resume ${path}`,
  });
}

async function hasResults(path: string): Promise<boolean> {
  const files = [runFiles.checkpoint, runFiles.model].map((name) => readUnlessEmpty(joinPath(path, name)));
  return (await Promise.all(files)).some((bytes) => bytes !== null);
}

async function readUnlessEmpty(file: string): Promise<Uint8Array | null> {
  if (!(await fileExists(file))) return null;
  const bytes = await readFile(file);
  return bytes.length === 0 ? null : bytes;
}

async function checkIsRun(path: string): Promise<void> {
  if (await isRunFolder(path)) return;
  const what = (await folderExists(path)) ? "this folder holds no run" : "there is no such run";
  throw new FileError(what, {
    where: path,
    hint: `A run's folder has a ${runFiles.config}; it is what fovea train --out names.`,
  });
}

/**
 * A folder is free for a new run when nothing is in it, hidden files aside, or only a run that failed before its first
 * checkpoint.
 */
async function checkUnused(
  path: string,
  { overwrite = false, resumable = true }: CreateRunOptions,
): Promise<void> {
  if (await isRunFolder(path)) {
    if (overwrite || !(await hasResults(path))) return;
    const advice = "eplace it by --overwrite, or choose another folder with --out.";
    throw new TrainingError("the output folder holds another run", {
      where: path,
      hint: resumable ? `Go on with it by --resume, r${advice}` : `R${advice}`,
    });
  }
  const names: readonly string[] = Object.values(runFiles);
  const others = (await listFolder(path)).filter((name) => !name.startsWith(".") && !names.includes(name));
  if (others.length === 0) return;
  throw new FileError(`the output folder is not empty and holds no run (${others.slice(0, 3).join(", ")})`, {
    where: path,
    hint: "Choose a new folder, so that nothing of yours is mixed up with the run.",
  });
}

function epochOf(line: string): number | null {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== "object" || record === null || !("epoch" in record)) return null;
    return typeof record.epoch === "number" ? record.epoch : null;
  } catch {
    return null;
  }
}

function joinPath(folder: string, name: string): string {
  return /[\\/]$/.test(folder) ? folder + name : `${folder}/${name}`;
}
