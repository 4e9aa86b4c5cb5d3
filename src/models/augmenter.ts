import { type BatchDraws, changeBytes, drawStep, planAugmentations } from "../data/augment/index.ts";
import { type Augmentation, type ExampleSource, exampleShapeOf, isImageStream } from "../data/index.ts";
import type { Feeds } from "../engine/engine.ts";
import { warpRecordLength } from "../ops/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { StepInput } from "../train/index.ts";
import type { BatchChanges } from "./batch-source.ts";

/** Draws what happens to the images of each step, ahead of the engine. */
export interface Augmenter {
  /** What the step's graph does with it. */
  readonly changes: BatchChanges;
  readonly draw: (step: Pick<StepInput, "indices" | "key">) => StepAugmentation;
  /** What is cut out of each photo where it is read, as `ImageStream.read` takes it; `null` for nothing. */
  readonly cropsOf: (step: Pick<StepInput, "indices" | "key">) => Float32Array | null;
}

/** What one step does to its images. */
export interface StepAugmentation {
  /** The inputs `records`, `partners` and `shares`; the graph takes those that it has. */
  readonly feeds: Feeds;
  /** Changes the bytes of the step's images, in place. */
  readonly changePixels: (pixels: Uint8Array<ArrayBuffer>) => void;
}

/** Augments the images of a data set or a stream. */
export function createAugmenter(source: ExampleSource, augmentations: readonly Augmentation[]): Augmenter {
  const { labels, classNames } = source;
  const plan = planAugmentations(augmentations, classNames);
  const { warps, mixes, changesBytes: feedsPixels } = plan;
  const [height, width, channels] = exampleShapeOf(source);
  // Of a photo, more pixels are left than of what it was resized to.
  const cropsAtSource = plan.crops && isImageStream(source) && source.heedsCrops === true;
  const batchOf = ({ indices, key }: Pick<StepInput, "indices" | "key">): BatchDraws => {
    const examples = Array.from(indices, (index) => ({ index, label: labels.data[index] }));
    return drawStep(plan, key, { height, width, channels, cropsAtSource }).batch(examples);
  };
  return {
    changes: { shift: 0, warps, mixes, feedsPixels },
    draw: (step) => {
      const draws = batchOf(step);
      return { feeds: drawnFeeds(draws), changePixels: (pixels) => changePixels(draws, pixels) };
    },
    cropsOf: (step) => (cropsAtSource ? cropFeeds(batchOf(step)) : null),
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

/** Four shares an image, NaN where all of it is taken. */
function cropFeeds({ drafts }: BatchDraws): Float32Array {
  const crops = new Float32Array(4 * drafts.length).fill(Number.NaN);
  drafts.forEach(({ crop }, place) => {
    if (crop !== null) crops.set([crop.top, crop.left, crop.height, crop.width], 4 * place);
  });
  return crops;
}

/** The bytes of a batch, changed in place as the drafts say. */
function changePixels({ drafts }: BatchDraws, pixels: Uint8Array<ArrayBuffer>): void {
  const size = pixels.length / drafts.length;
  drafts.forEach((draft, place) => {
    changeBytes(pixels.subarray(place * size, (place + 1) * size), draft, draft.bytes);
  });
}
