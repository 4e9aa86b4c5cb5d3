import { countOf, type ExampleSource, type ImageDataset, isImageStream } from "../data/index.ts";
import type { Feeds, Fetches, Program } from "../engine/engine.ts";
import { metricName } from "../metrics/index.ts";
import { type ArrayOf, bytesPerElement, type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import type { MetricValues, Scores } from "../train/index.ts";
import { inputShapeOf } from "./architecture.ts";
import {
  type BatchSource,
  type GraphContext,
  imagesName,
  labelsName,
  type ResidentData,
} from "./batch-source.ts";
import type { CompileConfiguration } from "./compile.ts";
import {
  evaluationGraph,
  lossOutput,
  metricOutput,
  modelOutput,
  predictionGraph,
  tapOutput,
} from "./step-graphs.ts";
import { runStream } from "./stream-runs.ts";
import type { ModelVariables } from "./variables.ts";

/** Images that are in the engine at once while a dataset streams through: so many bytes, or one batch. */
const streamBytes = 2 ** 23;
/** Calls of a program that are queued: while one runs the next waits. */
const callsInFlight = 2;
/** Steps of one call: more would keep a call's results for longer than it is worth. */
const mostStepsOfCall = 64;
/** Numbers that one call may return: an engine keeps room for all of them. */
const mostResultsOfCall = 2 ** 20;

/** What evaluation and prediction run on. */
export interface RunContext extends GraphContext {
  readonly variables: ModelVariables;
}

/** What an evaluation comes to. */
export interface Evaluation {
  readonly scores: Scores;
  /** The class with the greatest output for each example; empty if they were not asked for. */
  readonly classes: Int32Array;
}

/** The class with the greatest score in each row of [N, classes]; of equal ones the first. */
export function greatestOf({ shape, data }: Tensor): Int32Array {
  const [count, classes] = shape;
  return Int32Array.from({ length: count }, (_, row) => {
    let best = row * classes;
    for (let at = best + 1; at < (row + 1) * classes; at++) if (data[at] > data[best]) best = at;
    return best - row * classes;
  });
}

/** Nothing random happens outside training. */
const noKey = Tensor.zeros("uint32", [2]);

/**
 * Loss and metrics over all examples of a dataset, each counting once. The engine's memory does not depend on the
 * dataset's size: it streams through variables that are used again and again. Images of a stream are fed.
 *
 * @param compiled - loss and metrics
 * @param version - tells the programs of one compilation from those of the next
 * @param withClasses - whether the classes are wanted too, from the same pass
 */
export async function evaluateDataset(
  context: RunContext,
  compiled: CompileConfiguration,
  version: number,
  source: ExampleSource,
  batchSize: number,
  withClasses: boolean,
): Promise<Evaluation> {
  const { calls, output } = context.architecture;
  const names = compiled.metrics.map(metricName);
  const sums = { loss: 0, metrics: names.map(() => 0) };
  const classes: number[] = [];
  const onResult = (fetches: Fetches) => {
    sums.loss += fetches[lossOutput].data[0];
    for (const [index, name] of names.entries()) sums.metrics[index] += fetches[metricOutput(name)].data[0];
    if (withClasses) classes.push(...greatestOf(fetches[modelOutput]));
  };
  const mostSteps = (size: number) =>
    withClasses ? stepsOfCall(size * sizeOf(calls[output].shape)) : mostStepsOfCall;
  const programOf = (data: BatchSource, size: number) =>
    context.variables.program(
      `evaluate/${version}/${data === "fed" ? data : data.name}/${size}/${withClasses}`,
      () => evaluationGraph(context, compiled, data, size, withClasses),
      data === "fed" ? 1 : mostSteps(size),
    );
  await context.variables.inTurn(async () => {
    if (isImageStream(source)) {
      const programs = (size: number) => programOf("fed", size);
      // Before anything is read: it may be too much for the memory.
      await programs(Math.min(batchSize, countOf(source)));
      const run = { batchSize, withLabels: true, programOf: programs, signal: null };
      for await (const { fetches } of runStream(source, run)) onResult(fetches);
    } else await stream(context, source.images, source.labels, batchSize, programOf, onResult);
  });
  const examples = countOf(source);
  const metrics = names.map((name, index) => [name, sums.metrics[index] / examples] as const);
  const scores = { loss: sums.loss / examples, metrics: Object.fromEntries(metrics) satisfies MetricValues };
  return { scores, classes: Int32Array.from(classes) };
}

/** Outputs for all images, and values of tapped calls by index, in the images' order. */
export interface Predictions {
  readonly output: Tensor<"float32">;
  readonly taps: ReadonlyMap<number, Tensor<"float32">>;
}

/**
 * The model's outputs in inference mode.
 *
 * @param images - uint8 [N, ...input shape], which are preprocessed, or float32, which are taken as they are
 * @param taps - indices of calls of the architecture whose values are wanted too
 */
export async function predictImages(
  context: RunContext,
  images: Tensor<"uint8" | "float32">,
  batchSize: number,
  taps: readonly number[],
): Promise<Predictions> {
  const { calls, output } = context.architecture;
  const count = images.shape[0] ?? 0;
  const collectors = [output, ...taps].map((index) => new Collector(count, calls[index].shape));
  const onResult = (fetches: Fetches) => {
    const values = [modelOutput, ...taps.map(tapOutput)].map((name) => fetches[name]);
    for (const [index, collector] of collectors.entries()) collector.add(values[index]);
  };
  const tapKey = taps.join(",");
  const resultSize = collectors.reduce((sum, { exampleSize }) => sum + exampleSize, 0);
  const { shape, data } = images;
  if (data instanceof Uint8Array) {
    const programOf = (data: ResidentData, size: number) =>
      context.variables.program(
        `predict/${data.name}/${size}/${tapKey}`,
        () => predictionGraph(context, data, size, taps),
        stepsOfCall(size * resultSize),
      );
    const bytes = new Tensor("uint8", shape, data);
    await context.variables.inTurn(() => stream(context, bytes, null, batchSize, programOf, onResult));
  } else {
    await context.variables.inTurn(() => feedImages(context, shape, data, batchSize, taps, onResult));
  }
  const [result, ...tapped] = collectors.map((collector) => collector.tensor);
  return { output: result, taps: new Map(taps.map((tap, index) => [tap, tapped[index]])) };
}

/** Steps that one call takes, each returning so many numbers. */
function stepsOfCall(results: number): number {
  return Math.max(1, Math.min(mostStepsOfCall, Math.floor(mostResultsOfCall / results)));
}

/** Fills a tensor batch by batch. */
class Collector {
  readonly tensor: Tensor<"float32">;
  readonly exampleSize: number;
  #filled = 0;

  constructor(count: number, shape: Shape) {
    this.exampleSize = sizeOf(shape);
    this.tensor = Tensor.zeros("float32", [count, ...shape]);
  }

  add(batch: Tensor): void {
    this.tensor.data.set(batch.data, this.#filled);
    this.#filled += batch.data.length;
  }
}

/** Puts a dataset into the engine part by part and runs a program over each batch; the last may be smaller. */
async function stream(
  { variables, architecture }: RunContext,
  images: ImageDataset["images"],
  labels: Tensor<"int32"> | null,
  batchSize: number,
  programOf: (data: ResidentData, size: number) => Promise<Program>,
  onResult: (fetches: Fetches) => void,
): Promise<void> {
  const rowSize = sizeOf(inputShapeOf(architecture));
  const count = images.shape[0] ?? 0;
  const size = Math.min(batchSize, count);
  const data = streamOf(images.dtype, rowSize, count, size);
  const step = data.capacity - (data.capacity % size);
  for (let begin = 0; begin < count; begin += step) {
    const end = Math.min(count, begin + step);
    const imagesShape = [data.capacity, ...inputShapeOf(architecture)];
    const part = images.data.subarray(begin * rowSize, end * rowSize);
    const rows = padded(images.dtype, part, data.capacity * rowSize);
    await variables.put(imagesName(data), new Tensor(images.dtype, imagesShape, rows));
    if (labels !== null) {
      const values = new Int32Array(data.capacity);
      values.set(labels.data.subarray(begin, end));
      await variables.put(labelsName(data), new Tensor("int32", [data.capacity], values));
    }
    const fullSteps = Math.floor((end - begin) / size);
    const feeds = Array.from({ length: fullSteps }, (_, step) => rangeFeeds(data, step * size, size));
    if (fullSteps > 0) await runAll(await programOf(data, size), feeds, onResult);
    const rest = end - begin - fullSteps * size;
    if (rest > 0)
      await runAll(await programOf(data, rest), [rangeFeeds(data, fullSteps * size, rest)], onResult);
  }
}

/** Only the loading of bytes takes a key, which moves nothing here. */
function rangeFeeds({ dtype }: ResidentData, begin: number, size: number): Feeds {
  const indices = Int32Array.from({ length: size }, (_, index) => begin + index);
  const feeds = { indices: new Tensor("int32", [size], indices) };
  return dtype === "uint8" ? { ...feeds, key: noKey } : feeds;
}

/**
 * Variables for streaming: as many rows as there are, rounded up to a power of two, within `streamBytes`. So there are
 * few sizes, and many datasets share them.
 */
function streamOf(
  dtype: ResidentData["dtype"],
  rowSize: number,
  count: number,
  batchSize: number,
): ResidentData {
  const rowBytes = rowSize * bytesPerElement[dtype];
  const most = Math.max(powerOfTwo(batchSize), Math.floor(streamBytes / rowBytes));
  const capacity = Math.min(most, powerOfTwo(Math.max(count, batchSize)));
  return { name: `data/stream/${dtype}/${capacity}`, capacity, dtype };
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function padded<D extends ResidentData["dtype"]>(dtype: D, rows: ArrayOf[D], length: number): ArrayOf[D] {
  if (rows.length === length) return rows;
  const whole = Tensor.zeros(dtype, [length]).data;
  whole.set(rows);
  return whole;
}

/** Feeds preprocessed images as they are. */
async function feedImages(
  context: RunContext,
  [count = 0, ...shape]: Shape,
  values: Float32Array,
  batchSize: number,
  taps: readonly number[],
  onResult: (fetches: Fetches) => void,
): Promise<void> {
  const rowSize = sizeOf(shape);
  for (let begin = 0; begin < count; begin += batchSize) {
    const size = Math.min(batchSize, count - begin);
    // Not a copy: a program takes what it is fed when it is called.
    const batch = values.subarray(begin * rowSize, (begin + size) * rowSize);
    const program = await context.variables.program(
      `predict/input/${size}/${taps.join(",")}`,
      () => predictionGraph(context, "input", size, taps),
      1,
    );
    await runAll(program, [{ images: new Tensor("float32", [size, ...shape], batch) }], onResult);
  }
}

/** Runs steps in order, in calls of as many as the program takes, two calls queued. */
async function runAll(
  program: Program,
  feeds: readonly Feeds[],
  onResult: (fetches: Fetches) => void,
): Promise<void> {
  const queue: Promise<readonly Fetches[]>[] = [];
  const finishOldest = async () => {
    for (const fetches of (await queue.shift()) ?? []) onResult(fetches);
  };
  try {
    for (let begin = 0; begin < feeds.length; begin += program.maximumSteps) {
      queue.push(program.run(feeds.slice(begin, begin + program.maximumSteps)));
      if (queue.length >= callsInFlight) await finishOldest();
    }
    while (queue.length > 0) await finishOldest();
  } finally {
    await Promise.allSettled(queue);
  }
}
