import type { Feeds } from "../engine/engine.ts";
import type { Model } from "../models/index.ts";
import type { Size2dOption } from "../options/index.ts";
import { RandomStream, ShapeError, sizeOf, Tensor } from "../tensor/index.ts";
import type { BackwardWay } from "./attribution-graphs.ts";
import {
  type AttributionMethod,
  checkBaseline,
  type FillColour,
  type MethodOptions,
} from "./attribution-options.ts";
import { classesInput, oneHot } from "./class-score.ts";
import type { Explainer, Rows, WorkOptions } from "./explainer.ts";

/** Images and classes, as the first layer takes them. */
export interface Question {
  readonly images: Tensor<"float32">;
  readonly classes: readonly number[];
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

/** A method that asks the model for scores and gradients of rows of pixels. */
export type RowMethod = Exclude<AttributionMethod, "grad-cam">;

/** How a method explains images. */
export type RowMethodRule<M extends RowMethod> = (
  explainer: Explainer,
  question: Question,
  options: MethodOptions<M>,
) => Promise<Explained[]>;

/** All methods but Grad-CAM, which looks at a layer's activations in place of pixels. */
export const rowMethods: { readonly [M in RowMethod]: RowMethodRule<M> } = {
  saliency: (explainer, question) => projected(explainer, question, "gradient"),
  deconvnet: (explainer, question) => projected(explainer, question, "deconvnet"),
  "guided-backprop": (explainer, question) => projected(explainer, question, "guided"),
  "smooth-grad": smoothGrad,
  "integrated-gradients": integratedGradients,
  occlusion,
};

/** The score's way back to the pixels, once. */
async function projected(explainer: Explainer, question: Question, way: BackwardWay): Promise<Explained[]> {
  const [, height, width, channels] = question.images.shape;
  const found: Explained[] = [];
  await explainer.run(
    { objective: "class", way },
    {
      ...perImage(explainer.model, question, 1),
      fill: (index, target) => target.set(imageOf(question, index)),
      take: (_, score, gradient) => {
        const signed = gradient.slice();
        found.push({
          score,
          signed,
          values: strongest(signed, height * width, channels),
          completeness: null,
        });
      },
    },
    question.work,
  );
  return found;
}

/**
 * The mean of the gradients at the image with Gaussian noise (Smilkov, Thorat, Kim, Viégas and Wattenberg 2017). Sample k has the same
 * noise for each image, from a stream of its own, so that neither batches nor other images matter.
 */
async function smoothGrad(
  explainer: Explainer,
  question: Question,
  { samples, noise, seed }: MethodOptions<"smooth-grad">,
): Promise<Explained[]> {
  const { images, classes, work } = question;
  const [count, height, width, channels] = images.shape;
  const size = height * width * channels;
  const deviations = classes.map((_, image) => noise * rangeOf(imageOf(question, image)));
  const stream = new RandomStream(seed);
  const sums = classes.map(() => new Float64Array(size));
  // One sample after the other, and all images of each: noise is drawn once for all of them.
  let drawn = { sample: -1, values: new Float32Array() };
  const noiseOf = (sample: number): Float32Array => {
    if (drawn.sample !== sample) {
      const own = stream.split("smooth-grad", sample);
      drawn = { sample, values: Float32Array.from({ length: size }, () => own.normal()) };
    }
    return drawn.values;
  };
  await explainer.run(
    { objective: "class", way: "gradient" },
    {
      count: count * samples,
      select: (begin, end, rows) =>
        selectClasses(explainer.model, rows, begin, end, (row) => classes[row % count]),
      fill: (index, target) => {
        const image = index % count;
        const pixels = imageOf(question, image);
        const values = noiseOf(Math.floor(index / count));
        for (let at = 0; at < size; at++) target[at] = pixels[at] + deviations[image] * values[at];
      },
      take: (index, _, gradient) => addTo(sums[index % count], gradient, 1 / samples),
    },
    work,
  );
  const scores = await scoresOf(explainer, question);
  return sums.map((sum, image) => {
    const signed = Float32Array.from(sum);
    const values = strongest(signed, height * width, channels);
    return { score: scores[image], signed, values, completeness: null };
  });
}

/**
 * (x - b) times the mean gradient on the straight way from the baseline b to the image x (Sundararajan, Taly and Yan 2017), by the
 * midpoint rule: at b + (k + 1/2) / steps (x - b). All parts add up to score(x) - score(b), but for the rule's error, which is told.
 */
async function integratedGradients(
  explainer: Explainer,
  question: Question,
  { steps, baseline }: MethodOptions<"integrated-gradients">,
): Promise<Explained[]> {
  const { images, classes, work } = question;
  const [, height, width, channels] = images.shape;
  const baselines = await coloursOf(explainer, question, baseline);
  const sums = classes.map(() => new Float64Array(height * width * channels));
  await explainer.run(
    { objective: "class", way: "gradient" },
    {
      ...perImage(explainer.model, question, steps),
      fill: (index, target) => {
        const [image, step] = [Math.floor(index / steps), index % steps];
        const [from, to] = [baselines[image], imageOf(question, image)];
        const way = (step + 0.5) / steps;
        for (let at = 0; at < target.length; at++) target[at] = from[at] + way * (to[at] - from[at]);
      },
      take: (index, _, gradient) => addTo(sums[Math.floor(index / steps)], gradient, 1 / steps),
    },
    work,
  );
  const scores = await scoresOf(explainer, question);
  const startImages = Tensor.zeros("float32", images.shape);
  for (const [image, from] of baselines.entries()) startImages.data.set(from, image * from.length);
  const starts = await scoresOf(explainer, { ...question, images: startImages });
  return sums.map((mean, image) => {
    const [from, to] = [baselines[image], imageOf(question, image)];
    const signed = Float32Array.from(mean, (gradient, at) => gradient * (to[at] - from[at]));
    const sum = signed.reduce((all, part) => all + part, 0);
    const difference = scores[image] - starts[image];
    const values = total(signed, height * width, channels);
    const completeness = { sum, difference, error: Math.abs(sum - difference) };
    return { score: scores[image], signed, values, completeness };
  });
}

/**
 * By how much the score falls when a patch covers a place (Zeiler and Fergus 2014). A pixel's value is the mean over the patches that
 * cover it; the last patch of each row and column ends at the image's edge.
 */
async function occlusion(
  explainer: Explainer,
  question: Question,
  { patch, stride, fill }: MethodOptions<"occlusion">,
): Promise<Explained[]> {
  const { images, classes, work } = question;
  const [, height, width, channels] = images.shape;
  const eighth = Math.max(1, Math.round(Math.min(height, width) / 8));
  const [patchHeight, patchWidth] = bothOf(patch ?? eighth);
  checkPatch(explainer.model, [patchHeight, patchWidth]);
  const half = [patchHeight, patchWidth].map((size) => Math.max(1, Math.floor(size / 2)));
  const [down, across] = stride === null ? half : bothOf(stride);
  const tops = placesOf(height, patchHeight, down);
  const lefts = placesOf(width, patchWidth, across);
  const places = tops.flatMap((top) => lefts.map((left) => ({ top, left })));
  const colours = await coloursOf(explainer, question, fill);
  const scores = await scoresOf(explainer, question);
  const sums = classes.map(() => new Float64Array(height * width));
  const covered = new Float64Array(height * width);
  const forEachPixel = (
    { top, left }: { readonly top: number; readonly left: number },
    visit: (pixel: number) => void,
  ) => {
    for (let y = top; y < top + patchHeight; y++)
      for (let x = left; x < left + patchWidth; x++) visit(y * width + x);
  };
  for (const place of places) forEachPixel(place, (pixel) => covered[pixel]++);
  await explainer.run(
    { objective: "class", way: null },
    {
      ...perImage(explainer.model, question, places.length),
      fill: (index, target) => {
        const image = Math.floor(index / places.length);
        target.set(imageOf(question, image));
        const colour = colours[image];
        forEachPixel(places[index % places.length], (pixel) => {
          for (let at = pixel * channels; at < (pixel + 1) * channels; at++) target[at] = colour[at];
        });
      },
      take: (index, score) => {
        const image = Math.floor(index / places.length);
        forEachPixel(places[index % places.length], (pixel) => {
          sums[image][pixel] += scores[image] - score;
        });
      },
    },
    work,
  );
  return sums.map((sum, image) => ({
    score: scores[image],
    signed: null,
    // Where strides are larger than the patch, no patch comes by.
    values: Float32Array.from(sum, (drop, pixel) => (covered[pixel] === 0 ? 0 : drop / covered[pixel])),
    completeness: null,
  }));
}

/** Where patches begin: each `stride`, and one that ends at the edge. */
function placesOf(size: number, patch: number, stride: number): number[] {
  const places: number[] = [];
  for (let place = 0; place < size - patch; place += stride) places.push(place);
  return [...places, size - patch];
}

function checkPatch({ inputShape, name }: Model, [height, width]: readonly [number, number]): void {
  if (height <= inputShape[0] && width <= inputShape[1]) return;
  throw new ShapeError(
    `a patch of ${height}x${width} is larger than the image, ${inputShape.slice(0, 2).join("x")}`,
    {
      where: `attribute, occlusion, model "${name}"`,
      hint: "An eighth of the image is usual.",
    },
  );
}

/** The model's score for each image as it is. */
export async function scoresOf(explainer: Explainer, question: Question): Promise<number[]> {
  const scores: number[] = [];
  await explainer.run(
    { objective: "class", way: null },
    {
      ...perImage(explainer.model, question, 1),
      fill: (index, target) => target.set(imageOf(question, index)),
      take: (_, score) => scores.push(score),
    },
    { ...question.work, onProgress: null },
  );
  return scores;
}

/** Rows of which each image has `times`, one after the other. */
function perImage(model: Model, { classes }: Question, times: number): Pick<Rows, "count" | "select"> {
  return {
    count: classes.length * times,
    select: (begin, end, size) =>
      selectClasses(model, size, begin, end, (row) => classes[Math.floor(row / times)]),
  };
}

/** The batch's rows beyond the last one have no class. */
function selectClasses(
  { outputShape: [classes] }: Model,
  size: number,
  begin: number,
  end: number,
  classOf: (row: number) => number,
): Feeds {
  const rows = Array.from({ length: size }, (_, at) => (begin + at < end ? classOf(begin + at) : null));
  return { [classesInput]: oneHot(rows, classes) };
}

function imageOf({ images: { shape, data } }: Question, index: number): Float32Array {
  const size = sizeOf(shape.slice(1));
  return data.subarray(index * size, (index + 1) * size);
}

/** For each image, one of the same size in the colour that was asked for. */
async function coloursOf(
  explainer: Explainer,
  question: Question,
  colour: FillColour | Tensor<"float32">,
): Promise<Float32Array[]> {
  const { model } = explainer;
  const size = sizeOf(model.inputShape);
  if (colour instanceof Tensor) {
    checkBaseline(colour, model);
    return question.classes.map(() => colour.data);
  }
  if (colour === "mean")
    return question.classes.map((_, image) => meanColour(imageOf(question, image), model));
  if (colour === "zero") return question.classes.map(() => new Float32Array(size));
  const bytes = new Uint8Array(size).fill(colour === "gray" ? 128 : 0);
  const { data } = await explainer.preprocess(new Tensor("uint8", [1, ...model.inputShape], bytes));
  return question.classes.map(() => data);
}

/** An image that has in each channel the mean of the given one. */
function meanColour(pixels: Float32Array, { inputShape: [height, width, channels] }: Model): Float32Array {
  const means = new Float64Array(channels);
  for (const [at, value] of pixels.entries()) means[at % channels] += value / (height * width);
  return pixels.map((_, at) => means[at % channels]);
}

function rangeOf(values: Float32Array): number {
  let [least, greatest] = [values[0], values[0]];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return greatest - least;
}

function bothOf(size: Size2dOption): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}

function addTo(sum: Float64Array, values: Float32Array, factor: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] += factor * values[at];
}

/** The greatest absolute value over a pixel's channels (Simonyan, Vedaldi and Zisserman 2013). */
function strongest(signed: Float32Array, pixels: number, channels: number): Float32Array {
  const values = new Float32Array(pixels);
  for (const [at, value] of signed.entries()) {
    const pixel = Math.floor(at / channels);
    values[pixel] = Math.max(values[pixel], Math.abs(value));
  }
  return values;
}

/** The sum over a pixel's channels. */
function total(signed: Float32Array, pixels: number, channels: number): Float32Array {
  const values = new Float32Array(pixels);
  for (const [at, value] of signed.entries()) values[Math.floor(at / channels)] += value;
  return values;
}
