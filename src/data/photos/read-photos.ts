import { OptionError } from "../../tensor/errors.ts";
import { DecodePool, sharedDecodePool } from "./decode-pool.ts";
import { checkPhotoOptions, type Identify, type Photo, type PhotoOptions } from "./photo.ts";

/** How {@link readPhotos} reads. */
export interface ReadPhotosOptions extends PhotoOptions {
  /** Threads of a pool of its own; unless told, one pool serves all callers of the process. */
  readonly workers?: number;
  /** A pool that is there already, in place of `workers`. */
  readonly pool?: DecodePool;
  /** How many photos are read ahead of the one that is asked for: what memory holds. Default 32. */
  readonly ahead?: number;
  /** Whether `contentHash` and `likeness` are wanted. Default true. */
  readonly identify?: Identify;
  /** Ends reading: the generator throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A photo of a list, read. */
export interface PhotoReading extends Photo {
  /** Its place in the list. */
  readonly index: number;
  readonly path: string;
}

/**
 * Reads photos in worker threads and gives them in the order of their paths. No more than `ahead` are on their way or wait
 * for the caller, so memory is bounded whatever the number of photos; who leaves the loop ends the reading. A photo that
 * cannot be read is a result with a `problem` and without pixels, never an exception.
 *
 * @throws OptionError when the options describe no input
 * @throws FoveaError when the pool is closed; the signal's reason when that ends it
 */
export async function* readPhotos(
  paths: Iterable<string>,
  options: ReadPhotosOptions,
): AsyncGenerator<PhotoReading, void, undefined> {
  const where = "data.readPhotos";
  const { workers, ahead = 32, pool: given, signal, ...photoOptions } = options;
  checkPhotoOptions(options, where);
  if (!(ahead >= 1)) throw new OptionError(`option "ahead" must be at least 1, got ${ahead}`, { where });
  const pool = given ?? (workers === undefined ? sharedDecodePool() : new DecodePool({ workers }));
  const leaving = new AbortController();
  const ends = signal === undefined ? leaving.signal : AbortSignal.any([leaving.signal, signal]);
  const onTheirWay: Promise<PhotoReading>[] = [];
  let index = 0;
  try {
    for (const path of paths) {
      onTheirWay.push(read(path, index++));
      const [first] = onTheirWay;
      if (onTheirWay.length < ahead || first === undefined) continue;
      onTheirWay.shift();
      yield await first;
    }
    for (let next = onTheirWay.shift(); next !== undefined; next = onTheirWay.shift()) yield await next;
  } finally {
    leaving.abort();
    if (given === undefined && workers !== undefined) pool.close();
  }

  function read(path: string, place: number): Promise<PhotoReading> {
    const reading = pool
      .decode(path, { ...photoOptions, signal: ends })
      .then((photo) => ({ index: place, path, ...photo }));
    // A failure reaches whoever waits for this photo; nobody may come to that.
    reading.catch(() => {});
    return reading;
  }
}
