import type { ImageStream } from "../data/index.ts";
import { DataError, formatShape, sizeOf, Tensor } from "../tensor/index.ts";

/** Batches whose images are being read while one is computed and one waits to be. */
const batchesAhead = 2;

/**
 * Reads images of a stream.
 *
 * Shapes: indices [N] -> uint8 [N, ...image shape].
 * @throws DataError when what comes is not so many images
 */
export async function readImages(
  stream: ImageStream,
  indices: Int32Array,
  crops: Float32Array | null = null,
): Promise<Tensor<"uint8">> {
  const bytes = await (crops === null ? stream.read(indices) : stream.read(indices, { crops }));
  const shape = [indices.length, ...stream.imageShape];
  if (bytes instanceof Uint8Array && bytes.length === sizeOf(shape)) return new Tensor("uint8", shape, bytes);
  const came = bytes instanceof Uint8Array ? `${bytes.length} bytes` : "no Uint8Array";
  throw new DataError(`read() gave ${came} for uint8${formatShape(shape)}`, {
    where: stream.name,
    hint: "Give the bytes of all images, one behind the other, in the order of the indices.",
  });
}

/** Images of a stream that follow each other. */
export interface ReadBatch {
  /** Index of the first. */
  readonly first: number;
  readonly images: Tensor<"uint8">;
}

/**
 * All images of a stream in order, in batches; the last may be smaller. While one is used the next are being read.
 *
 * @param signal - ends the reading with its reason as an error
 */
export async function* readBatches(
  stream: ImageStream,
  batchSize: number,
  signal: AbortSignal | null,
): AsyncGenerator<ReadBatch, void, undefined> {
  const count = stream.labels.data.length;
  const queue: Promise<ReadBatch>[] = [];
  let next = 0;
  const readNext = () => {
    const first = next;
    next = Math.min(count, first + batchSize);
    const indices = Int32Array.from({ length: next - first }, (_, place) => first + place);
    const reading = readImages(stream, indices).then((images) => ({ first, images }));
    // Who leaves early does not wait for it.
    reading.catch(() => {});
    queue.push(reading);
  };
  for (;;) {
    while (queue.length < batchesAhead && next < count) readNext();
    const oldest = queue.shift();
    if (oldest === undefined) return;
    const batch = await orAborted(oldest, signal);
    if (batch === null) throw signal?.reason;
    yield batch;
  }
}

/** What a promise gives, or null when a signal comes first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | null): Promise<T | null> {
  if (signal === null) return await promise;
  if (signal.aborted) return null;
  let stop = () => {};
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
