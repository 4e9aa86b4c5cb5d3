/**
 * Files of the host, for Node. `browser-files.ts` exports the same names; the other rooms import either through
 * `#host`. Every failure leaves as a `FileError` that says which path, what is wrong and how to mend it.
 */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describeFileFailure, errorCode } from "./file-errors.ts";
import { decodeImageBytes } from "./node-images.ts";
import { isProcessAlive } from "./node-lock.ts";
import type { DecodedImage } from "./pnm.ts";

export { decodeImageBytes } from "./node-images.ts";
export { acquireFolderLock, type FolderLock, isFolderLocked } from "./node-lock.ts";
export type { DecodedImage } from "./pnm.ts";

/** One read call at most: the system takes no more than 2 GiB at once. */
const readLimit = 2 ** 30;

/**
 * All bytes of a file.
 *
 * @throws FileError when it is missing, a folder, or cannot be read
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await withFile(path, "r", readAll);
  } catch (error) {
    throw describeFileFailure(error, path, "read");
  }
}

/** Whether there is a file (or pipe or device, but not a folder) at this path. */
export async function fileExists(path: string): Promise<boolean> {
  const status = await statusOf(path);
  return status !== undefined && !status.isDirectory();
}

/** Whether there is a folder at this path. */
export async function folderExists(path: string): Promise<boolean> {
  return (await statusOf(path))?.isDirectory() ?? false;
}

/**
 * Names of the files and folders in a folder, sorted, hidden ones included.
 *
 * @throws FileError when it is missing or not a folder
 */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await fs.readdir(path)).sort();
  } catch (error) {
    throw describeFileFailure(error, path, "list");
  }
}

/**
 * Creates a folder and those above it where they are missing.
 *
 * @throws FileError when that is not allowed or a file is in the way
 */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    throw describeFileFailure(error, path, "create");
  }
}

/**
 * Writes a file so that at every moment, even after a kill or a power cut, its path holds either the old bytes or all
 * of the new ones: a temporary file in the same folder is written and flushed, then renamed over it, and the rename is
 * flushed too. On failure the temporary file is removed and the old file stays. Temporary files that killed writers
 * left in that folder are removed.
 *
 * @param content - the bytes, or pieces of them that are asked for one by one
 * @throws FileError when the folder is missing, not writable or on a full disk, or the path is a folder
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  const folder = dirname(resolve(path));
  const temporary = join(folder, temporaryName());
  temporariesInUse.add(temporary);
  try {
    await removeTemporaryLeftovers(folder);
    await writeAndFlush(temporary, content);
    await fs.rename(temporary, path);
    await flushFolder(folder);
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw describeFileFailure(error, path, "write");
  } finally {
    temporariesInUse.delete(temporary);
  }
}

/**
 * Appends one line to a log of lines (JSON lines), with one write call so that lines of two writers do not mix. A line
 * that a killed writer left unfinished is closed first: it stays a bad line of its own and does not spoil this one.
 *
 * @param text - the line without its line feed
 * @throws FileError when the folder is missing, not writable or on a full disk
 */
export async function appendLine(path: string, text: string): Promise<void> {
  try {
    await withFile(path, "a+", async (handle) => {
      const unfinished = await endsInsideLine(handle);
      await handle.appendFile(`${unfinished ? "\n" : ""}${text}\n`);
    });
  } catch (error) {
    throw describeFileFailure(error, path, "write");
  }
}

/**
 * Appends bytes to a file with one write call, and makes it where it is not there.
 *
 * @throws FileError when the folder is missing, not writable or on a full disk
 */
export async function appendBytes(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await fs.appendFile(path, bytes);
  } catch (error) {
    throw describeFileFailure(error, path, "write");
  }
}

/**
 * Reads an image file into 8-bit gray or RGB pixels: BMP, binary PGM and PPM by itself, all else (JPEG, PNG, WebP, AVIF, TIFF, a
 * GIF's first frame) with the optional package sharp. Photographs are turned upright by their EXIF orientation; transparency is
 * dropped, as Pillow's `convert("RGB")` does; 16 bits become 8, CMYK becomes RGB; profiles of colours are not applied.
 *
 * @throws FileError when the file cannot be read, or sharp is needed and not installed
 * @throws FormatError when it is not an image
 */
