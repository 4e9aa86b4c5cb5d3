import type { ImageStream } from "../data/index.ts";
import type { Feeds, Fetches, Program } from "../engine/engine.ts";
import { Tensor } from "../tensor/index.ts";
import { type ReadBatch, readBatches } from "./read-batches.ts";

/** Images of a stream that are computed at once, unless told: a batch of photos is large, and several are under way. */
export const usualStreamBatch = 64;
/** Runs of a program that are under way: while one is computed the next waits. */
const runsInFlight = 2;

/** What came of a batch. */
export interface StreamedResult {
  /** Index of its first image. */
  readonly first: number;
  readonly fetches: Fetches;
}

/** How a stream goes through the engine. */
export interface StreamRunOptions {
  readonly batchSize: number;
  /** Whether the program is fed labels. */
  readonly withLabels: boolean;
  readonly programOf: (batchSize: number) => Promise<Program>;
  readonly signal: AbortSignal | null;
}

/**
 * Runs a program over each batch of a stream. Reading is a few batches ahead of the engine, and the engine a batch ahead of who
 * takes the results: how much is in memory does not depend on the stream's length.
 */
export async function* runStream(
  stream: ImageStream,
  { batchSize, withLabels, programOf, signal }: StreamRunOptions,
): AsyncGenerator<StreamedResult, void, undefined> {
  const queue: { readonly first: number; readonly results: Promise<readonly Fetches[]> }[] = [];
  const labels = withLabels ? stream.labels.data : null;
  const finishOldest = async (): Promise<StreamedResult[]> => {
    const oldest = queue.shift();
    if (oldest === undefined) return [];
    return (await oldest.results).map((fetches) => ({ first: oldest.first, fetches }));
  };
  try {
    for await (const batch of readBatches(stream, batchSize, signal)) {
      const program = await programOf(batch.images.shape[0]);
      queue.push({ first: batch.first, results: program.run([fedBatch(batch, labels)]) });
      if (queue.length >= runsInFlight) yield* await finishOldest();
    }
    while (queue.length > 0) yield* await finishOldest();
  } finally {
    await Promise.allSettled(queue.map(({ results }) => results));
  }
}

/** Feeds of a batch that is evaluated or predicted: nothing is drawn, so any key does. */
function fedBatch({ first, images }: ReadBatch, labels: Int32Array | null): Feeds {
  const [count] = images.shape;
  const feeds = { pixels: images, places: placesOf(count), key: Tensor.zeros("uint32", [2]) };
  if (labels === null) return feeds;
  return { ...feeds, labels: new Tensor("int32", [count], labels.subarray(first, first + count)) };
}

/** Places in a batch that is fed, 0 to N - 1. Shapes: [N]. */
export function placesOf(count: number): Tensor<"int32"> {
  return new Tensor(
    "int32",
    [count],
    Int32Array.from({ length: count }, (_, place) => place),
  );
}
