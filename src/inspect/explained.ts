import { attributionGraph } from "./attribution-graphs.ts";
import type { Explainer } from "./explainer.ts";
import { imageRows, type Question, type WorkOptions } from "./rows.ts";

/** What a method is asked. */
export interface MethodQuestion extends Question {
  readonly work: WorkOptions;
}

/** How well the parts of a difference add up to it. */
export interface Completeness {
  /** What all parts come to. */
  readonly sum: number;
  /** The image's score less the baseline's. */
  readonly difference: number;
  /** |sum - difference|: more steps make it smaller. */
  readonly error: number;
}

/** What a method says of one image. */
export interface Explained {
  readonly score: number;
  /** Shapes: `[H, W, C]`; null for methods that know no channels. */
  readonly signed: Float32Array | null;
  /** Shapes: `[H, W]`. */
  readonly values: Float32Array;
  readonly completeness: Completeness | null;
}

/** The model's score for each image as it is. */
export async function scoresOf(explainer: Explainer, question: MethodQuestion): Promise<number[]> {
  const scores: number[] = [];
  await explainer.run(
    attributionGraph(explainer.model, "class", null),
    { ...imageRows(explainer.model, question), take: (_, score) => scores.push(score) },
    { ...question.work, onProgress: null },
  );
  return scores;
}

/** The greatest absolute value over a pixel's channels (Simonyan, Vedaldi and Zisserman 2013). */
export function strongest(signed: Float32Array, pixels: number, channels: number): Float32Array {
  const values = new Float32Array(pixels);
  for (const [at, value] of signed.entries()) {
    const pixel = Math.floor(at / channels);
    values[pixel] = Math.max(values[pixel], Math.abs(value));
  }
  return values;
}

/** The sum over a pixel's channels. */
export function total(signed: Float32Array, pixels: number, channels: number): Float32Array {
  const values = new Float32Array(pixels);
  for (const [at, value] of signed.entries()) values[Math.floor(at / channels)] += value;
  return values;
}
