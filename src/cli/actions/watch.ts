import { realpath, stat } from "node:fs/promises";
import type { FSWatcher } from "chokidar";
import { folderExists } from "#host";
import { isHidden, looksLikePhoto } from "../../data/photos/folder-list.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ClassProbability, Model } from "../../models/index.ts";
import { FileError } from "../../tensor/errors.ts";
import { type ClassifiedPhoto, classifyPhotos } from "../classify-photos.ts";
import type { WatchFlags } from "../commands/watch.ts";
import { listenForInterruption } from "../interruption.ts";
import { openModel } from "../model-reference.ts";
import { formatPercent } from "../terminal/numbers.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What `fovea watch --json` prints for each photo, a line each. */
export interface WatchLine {
  readonly path: string;
  readonly top: readonly ClassProbability[];
  /** Why the photo could not be read; `null` when it was. */
  readonly problem: string | null;
}

const defaultTop = 3;
const defaultSettle = 500;
/** Photos that are classified in one go, of those that have arrived together. */
const batchSize = 16;

/**
 * Classifies photos as they arrive, until it is interrupted.
 *
 * @param engine - awaited only when all else is at hand
 * @throws FileError when the folder is not there, goes away, or cannot be watched
 */
export async function watch(
  reference: string,
  folder: string,
  flags: WatchFlags,
  engine: Promise<Engine>,
  terminal: Terminal,
): Promise<void> {
  if (!(await folderExists(folder))) {
    throw new FileError("there is no such folder", { where: folder, hint: "Create it, or check its name." });
  }
  const { model } = await openModel(reference, { flags, engine, terminal });
  using interruption = listenForInterruption(() =>
    terminal.err("Stopping after the photos at hand; once more ends at once.\n"),
  );
  const arrivals = new Arrivals();
  interruption.signal.addEventListener("abort", () => arrivals.end(null));
  const watcher = await startWatcher(folder, flags, arrivals);
  watcher.on("ready", () => terminal.err(`Watching ${folder}; Ctrl-C ends it.\n`));
  const guard = await guardFolder(folder, arrivals);
  try {
    for await (const paths of arrivals) await report(model, paths, flags, terminal);
  } finally {
    clearInterval(guard);
    await watcher.close();
  }
}

async function startWatcher(
  folder: string,
  { existing = false, settle = defaultSettle }: WatchFlags,
  arrivals: Arrivals,
): Promise<FSWatcher> {
  // Loaded when it is needed: other commands do without.
  const { watch: watchFolder } = await import("chokidar");
  const root = await realpath(folder);
  const watcher = watchFolder(root, {
    ignoreInitial: !existing,
    // A link to a folder above would lead round and round.
    followSymlinks: false,
    // Who copies slowly writes in bursts: a file is taken when its size has stayed the same.
    awaitWriteFinish:
      settle === 0 ? false : { stabilityThreshold: settle, pollInterval: Math.min(100, settle) },
    ignored: (path, stats) => isIgnored(root, path, stats?.isFile() ?? false),
  });
  const arrive = (path: string) => {
    // As the folder was given. A link to a folder is told of like a file.
    if (looksLikePhoto(path)) arrivals.add(folder.replace(/(?<=.)[/\\]+$/, "") + path.slice(root.length));
  };
  watcher.on("add", arrive);
  watcher.on("change", arrive);
  watcher.on("error", (error) => arrivals.end(watchFailure(folder, error)));
  return watcher;
}

/** How often the folder itself is looked after, in milliseconds. */
const guardInterval = 1000;

/** Ends the watch when the folder goes away, or another takes its place: the system says nothing of that. */
async function guardFolder(folder: string, arrivals: Arrivals): Promise<NodeJS.Timeout> {
  const identityOf = async () => {
    const status = await stat(folder, { bigint: true }).catch(() => null);
    return status === null ? null : `${status.dev}:${status.ino}`;
  };
  const identity = await identityOf();
  return setInterval(async () => {
    if ((await identityOf()) === identity) return;
    const details = { where: folder, hint: "Start again when it is there." };
    arrivals.end(new FileError("the folder is gone, or another has taken its place", details));
  }, guardInterval);
}

/** Hidden files and folders below the watched one, and files that are not called photos. */
function isIgnored(folder: string, path: string, isFile: boolean): boolean {
  const below = path.slice(folder.length).split(/[/\\]/);
  return below.some((name) => name !== "" && isHidden(name)) || (isFile && !looksLikePhoto(path));
}

function watchFailure(folder: string, cause: unknown): FileError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return new FileError(`it cannot be watched (${cause instanceof Error ? cause.message : String(cause)})`, {
    where: folder,
    hint:
      code === "ENOSPC"
        ? "The system watches no more folders: raise fs.inotify.max_user_watches, or watch fewer."
        : "Check that it may be read.",
    cause,
  });
}

/** Paths that wait to be looked at, each once however often it has changed; handed out in lots as they have come. */
class Arrivals {
  readonly #waiting = new Set<string>();
  #ended = false;
  #failure: FileError | null = null;
  #wake: () => void = () => {};

  add(path: string): void {
    if (this.#ended) return;
    this.#waiting.add(path);
    this.#wake();
  }

  /** No more is taken; what waits is still handed out. @param failure - thrown in the end */
  end(failure: FileError | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly string[]> {
    for (;;) {
      const paths = [...this.#waiting];
      this.#waiting.clear();
      if (paths.length > 0) yield paths;
      else if (this.#ended) break;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

async function report(
  model: Model,
  paths: readonly string[],
  { top = defaultTop, json = false }: WatchFlags,
  terminal: Terminal,
): Promise<void> {
  for await (const photo of classifyPhotos(model, paths, { top, batchSize })) {
    if (json) {
      const line: WatchLine = photo;
      terminal.out(`${JSON.stringify(line)}\n`);
    } else if (photo.problem === null) terminal.out(`${describe(photo)}\n`);
    else terminal.err(`${photo.path}: ${photo.problem}\n`);
  }
}

function describe({ path, top }: ClassifiedPhoto): string {
  return `${path}: ${top.map(({ name, probability }) => `${name} ${formatPercent(probability)}`).join(", ")}`;
}
