import { absolutePath, fileStamp, readFile } from "#host";
import { cacheFolderOf, type FetchOptions } from "../../hub/index.ts";
import { FoveaError } from "../../tensor/errors.ts";
import { sha256 } from "./network-digest.ts";
import { RecordFile } from "./record-file.ts";

/** What is kept of a photo. */
export interface CachedPhoto {
  /** SHA-256 of the file's bytes, in hexadecimal. */
  readonly contentHash: string;
  /** What the photo shows, in few bits: see `data.likenessDistance`. */
  readonly likeness: Uint8Array;
  /** Of the upright photo, in pixels. */
  readonly width: number;
  /** Of the upright photo, in pixels. */
  readonly height: number;
  readonly features: Float32Array;
}

/** What was found out about a photo before decoding it. */
export interface Found {
  readonly photo: CachedPhoto | null;
  /** Stands for path, size and time of the last change; `null` when the content may change without them. */
  readonly place: string | null;
}

const hashSize = 32;
const likenessSize = 16;
/** Hash, likeness, width, height; then come the features. */
const headSize = hashSize + likenessSize + 8;
/** A file that was changed so short a time ago may be changed again within the clock's resolution: milliseconds. */
const settled = 2000;

/**
 * Features of photos by content and network, on disk: a photo that was seen once is not decoded again, wherever it has been
 * moved to. Files lie in the folder `features` of the cache folder, one for each network, and one that remembers by path,
 * size and time of the last change which content a file has. Several processes may use them at a time, damaged records are
 * passed over, and the folder may be deleted at any time. Where nothing can be kept, `problem` says why, and all else goes on.
 */
export class FeatureCache {
  #problem: string | null = null;
  #records: RecordFile | null = null;
  #places: RecordFile | null = null;
  readonly #size: number;
  /** Offsets of records by content hash. */
  readonly #offsets = new Map<string, number>();
  /** Content hashes by place. */
  readonly #hashes = new Map<string, string>();
  #newRecords: Uint8Array[] = [];
  #newPlaces: Uint8Array[] = [];

  private constructor(features: number) {
    this.#size = features;
  }

  /**
   * @param network - digest of the network, in hexadecimal; `null` keeps nothing
   * @param features - how many numbers it makes of a photo
   */
  static async open(
    network: string | null,
    features: number,
    options: Pick<FetchOptions, "cacheFolder"> = {},
  ): Promise<FeatureCache> {
    const cache = new FeatureCache(features);
    if (network === null) {
      cache.#problem = "checksums cannot be worked out here";
      return cache;
    }
    const folder = `${cacheFolderOf(options)}/features`;
    await cache.#attempt(async () => {
      cache.#records = await RecordFile.open(
        `${folder}/${network.slice(0, 32)}.bin`,
        headSize + 4 * features,
      );
      cache.#places = await RecordFile.open(`${folder}/places.bin`, 2 * hashSize);
      await cache.refresh();
    });
    return cache;
  }

  /** Why nothing is kept; `null` when all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Number of photos whose features are kept. */
  get size(): number {
    return this.#offsets.size;
  }

  /** Takes notice of what other processes have kept in the meantime. */
  async refresh(): Promise<void> {
    await this.#attempt(async () => {
      await this.#records?.scan((payload, offset) => {
        this.#offsets.set(hexOf(payload.subarray(0, hashSize)), offset);
      });
      await this.#places?.scan((payload) => {
        this.#hashes.set(hexOf(payload.subarray(0, hashSize)), hexOf(payload.subarray(hashSize)));
      });
    });
  }

  /** What is kept of the photo at a path. Its bytes are read only if path, size and time do not tell what it is. */
  async find(path: string): Promise<Found> {
    if (this.#records === null) return { photo: null, place: null };
    const place = await placeOf(path);
    const known = place === null ? undefined : this.#hashes.get(place);
    // Nothing kept: whoever decodes the photo reads and hashes it anyway.
    const hash = known ?? (this.#offsets.size === 0 ? null : await contentHashOf(path));
    const photo = hash === null ? null : await this.#photoOf(hash);
    if (photo !== null && place !== null && known === undefined) this.#remember(place, photo.contentHash);
    return { photo, place };
  }

  async #photoOf(contentHash: string): Promise<CachedPhoto | null> {
    const offset = this.#offsets.get(contentHash);
    if (offset === undefined) return null;
    const payload = await this.#attempt(async () => (await this.#records?.read(offset)) ?? null);
    if (payload === null || hexOf(payload.subarray(0, hashSize)) !== contentHash) return null;
    const view = new DataView(payload.buffer, payload.byteOffset);
    return {
      contentHash,
      likeness: payload.slice(hashSize, hashSize + likenessSize),
      width: view.getUint32(headSize - 8, true),
      height: view.getUint32(headSize - 4, true),
      features: new Float32Array(payload.slice(headSize).buffer),
    };
  }

  /** Keeps a photo's features; on disk they are after the next `flush`. @param place - what `find` gave */
  add(photo: CachedPhoto, place: string | null): void {
    if (this.#records === null || photo.contentHash === "" || photo.features.length !== this.#size) return;
    const payload = new Uint8Array(headSize + 4 * this.#size);
    const view = new DataView(payload.buffer);
    payload.set(bytesOf(photo.contentHash));
    payload.set(photo.likeness, hashSize);
    view.setUint32(headSize - 8, photo.width, true);
    view.setUint32(headSize - 4, photo.height, true);
    const { buffer, byteOffset, byteLength } = photo.features;
    payload.set(new Uint8Array(buffer, byteOffset, byteLength), headSize);
    this.#newRecords.push(payload);
    if (place !== null) this.#remember(place, photo.contentHash);
  }

  #remember(place: string, contentHash: string): void {
    const payload = new Uint8Array(2 * hashSize);
    payload.set(bytesOf(place));
    payload.set(bytesOf(contentHash), hashSize);
    this.#newPlaces.push(payload);
    this.#hashes.set(place, contentHash);
  }

  /** Writes what has been added. */
  async flush(): Promise<void> {
    const [records, places] = [this.#newRecords, this.#newPlaces];
    [this.#newRecords, this.#newPlaces] = [[], []];
    await this.#attempt(async () => {
      if (records.length > 0) await this.#records?.append(records);
      if (places.length > 0) await this.#places?.append(places);
    });
  }

  /** Writes what has been added, and closes the files. */
  async close(): Promise<void> {
    await this.flush();
    await this.#records?.close();
    await this.#places?.close();
    [this.#records, this.#places] = [null, null];
  }

  /** A cache that fails is none: what it was to save is worked out again. */
  async #attempt<Result>(work: () => Promise<Result>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      this.#problem = error instanceof FoveaError ? error.message : String(error);
      const files = [this.#records, this.#places];
      [this.#records, this.#places] = [null, null];
      for (const file of files) await file?.close().catch(() => {});
      return null;
    }
  }
}

/** A name for path, size and time of the last change; `null` when the file has been changed just now, or is not there. */
async function placeOf(path: string): Promise<string | null> {
  const stamp = await fileStamp(path);
  if (stamp === null || Math.abs(Date.now() - stamp.modified) < settled) return null;
  const text = `${absolutePath(path)}\0${stamp.size}\0${stamp.modified}`;
  return await sha256(new TextEncoder().encode(text));
}

async function contentHashOf(path: string): Promise<string | null> {
  const bytes = await readFile(path).catch(() => null);
  return bytes === null ? null : await sha256(bytes);
}

function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
