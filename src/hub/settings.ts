import { downloadSlot, environmentVariable, userCacheFolder } from "#host";
import { OptionError } from "../tensor/errors.ts";

/** A file as its publisher describes it. */
export interface RemoteFile {
  /** It is kept under this address, whichever it came from. */
  readonly url: string;
  /** Other addresses of the same file, asked in turn when it cannot be had from the first. */
  readonly mirrors?: readonly string[];
  /** Its checksum or the beginning of it, in hexadecimal; `null` when none is published. */
  readonly checksum: { readonly algorithm: "sha256" | "md5"; readonly hex: string } | null;
  /** Between which sizes it lies, in bytes; `null` when none is published. */
  readonly bytes: { readonly minimum: number; readonly maximum: number } | null;
}

/** How far a file has come. */
export interface FetchProgress {
  /** The file's name. */
  readonly name: string;
  /** Bytes that are there. */
  readonly received: number;
  /** All bytes; `null` while the server has not said. */
  readonly total: number | null;
}

/** How files are fetched. */
export interface FetchOptions {
  /** Where they are kept; default `FOVEA_CACHE`, else the user's cache folder. */
  readonly cacheFolder?: string;
  /**
   * Another server for published files: a host, or the address that their paths are appended to; default `FOVEA_MIRROR`, and
   * `null` for none.
   */
  readonly mirror?: string | null;
  /** Called when bytes arrive. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Ends it; what has come is kept for the next time. */
  readonly signal?: AbortSignal;
  /** How patient it is; for tests. */
  readonly patience?: Partial<Patience>;
}

/** Times in milliseconds, and how often. */
export interface Patience {
  /** A connection on which nothing comes for so long is given up. */
  readonly stall: number;
  /** The pause before the second attempt; it doubles for each one after. */
  readonly pause: number;
  /** Attempts in a row that bring nothing. */
  readonly attempts: number;
  /** How long another process may fetch the same file. */
  readonly others: number;
}

/** The usual patience. */
export const usualPatience: Patience = { stall: 30_000, pause: 500, attempts: 5, others: 3_600_000 };

/** Where files are kept: as given, as `FOVEA_CACHE` says, or where the system keeps such things. */
export function cacheFolderOf({ cacheFolder }: FetchOptions = {}): string {
  return cacheFolder ?? environmentVariable("FOVEA_CACHE") ?? userCacheFolder();
}

/**
 * The addresses that a file is fetched from: those that are published, or the same path on the mirror.
 *
 * @throws OptionError when the mirror is no address
 */
export function addressesOf(
  { url, mirrors = [] }: RemoteFile,
  { mirror = environmentVariable("FOVEA_MIRROR") ?? null }: FetchOptions,
): readonly string[] {
  if (mirror === null) return [url, ...mirrors];
  const base = parseAddress(mirror.includes("://") ? mirror : `https://${mirror}`);
  if (base === null) {
    throw new OptionError(`the mirror ${JSON.stringify(mirror)} is no address of a server`, {
      where: "FOVEA_MIRROR",
      hint: "Give a host (mirror.example.org) or an address (https://mirror.example.org/weights).",
    });
  }
  const { pathname, search } = new URL(url);
  return [new URL(`${base.pathname.replace(/\/+$/, "")}${pathname}${search}`, base).href];
}

function parseAddress(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}

/** Whether a word is the address of a file on a server. */
export function isAddress(word: string): boolean {
  return /^https?:\/\//i.test(word);
}

/** @throws OptionError when the text is no address of a file */
export function checkAddress(text: string): URL {
  const url = parseAddress(text);
  if (url !== null && !url.pathname.endsWith("/")) return url;
  throw new OptionError(`${JSON.stringify(text)} is no address of a file`, {
    where: "weights",
    hint: "Addresses look so: https://example.org/weights.safetensors.",
  });
}

/**
 * The place of a file in the cache, with `/`: the server's name, then the path on it. What file systems do not take is
 * replaced, and a query becomes part of the name.
 */
export function cachePath(url: URL): string {
  const path = url.pathname.split("/").map(decodeSegment);
  const query = url.search === "" ? "" : `_${url.search.slice(1)}`;
  return (
    [url.host, ...path]
      .filter((part) => part !== "")
      .map(plain)
      .join("/") + plain(query)
  );
}

/** Where a fetched file is kept, or will be. */
export function placeOf(url: string, options: FetchOptions = {}): string {
  return downloadSlot(cacheFolderOf(options), cachePath(new URL(url))).place;
}

/** A part that cannot be decoded is used as it stands. */
function decodeSegment(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Letters, digits and a few marks; never `..`, never a hidden file, never longer than file systems take. */
function plain(part: string): string {
  return part
    .replaceAll(/[^\w.=+-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 200);
}

/** The last part of an address's path. */
export function fileNameOf(url: string): string {
  return new URL(url).pathname.split("/").at(-1) ?? url;
}
