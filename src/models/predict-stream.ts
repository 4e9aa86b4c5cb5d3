import type { ImageStream } from "../data/index.ts";
import { checkOptions, type Fields, field, nullable, wholeNumberField } from "../options/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { ModelRuntime } from "./runtime.ts";
import { modelOutput, predictionGraph } from "./step-graphs.ts";
import { runStream, usualStreamBatch } from "./stream-runs.ts";

/** How a model goes through the images of a stream. */
export interface PredictBatchesOptions {
  /** Images that are computed at once; default 64, fewer where memory does not hold them. */
  readonly batchSize?: number;
  /** Ends the iteration with the signal's reason as an error. */
  readonly signal?: AbortSignal | null;
}

/** The model's output for some images of a stream. */
export interface PredictedBatch {
  /** Index of the first image. */
  readonly first: number;
  /** Shapes: [n, ...output shape]. */
  readonly output: Tensor<"float32">;
}

/** Options of `predictBatches`, checked; null where nothing was asked for. */
export interface CheckedPredictBatches {
  readonly batchSize: number | null;
  readonly signal: AbortSignal | null;
}

const fields: Fields<CheckedPredictBatches> = {
  batchSize: nullable(wholeNumberField(1)),
  signal: nullable(field("an AbortSignal", (value): value is AbortSignal => value instanceof AbortSignal)),
};

/** @throws OptionError for an unknown or wrong option */
export function readPredictBatchesOptions(options: PredictBatchesOptions): CheckedPredictBatches {
  return checkOptions("predictBatches", options, fields);
}

/** Outputs of a model for all images of a stream. The weights are those at the time when a batch is computed. */
export async function* predictStream(
  stream: ImageStream,
  { runtime, batchSize, signal }: CheckedPredictBatches & { readonly runtime: ModelRuntime },
): AsyncGenerator<PredictedBatch, void, undefined> {
  const programOf = async (size: number) => {
    const context = await runtime.context();
    const graph = () => predictionGraph(context, "fed", size);
    return await context.variables.program(`predict/fed/${size}`, graph, 1);
  };
  const count = stream.labels.data.length;
  // A batch that memory holds is found before anything is read.
  const found = await runtime.usualBatch.perform(batchSize, async (size) => {
    const fitting = batchSize === null ? Math.min(size, usualStreamBatch) : size;
    await programOf(Math.min(fitting, count));
    return fitting;
  });
  const run = { batchSize: found, withLabels: false, programOf, signal };
  for await (const { first, fetches } of runStream(stream, run)) {
    const { shape, data } = fetches[modelOutput];
    yield { first, output: new Tensor("float32", shape, Float32Array.from(data)) };
  }
}
