/**
 * Files that are fetched, for browsers: they are kept in the page's Cache storage, where the browser lets the page have one
 * (it does for https: and localhost), else for as long as the page holds them. What is broken off begins again. SHA-256
 * alone can be worked out here; other checksums are not looked at.
 */
import type { ChecksumAlgorithm, DownloadSlot, PartialDownload } from "./types.ts";

const cacheName = "fovea";
const held = new Set<string>();

/** Always undefined: a page has no environment. */
export function environmentVariable(_name: string): string | undefined {
  return undefined;
}

/** A name for the page's cache: it has no folders. */
export function userCacheFolder(): string {
  return "";
}

/** The checksum of bytes, in hexadecimal; null for one that browsers do not know. */
export async function checksumOf(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: ChecksumAlgorithm,
): Promise<string | null> {
  // Pages that are not delivered safely have no crypto.subtle.
  const { subtle } = globalThis.crypto as { readonly subtle?: SubtleCrypto };
  if (algorithm !== "sha256" || subtle === undefined) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function openCache(): Promise<Cache | null> {
  const { caches } = globalThis as { readonly caches?: CacheStorage };
  return (await caches?.open(cacheName).catch(() => null)) ?? null;
}

/** @param path - with `/` */
export function downloadSlot(folder: string, path: string): DownloadSlot {
  const place = `/${cacheName}/${folder === "" ? "" : `${folder}/`}${path}`;
  return {
    place,
    read: async () => {
      const found = await (await openCache())?.match(place);
      return found === undefined ? null : new Uint8Array(await found.arrayBuffer());
    },
    begin: async (algorithm) => {
      if (held.has(place)) return null;
      held.add(place);
      return new PartialBytes(place, algorithm);
    },
  };
}

class PartialBytes implements PartialDownload {
  size = 0;
  version: string | null = null;
  readonly #place: string;
  readonly #algorithm: ChecksumAlgorithm | null;
  #pieces: Uint8Array<ArrayBuffer>[] = [];

  constructor(place: string, algorithm: ChecksumAlgorithm | null) {
    this.#place = place;
    this.#algorithm = algorithm;
  }

  async clear(version: string | null): Promise<void> {
    this.size = 0;
    this.version = version;
    this.#pieces = [];
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#pieces.push(new Uint8Array(bytes));
    this.size += bytes.length;
  }

  async digest(): Promise<string | null> {
    if (this.#algorithm === null) return null;
    const bytes = new Uint8Array(await new Blob(this.#pieces).arrayBuffer());
    return await checksumOf(bytes, this.#algorithm);
  }

  async finish(): Promise<Uint8Array<ArrayBuffer>> {
    const blob = new Blob(this.#pieces);
    // What does not fit into the page's share of the disk is fetched again next time.
    await (await openCache())?.put(this.#place, new Response(blob)).catch(() => undefined);
    held.delete(this.#place);
    return new Uint8Array(await blob.arrayBuffer());
  }

  async release(): Promise<void> {
    held.delete(this.#place);
  }
}
