import { type BatchDraws, changeBytes, drawStep, planAugmentations } from "../data/augment/index.ts";
import type { Augmentation, ImageDataset } from "../data/index.ts";
import type { Feeds } from "../engine/engine.ts";
import { warpRecordLength } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { StepInput } from "../train/index.ts";
import type { BatchChanges } from "./batch-source.ts";

/** Draws what happens to the images of each step, ahead of the engine. */
export interface Augmenter {
  /** What the step's graph does with it. */
  readonly changes: BatchChanges;
  /** The inputs of a step: `records`, `partners`, `shares`, `pixels` and `places`; the graph takes those that it has. */
  readonly feedsOf: (step: Pick<StepInput, "indices" | "key">) => Feeds;
}

/** Augments the images of a data set in memory. */
export function createAugmenter(
  { images, labels, classNames }: Pick<ImageDataset, "images" | "labels" | "classNames">,
  augmentations: readonly Augmentation[],
): Augmenter {
  const plan = planAugmentations(augmentations, classNames);
  const { warps, mixes, changesBytes: feedsPixels } = plan;
  const [, height, width, channels] = images.shape;
  const imageSize = height * width * channels;
  const gather = (indices: Int32Array): Uint8Array<ArrayBuffer> => {
    const pixels = new Uint8Array(indices.length * imageSize);
    indices.forEach((index, place) => {
      const first = index * imageSize;
      pixels.set(images.data.subarray(first, first + imageSize), place * imageSize);
    });
    return pixels;
  };
  return {
    changes: { shift: 0, warps, mixes, feedsPixels },
    feedsOf: ({ indices, key }) => {
      const examples = Array.from(indices, (index) => ({ index, label: labels.data[index] }));
      const draws = drawStep(plan, key, { height, width, channels }).batch(examples);
      const feeds = drawnFeeds(draws);
      return feedsPixels
        ? { ...feeds, ...pixelFeeds(draws, gather(indices), [height, width, channels]) }
        : feeds;
    },
  };
}

function drawnFeeds({ drafts, partners, shares }: BatchDraws): Feeds {
  const count = drafts.length;
  const records = new Float32Array(count * warpRecordLength);
  drafts.forEach((draft, place) => {
    records.set(draft.record(), place * warpRecordLength);
  });
  return {
    records: new Tensor("float32", [count, warpRecordLength], records),
    partners: new Tensor("int32", [count], partners),
    shares: new Tensor("float32", [count], shares),
  };
}

/** The bytes of a batch, changed in place as the drafts say. */
function pixelFeeds(
  { drafts }: BatchDraws,
  pixels: Uint8Array<ArrayBuffer>,
  shape: readonly [height: number, width: number, channels: number],
): Feeds {
  const count = drafts.length;
  const size = pixels.length / count;
  drafts.forEach((draft, place) => {
    changeBytes(pixels.subarray(place * size, (place + 1) * size), draft, draft.bytes);
  });
  return {
    pixels: new Tensor("uint8", [count, ...shape], pixels),
    places: new Tensor(
      "int32",
      [count],
      Int32Array.from({ length: count }, (_, place) => place),
    ),
  };
}
