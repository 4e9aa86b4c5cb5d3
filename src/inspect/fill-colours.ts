import type { Model } from "../models/index.ts";
import { sizeOf, Tensor } from "../tensor/index.ts";
import { checkBaseline, type FillColour } from "./attribution-options.ts";
import type { Explainer } from "./explainer.ts";
import { imageOf, type Question } from "./rows.ts";

/** For each image, one of the same size in the colour that was asked for. */
export async function coloursOf(
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
