/**
 * Files that are fetched, for Node. The beginning of `weights.pth` is in a folder `weights.pth.part` beside it, which one
 * caller holds at a time by its lock; the whole file appears by a rename, so that nobody ever reads half of one.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { TrainingError } from "../tensor/errors.ts";
import { describeFileFailure, errorCode } from "./file-errors.ts";
import { ensureFolder, fileExists, readFile } from "./node-files.ts";
import { acquireFolderLock, type FolderLock } from "./node-lock.ts";
import type { ChecksumAlgorithm, DownloadSlot, PartialDownload } from "./types.ts";

/** A variable of the environment; undefined when it is unset or empty. */
export function environmentVariable(name: string): string | undefined {
  const { [name]: value } = process.env;
  return value === "" ? undefined : value;
}

/** The folder in which this system keeps what programs can fetch again, and ours in it. */
export function userCacheFolder(): string {
  const { platform, env } = process;
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "fovea");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "fovea");
  // The XDG base directory specification has relative paths ignored.
  const { XDG_CACHE_HOME: given } = env;
  return join(given?.startsWith("/") === true ? given : join(homedir(), ".cache"), "fovea");
}

/** The checksum of bytes, in hexadecimal. */
export async function checksumOf(bytes: Uint8Array, algorithm: ChecksumAlgorithm): Promise<string | null> {
  return createHash(algorithm).update(bytes).digest("hex");
}

/** @param path - below `folder`, with `/` */
export function downloadSlot(folder: string, path: string): DownloadSlot {
  const place = join(folder, path);
  return {
    place,
    read: async () => ((await fileExists(place)) ? await readFile(place) : null),
    begin: (algorithm) => beginDownload(place, algorithm),
  };
}

async function beginDownload(
  place: string,
  algorithm: ChecksumAlgorithm | null,
): Promise<PartialDownload | null> {
  const folder = `${place}.part`;
  await ensureFolder(folder);
  let lock: FolderLock;
  try {
    lock = await acquireFolderLock(folder);
  } catch (error) {
    // Held by another; or just removed by one who is done.
    if (error instanceof TrainingError || errorCode(causeOf(error)) === "ENOENT") return null;
    throw error;
  }
  try {
    return await PartialFile.open(place, folder, algorithm, lock);
  } catch (error) {
    await lock.release();
    throw describeFileFailure(error, folder, "write");
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

class PartialFile implements PartialDownload {
  size = 0;
  version: string | null = null;
  #hash: Hash | null = null;
  #finished = false;
  readonly #place: string;
  readonly #folder: string;
  readonly #algorithm: ChecksumAlgorithm | null;
  readonly #lock: FolderLock;
  readonly #handle: fs.FileHandle;

  private constructor(
    place: string,
    folder: string,
    algorithm: ChecksumAlgorithm | null,
    lock: FolderLock,
    handle: fs.FileHandle,
  ) {
    this.#place = place;
    this.#folder = folder;
    this.#algorithm = algorithm;
    this.#lock = lock;
    this.#handle = handle;
    this.#hash = algorithm === null ? null : createHash(algorithm);
  }

  static async open(
    place: string,
    folder: string,
    algorithm: ChecksumAlgorithm | null,
    lock: FolderLock,
  ): Promise<PartialFile> {
    const data = join(folder, "data");
    const handle = await fs.open(data, "a");
    const part = new PartialFile(place, folder, algorithm, lock, handle);
    try {
      part.size = (await handle.stat()).size;
      part.version = await fs.readFile(join(folder, "version"), "utf8").catch(() => null);
      if (part.size > 0 && part.#hash !== null) {
        for await (const chunk of createReadStream(data)) part.#hash.update(chunk);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    return part;
  }

  async clear(version: string | null): Promise<void> {
    await this.#attempt(async () => {
      if (this.size > 0) await this.#handle.truncate(0);
      this.size = 0;
      this.#hash = this.#algorithm === null ? null : createHash(this.#algorithm);
      this.version = version;
      const file = join(this.#folder, "version");
      if (version === null) await fs.rm(file, { force: true });
      else await fs.writeFile(file, version);
    });
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#attempt(async () => {
      await this.#handle.appendFile(bytes);
      this.#hash?.update(bytes);
      this.size += bytes.length;
    });
  }

  async digest(): Promise<string | null> {
    return this.#hash?.copy().digest("hex") ?? null;
  }

  async finish(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#attempt(async () => {
      await this.#handle.sync();
      await this.#handle.close();
      await fs.rename(join(this.#folder, "data"), this.#place);
    });
    this.#finished = true;
    await this.#leave();
    return await readFile(this.#place);
  }

  async release(): Promise<void> {
    if (this.#finished) return;
    await this.#handle.close().catch(() => undefined);
    if (this.size === 0) await this.#leave();
    else await this.#lock.release();
  }

  /** Takes the folder away together with its lock, in one step: whoever comes next makes a new one. */
  async #leave(): Promise<void> {
    const aside = `${this.#folder}-${crypto.randomUUID()}`;
    await fs.rename(this.#folder, aside).catch(() => undefined);
    await this.#lock.release();
    await fs.rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw describeFileFailure(error, dirname(this.#place), "write");
    }
  }
}
