/** Paths from outside, made harmless before any file is looked at. */
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";

/** Names of devices: on Windows they are there in every folder, with any ending. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The parts of an address's path.
 *
 * @param path - as it came, percent-encoded; without the slash before it
 * @returns `null` when a part could mean more than a file's name: empty, hidden, going up, a drive, a stream, a device
 */
export function partsOfAddress(path: string): string[] | null {
  const parts: string[] = [];
  for (const encoded of path.split("/")) {
    const part = decoded(encoded);
    if (part === null || !isPlainName(part)) return null;
    parts.push(part);
  }
  return parts;
}

/** The same of a path that is decoded. */
export function partsOfName(name: string): string[] | null {
  const parts = name.split("/");
  return parts.every(isPlainName) ? parts : null;
}

/** Whether a name is one of a file or folder and nothing else, on any system. */
function isPlainName(name: string): boolean {
  // Control characters, separators of all systems, drives and streams; Windows drops dots and spaces at the end.
  return (
    name !== "" && name.length <= 255 && !/^\.|[\p{Cc}/\\:*?"<>|]|[. ]$/u.test(name) && !devices.test(name)
  );
}

/**
 * Where a path in a folder leads, links followed.
 *
 * @returns `null` when it leads nowhere, or out of the folder
 */
export async function insideOf(folder: string, parts: readonly string[]): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, ...parts));
    return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : null;
  } catch {
    return null;
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
