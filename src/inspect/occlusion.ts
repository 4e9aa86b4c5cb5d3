import type { Model } from "../models/index.ts";
import type { Size2dOption } from "../options/index.ts";
import { ShapeError } from "../tensor/index.ts";
import { attributionGraph } from "./attribution-graphs.ts";
import type { MethodOptions } from "./attribution-options.ts";
import { type Explained, type MethodQuestion, scoresOf } from "./explained.ts";
import type { Explainer } from "./explainer.ts";
import { coloursOf } from "./fill-colours.ts";
import { copiesOf, imageOf } from "./rows.ts";

/**
 * By how much the score falls when a patch covers a place (Zeiler and Fergus 2014). A pixel's value is the mean over the patches that
 * cover it; the last patch of each row and column ends at the image's edge.
 */
export async function occlusion(
  explainer: Explainer,
  question: MethodQuestion,
  options: MethodOptions<"occlusion">,
): Promise<Explained[]> {
  const { images, classes, work } = question;
  const [, height, width, channels] = images.shape;
  const patches = patchesOf(explainer.model, options);
  const colours = await coloursOf(explainer, question, options.fill);
  const scores = await scoresOf(explainer, question);
  const sums = classes.map(() => new Float64Array(height * width));
  const covered = new Float64Array(height * width);
  for (const pixels of patches) for (const pixel of pixels) covered[pixel]++;
  await explainer.run(
    attributionGraph(explainer.model, "class", null),
    {
      ...copiesOf(explainer.model, question, patches.length),
      fill: (index, target) => {
        const image = Math.floor(index / patches.length);
        target.set(imageOf(question, image));
        for (const pixel of patches[index % patches.length]) {
          for (let at = pixel * channels; at < (pixel + 1) * channels; at++) target[at] = colours[image][at];
        }
      },
      take: (index, score) => {
        const image = Math.floor(index / patches.length);
        for (const pixel of patches[index % patches.length]) sums[image][pixel] += scores[image] - score;
      },
    },
    work,
  );
  return sums.map((sum, image) => ({
    score: scores[image],
    signed: null,
    // Where strides are larger than the patch, none comes by.
    values: Float32Array.from(sum, (drop, pixel) => (covered[pixel] === 0 ? 0 : drop / covered[pixel])),
    completeness: null,
  }));
}

/** The pixels of each patch. */
function patchesOf(model: Model, { patch, stride }: MethodOptions<"occlusion">): Int32Array[] {
  const [height, width] = model.inputShape;
  const size = bothOf(patch ?? Math.max(1, Math.round(Math.min(height, width) / 8)));
  checkPatch(model, size);
  const [down, across] = stride === null ? size.map((side) => Math.max(1, side >> 1)) : bothOf(stride);
  const lefts = placesOf(width, size[1], across);
  return placesOf(height, size[0], down).flatMap((top) =>
    lefts.map((left) =>
      Int32Array.from({ length: size[0] * size[1] }, (_, at) => {
        return (top + Math.floor(at / size[1])) * width + left + (at % size[1]);
      }),
    ),
  );
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

function bothOf(size: Size2dOption): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}
