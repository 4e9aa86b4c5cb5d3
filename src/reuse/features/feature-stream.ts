import { type DecodePool, type Photo, type PhotoOptions, sharedDecodePool } from "../../data/index.ts";
import type { Model } from "../../models/index.ts";
import { sizeOf, Tensor } from "../../tensor/index.ts";
import type { FeatureCache, Found } from "./feature-cache.ts";

/** A photo's features, or why there are none. */
export interface PhotoFeatures {
  /** Place in the list of paths. */
  readonly index: number;
  readonly path: string;
  /** As many numbers as the network makes of a photo. `null` when the photo cannot be read. */
  readonly features: Float32Array | null;
  /** Why there are none; `null` when there are. */
  readonly problem: string | null;
  /** SHA-256 of the file's bytes, in hexadecimal; empty when they cannot be had. */
  readonly contentHash: string;
  /** What the photo shows, in few bits: see `data.likenessDistance`. */
  readonly likeness: Uint8Array | null;
  /** Of the upright photo, in pixels; 0 when it cannot be read. */
  readonly width: number;
  /** Of the upright photo, in pixels; 0 when it cannot be read. */
  readonly height: number;
  /** Whether the features were kept from an earlier time. */
  readonly cached: boolean;
}

/** What {@link streamFeatures} goes by. */
export interface StreamSettings {
  readonly cache: FeatureCache;
  /** Photos that the network sees at a time. */
  readonly batchSize: number;
  /** How the network's output becomes the features of one photo. */
  readonly pool: (output: Float32Array) => Float32Array;
  readonly decoders: DecodePool | null;
  readonly signal: AbortSignal | null;
}

/** A photo that was found in the cache, or decoded. */
interface Pending {
  readonly index: number;
  readonly path: string;
  readonly found: Found;
  /** `null` for one from the cache. */
  readonly photo: Photo | null;
}

/** Photos that are given out together at most: where all come from the cache, no batch gets full. */
const mostOfGroup = 1024;

/**
 * Features of photos, in the order of their paths. While the engine works on a batch, the photos of the next ones are
 * decoded in worker threads. Three batches and two more of photos read ahead are in memory at most, whatever the number of
 * photos.
 */
export async function* streamFeatures(
  network: Model,
  paths: readonly string[],
  settings: StreamSettings,
): AsyncGenerator<PhotoFeatures, void, undefined> {
  const { cache, batchSize, signal } = settings;
  const inFlight: Promise<PhotoFeatures[]>[] = [];
  let group: Pending[] = [];
  let decoded = 0;
  const close = () => {
    const work = featuresOf(network, group, settings);
    // A failure reaches whoever waits for this group; nobody may come to that.
    work.catch(() => {});
    inFlight.push(work);
    [group, decoded] = [[], 0];
  };
  try {
    for await (const photo of readAhead(network, paths, settings)) {
      signal?.throwIfAborted();
      group.push(photo);
      if (photo.photo !== null && photo.photo.pixels !== null) decoded++;
      if (decoded < batchSize && group.length < mostOfGroup) continue;
      close();
      // While one is computed, the next is put into the engine.
      if (inFlight.length <= 2) continue;
      yield* (await inFlight.shift()) ?? [];
      await cache.flush();
    }
    close();
    for (const work of inFlight) yield* await work;
  } finally {
    await Promise.allSettled(inFlight);
    await cache.flush();
  }
}

/** Looks photos up in the cache, else decodes them, some ahead of the one that is asked for. */
async function* readAhead(
  network: Model,
  paths: readonly string[],
  { cache, batchSize, decoders, signal }: StreamSettings,
): AsyncGenerator<Pending, void, undefined> {
  const pool = decoders ?? sharedDecodePool();
  const options = photoOptionsOf(network);
  const leaving = new AbortController();
  const ends = signal === null ? leaving.signal : AbortSignal.any([leaving.signal, signal]);
  async function read(path: string, index: number): Promise<Pending> {
    const found = await cache.find(path);
    const photo = found.photo === null ? await pool.decode(path, { ...options, signal: ends }) : null;
    return { index, path, found, photo };
  }
  const onTheirWay: Promise<Pending>[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      const reading = read(path, index);
      reading.catch(() => {});
      onTheirWay.push(reading);
      if (onTheirWay.length < 2 * batchSize) continue;
      const first = await onTheirWay.shift();
      if (first !== undefined) yield first;
    }
    for (const reading of onTheirWay) yield await reading;
  } finally {
    leaving.abort();
  }
}

/** How photos become a network's inputs. */
export function photoOptionsOf({ inputShape, preprocessing: { resize } }: Model): PhotoOptions {
  const [height, width, channels] = inputShape;
  return { height, width, channels, resize };
}

/** Lets the network see those photos of a group that were decoded, all in one batch. */
async function featuresOf(
  network: Model,
  group: readonly Pending[],
  { cache, pool }: StreamSettings,
): Promise<PhotoFeatures[]> {
  const pixels = group.flatMap(({ photo }) =>
    photo === null || photo.pixels === null ? [] : [photo.pixels],
  );
  const outputs = await outputsOf(network, pixels);
  let next = 0;
  return group.map(({ index, path, found, photo }) => {
    if (photo === null) return { index, path, problem: null, cached: true, ...nothingKnown, ...found.photo };
    const { pixels, problem, contentHash, likeness, width, height } = photo;
    const features = pixels === null ? null : pool(outputs[next++]);
    if (features !== null && likeness !== null)
      cache.add({ contentHash, likeness, width, height, features }, found.place);
    return { index, path, features, problem, contentHash, likeness, width, height, cached: false };
  });
}

const nothingKnown = { features: null, contentHash: "", likeness: null, width: 0, height: 0 };

async function outputsOf(network: Model, photos: readonly Uint8Array[]): Promise<Float32Array[]> {
  if (photos.length === 0) return [];
  const size = sizeOf(network.inputShape);
  const bytes = new Uint8Array(photos.length * size);
  for (const [place, pixels] of photos.entries()) bytes.set(pixels, place * size);
  const { data } = await network.predict(new Tensor("uint8", [photos.length, ...network.inputShape], bytes));
  const rowSize = data.length / photos.length;
  return photos.map((_, place) => data.subarray(place * rowSize, (place + 1) * rowSize));
}
