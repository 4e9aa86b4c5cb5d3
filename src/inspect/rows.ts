import type { Feeds, Fetches } from "../engine/engine.ts";
import type { Graph } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import { type Shape, sizeOf, Tensor } from "../tensor/index.ts";
import { classesInput, oneHot } from "./class-score.ts";

/** Outputs of the graphs: what counts for a row, and what came of it, if there is more. */
export const scoreOutput = "score";
export const resultOutput = "result";

/** Images, noisy copies, steps or patches: whatever goes through the model. */
export interface Rows {
  readonly count: number;
  /** Fills row `index` as the first layer takes it; `target` holds zeros. */
  fill(index: number, target: Float32Array): void;
  /** Inputs that select the score of rows `begin` to `end`, in a batch of `size`. */
  select(begin: number, end: number, size: number): Feeds;
  /** Takes what came of row `index`: its score, and its part of the result, which is valid during the call; empty if there is none. */
  take(index: number, score: number, result: Float32Array): void;
}

/** What is computed of each row: a graph with the outputs `score` `[N]` and, if it is to have one, `result` `[N, ...]`. */
export interface RowGraph {
  /** What tells it from others of the same explainer. */
  readonly key: string;
  readonly graph: (count: number) => Graph;
}

/** How the work goes on. */
export interface WorkOptions {
  readonly batchSize: number | null;
  readonly signal: AbortSignal | null;
  readonly onProgress: ((done: number, total: number) => void) | null;
}

/** Images as the first layer takes them, and the class of each. */
export interface Question {
  readonly images: Tensor<"float32">;
  readonly classes: readonly number[];
}

/** The images as they are, a row each. */
export function imageRows(model: Model, question: Question): Pick<Rows, "count" | "select" | "fill"> {
  return {
    ...copiesOf(model, question, 1),
    fill: (index, target) => target.set(imageOf(question, index)),
  };
}

/** Rows of which each image has `times`, one after the other. */
export function copiesOf(model: Model, { classes }: Question, times: number): Pick<Rows, "count" | "select"> {
  return {
    count: classes.length * times,
    select: (begin, end, size) =>
      selectClasses(model, size, begin, end, (row) => classes[Math.floor(row / times)]),
  };
}

/** The batch's rows beyond the last one have no class. */
export function selectClasses(
  { outputShape: [classes] }: Model,
  size: number,
  begin: number,
  end: number,
  classOf: (row: number) => number,
): Feeds {
  const rows = Array.from({ length: size }, (_, at) => (begin + at < end ? classOf(begin + at) : null));
  return { [classesInput]: oneHot(rows, classes) };
}

export function imageOf({ images: { shape, data } }: Question, index: number): Float32Array {
  const size = sizeOf(shape.slice(1));
  return data.subarray(index * size, (index + 1) * size);
}

/** A batch; behind the last row there are zeros. */
export function fillRows(rows: Rows, begin: number, end: number, shape: Shape): Tensor<"float32"> {
  const images = Tensor.zeros("float32", shape);
  const rowSize = sizeOf(shape.slice(1));
  for (let row = begin; row < end; row++) {
    rows.fill(row, images.data.subarray((row - begin) * rowSize, (row - begin + 1) * rowSize));
  }
  return images;
}

export function takeRows(rows: Rows, begin: number, end: number, fetches: Fetches): void {
  const { [scoreOutput]: scores, [resultOutput]: result } = fetches;
  const results = result?.data instanceof Float32Array ? result.data : new Float32Array();
  const rowSize = results.length / scores.data.length;
  for (let row = begin; row < end; row++) {
    const at = row - begin;
    rows.take(row, scores.data[at], results.subarray(at * rowSize, (at + 1) * rowSize));
  }
}
