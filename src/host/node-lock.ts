import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { TrainingError } from "../tensor/errors.ts";
import { describeFileFailure, errorCode } from "./file-errors.ts";

/** A folder that this process alone writes to, until released. */
export interface FolderLock {
  /** Gives the folder free. A second call does nothing. */
  release(): Promise<void>;
}

/** What a lock file says of its owner. */
interface LockOwner {
  readonly pid: number;
  readonly hostname: string;
  /** When the process began, as the system counts it: tells it from a later process of the same number. */
  readonly began: string | null;
  readonly token: string;
}

/** Name of the lock file in a locked folder. */
const lockName = ".fovea-lock";
/** A lock file with unreadable content counts as left behind when it is older than this, in milliseconds. */
const unreadableAge = 10_000;
const attemptLimit = 20;
const tokensHeld = new Set<string>();

/**
 * Takes an existing folder for this process by a lock file in it. The lock of a process that has died is taken over.
 *
 * @throws TrainingError when a living process holds it (or one on another machine, of which nothing can be known)
 * @throws FileError when the lock file cannot be written
 */
export async function acquireFolderLock(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const owner: LockOwner = {
    pid: process.pid,
    hostname: hostname(),
    began: processStart(process.pid) ?? null,
    token: crypto.randomUUID(),
  };
  try {
    for (let attempt = 0; attempt < attemptLimit; attempt++) {
      if (await createLock(path, owner)) return heldLock(path, owner.token);
      await removeStaleLock(path, folder, owner.token);
    }
  } catch (error) {
    throw error instanceof TrainingError ? error : describeFileFailure(error, path, "write");
  }
  throw new TrainingError("output folder in use: several processes are trying to take it", {
    where: folder,
    hint: "Start one at a time, or give each its own folder.",
  });
}

/**
 * Whether a living process holds a folder (or one on another machine, of which nothing can be known). Nothing is written: who
 * only looks disturbs nobody.
 */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const owner = await readOwner(join(folder, lockName));
  return owner !== undefined && isOwnerAlive(owner);
}

function heldLock(path: string, token: string): FolderLock {
  tokensHeld.add(token);
  return {
    async release() {
      if (!tokensHeld.delete(token)) return;
      const owner = await readOwner(path);
      if (owner?.token === token) await fs.rm(path, { force: true });
    },
  };
}

/** Creates the lock file with its content in one step; false when there is one. */
async function createLock(path: string, owner: LockOwner): Promise<boolean> {
  const text = `${JSON.stringify(owner)}\n`;
  const draft = `${path}-${owner.token}`;
  try {
    await fs.writeFile(draft, text, { flag: "wx" });
    await fs.link(draft, path);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") return false;
    // File systems without hard links (FAT, some network shares): created exclusively, then filled.
    if (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS")
      return await createExclusively(path, text);
    throw error;
  } finally {
    await fs.rm(draft, { force: true }).catch(() => undefined);
  }
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  try {
    await fs.writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of a dead process; throws when its owner lives. */
async function removeStaleLock(path: string, folder: string, token: string): Promise<void> {
  const owner = await readOwner(path);
  if (owner === undefined) {
    const status = await fs.stat(path).catch(() => undefined);
    if (status === undefined) return;
    if (Date.now() - status.mtimeMs < unreadableAge) throw folderInUse(folder, path, "another process");
  } else if (isOwnerAlive(owner)) {
    throw folderInUse(folder, path, `process ${owner.pid} on ${owner.hostname}`);
  }
  // Moved aside before it is removed: only one of two contenders can move it, and one that moved a newer lock than
  // the one judged dead puts it back.
  const aside = `${path}-${token}`;
  try {
    await fs.rename(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved?.token !== owner?.token) await fs.link(aside, path).catch(() => undefined);
  await fs.rm(aside, { force: true });
}

function folderInUse(folder: string, path: string, by: string): TrainingError {
  return new TrainingError(`output folder in use by ${by}`, {
    where: folder,
    hint: `Wait for it to end, stop it, or choose another folder; if it is not running any more, delete ${path}.`,
  });
}

/** The content of a lock file; undefined when it is gone or unreadable. */
async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner: unknown = JSON.parse(await fs.readFile(path, "utf8"));
    return isLockOwner(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isLockOwner(value: unknown): value is LockOwner {
  if (typeof value !== "object" || value === null) return false;
  if (!("pid" in value && "hostname" in value && "began" in value && "token" in value)) return false;
  const { pid, hostname, began, token } = value;
  return (
    Number.isSafeInteger(pid) &&
    typeof hostname === "string" &&
    (began === null || typeof began === "string") &&
    typeof token === "string"
  );
}

function isOwnerAlive(owner: LockOwner): boolean {
  if (owner.hostname !== hostname()) return true;
  // A restarted container gives the same number again: ours is only what this process took.
  if (owner.pid === process.pid) return tokensHeld.has(owner.token);
  if (!isProcessAlive(owner.pid)) return false;
  const began = processStart(owner.pid);
  return owner.began === null || began === undefined || began === owner.began;
}

/** Whether a process of this number runs on this machine. */
export function isProcessAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return errorCode(error) === "EPERM";
  }
}

/** Field 22 of `/proc/<pid>/stat`: clock ticks from boot to the start of the process. Linux only. */
function processStart(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in field 2 is in brackets and may hold spaces and brackets itself.
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