export async function decodeImage(path: string): Promise<DecodedImage> {
  return decodeImageBytes(await readFile(path), path);
}

/**
 * The folder of an installed npm package, as seen from Fovea itself and then from the current folder.
 *
 * @returns undefined when it is not installed
 */
export function packageFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    const require = createRequire(from);
    try {
      return dirname(require.resolve(`${name}/package.json`));
    } catch {
      // Not there, or its "exports" hide package.json: then its folder is found by looking.
      const root = (require.resolve.paths(name) ?? []).find((folder) => existsSync(join(folder, name)));
      if (root !== undefined) return join(root, name);
    }
  }
  return undefined;
}

const temporaryPrefix = ".fovea-tmp";
/** No write takes a day: what is older was left behind, whoever made it. */
const leftoverAge = 24 * 3600 * 1000;
const temporariesInUse = new Set<string>();
let temporaryCount = 0;

/** `.fovea-tmp_<host>_<process>_<count>`: whose it is can be read from it, so that leftovers are told from files in use. */
function temporaryName(): string {
  return `${temporaryPrefix}_${hostLabel()}_${process.pid}_${temporaryCount++}`;
}

function hostLabel(): string {
  return hostname()
    .replace(/[^A-Za-z0-9.-]/g, "-")
    .slice(0, 64);
}

/** Not Node's own recursive mkdir: where a system says "no such path" though the parent is there (/proc), it never ends. */
async function makeFolders(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) !== "ENOENT" || parent === path) throw error;
    // A parent that is there by now was made by somebody else in the meantime.
    if (!(await folderExists(parent))) await makeFolders(parent);
    await makeFolder(path);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    if (!(await folderExists(path))) throw error;
  }
}

/** Tidying must never fail a write: a folder that cannot be listed can still be written to. */
async function removeTemporaryLeftovers(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${temporaryPrefix}_`)) continue;
    const path = join(folder, name);
    // Another writer may finish or clean up at the same time: what is gone is as wanted.
    if (await isLeftover(path, name)) await fs.rm(path, { force: true }).catch(() => undefined);
  }
}

async function isLeftover(path: string, name: string): Promise<boolean> {
  if (temporariesInUse.has(path)) return false;
  const [, host, pid] = name.split("_");
  const owner = Number(pid);
  if (host === hostLabel() && (owner === process.pid || !isProcessAlive(owner))) return true;
  const status = await fs.stat(path).catch(() => undefined);
  return status !== undefined && Date.now() - status.mtimeMs > leftoverAge;
}

/** Opens a file, hands it to `use` and closes it whatever happens. */
async function withFile<Result>(
  path: string,
  flags: string,
  use: (handle: fs.FileHandle) => Promise<Result>,
): Promise<Result> {
  const handle = await fs.open(path, flags);
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: fs.FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const status = await handle.stat();
  // A pipe or device has no size to allocate by.
  if (!status.isFile()) return new Uint8Array(await handle.readFile());
  const bytes = new Uint8Array(status.size);
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(readLimit, bytes.length - filled);
    const { bytesRead } = await handle.read(bytes, filled, length, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === bytes.length ? bytes : bytes.slice(0, filled);
}

async function endsInsideLine(handle: fs.FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const last = new Uint8Array(1);
  await handle.read(last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

async function writeAndFlush(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  await withFile(path, "wx", async (handle) => {
    const pieces = content instanceof Uint8Array ? [content] : content;
    // Each goes behind the one before.
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  });
}

/** Makes a rename last through a power cut, where the system lets a folder be flushed (Windows does not). */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  try {
    await withFile(folder, "r", (handle) => handle.sync());
  } catch (error) {
    // Some network file systems cannot, and a folder may be writable yet not readable: the rename is done all the same.
    if (!unflushableCodes.has(errorCode(error) ?? "")) throw error;
  }
}

const unflushableCodes: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EACCES", "EPERM"]);

async function statusOf(path: string) {
  try {
    return await fs.stat(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw describeFileFailure(error, path, "read");
  }
}
