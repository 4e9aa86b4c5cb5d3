import { RandomStream, Tensor } from "../tensor/index.ts";
import { attributionGraph, type BackwardWay } from "./attribution-graphs.ts";
import type { MethodOptions } from "./attribution-options.ts";
import { type Explained, type MethodQuestion, scoresOf, strongest, total } from "./explained.ts";
import type { Explainer } from "./explainer.ts";
import { coloursOf } from "./fill-colours.ts";
import { copiesOf, imageOf, imageRows, selectClasses } from "./rows.ts";

/** The score's way back to the pixels, once. */
export async function projected(
  explainer: Explainer,
  question: MethodQuestion,
  way: BackwardWay,
): Promise<Explained[]> {
  const [, height, width, channels] = question.images.shape;
  const found: Explained[] = [];
  await explainer.run(
    attributionGraph(explainer.model, "class", way),
    {
      ...imageRows(explainer.model, question),
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
export async function smoothGrad(
  explainer: Explainer,
  question: MethodQuestion,
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
    attributionGraph(explainer.model, "class", "gradient"),
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
export async function integratedGradients(
  explainer: Explainer,
  question: MethodQuestion,
  { steps, baseline }: MethodOptions<"integrated-gradients">,
): Promise<Explained[]> {
  const { images, classes, work } = question;
  const [, height, width, channels] = images.shape;
  const baselines = await coloursOf(explainer, question, baseline);
  const sums = classes.map(() => new Float64Array(height * width * channels));
  await explainer.run(
    attributionGraph(explainer.model, "class", "gradient"),
    {
      ...copiesOf(explainer.model, question, steps),
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

function rangeOf(values: Float32Array): number {
  let [least, greatest] = [values[0], values[0]];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return greatest - least;
}

function addTo(sum: Float64Array, values: Float32Array, factor: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] += factor * values[at];
}
