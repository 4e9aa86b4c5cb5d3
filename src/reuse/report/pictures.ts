import type { ImageFormat } from "#host";
import { readPhotos } from "../../data/index.ts";
import { imageAddress, overlay, photoFormat } from "../../drawing/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { gradCam } from "../../inspect/index.ts";
import type { Model } from "../../models/index.ts";
import { ShapeError, sizeOf, Tensor } from "../../tensor/index.ts";
import type { PhotoPrediction } from "../result.ts";

/** A photo as the model sees it, and what of it speaks for a class. Addresses of images hold their bytes. */
export interface Picture {
  readonly prediction: PhotoPrediction;
  /** `null` when the photo cannot be read any more. */
  readonly image: string | null;
  readonly heat: readonly Heat[];
}

/** A photo with Grad-CAM's map over it. */
export interface Heat {
  /** Name of the class that the map is of. */
  readonly className: string;
  readonly image: string;
}

/** All pictures of a report, by prediction. */
export interface Pictures {
  readonly pictures: ReadonlyMap<PhotoPrediction, Picture>;
  /** The layer that Grad-CAM looked at; `null` when the model has none that it could. */
  readonly tap: string | null;
  /** Width by height. */
  readonly ratio: number;
}

/** Photos that are explained in one go: what memory holds. */
const batchSize = 16;

interface Loaded {
  readonly prediction: PhotoPrediction;
  readonly pixels: Uint8Array;
}

/** Reads photos, explains what the model says of them, and makes small images of both. */
export async function makePictures(
  model: Model,
  predictions: readonly PhotoPrediction[],
  engine: Engine | null,
): Promise<Pictures> {
  const [height, width] = model.inputShape;
  const pictures = new Map<PhotoPrediction, Picture>();
  const format = await photoFormat();
  let tap: string | null = null;
  let batch: Loaded[] = [];
  const finish = async () => {
    const made = await explainBatch(model, batch, format, engine);
    for (const picture of made.pictures) pictures.set(picture.prediction, picture);
    tap = made.tap;
    batch = [];
  };
  const files = predictions.map(({ file }) => file);
  for await (const { index, pixels } of readPhotos(files, readingOf(model))) {
    const prediction = predictions[index];
    if (pixels === null) pictures.set(prediction, { prediction, image: null, heat: [] });
    else batch.push({ prediction, pixels });
    if (batch.length === batchSize) await finish();
  }
  if (batch.length > 0) await finish();
  return { pictures, tap, ratio: width / height };
}

/** Photos as the model sees them, by file, as addresses that hold their bytes; those that cannot be read any more are left out. */
export async function makeThumbnails(
  model: Model,
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const thumbnails = new Map<string, string>();
  const [height, width, channels] = model.inputShape;
  const format = await photoFormat();
  for await (const { path, pixels } of readPhotos(files, readingOf(model))) {
    if (pixels === null) continue;
    const image = { width, height, channels: channels === 1 ? 1 : 3, pixels } as const;
    thumbnails.set(path, await imageAddress(image, format));
  }
  return thumbnails;
}

function readingOf({ inputShape: [height, width, channels], preprocessing: { resize } }: Model) {
  return { height, width, channels, ...(resize && { resize }), identify: false } as const;
}

async function explainBatch(
  model: Model,
  batch: readonly Loaded[],
  format: ImageFormat,
  engine: Engine | null,
): Promise<{ readonly pictures: readonly Picture[]; readonly tap: string | null }> {
  // What was taken for another class is asked twice: why that, and where its own class would be seen.
  const asked = batch.flatMap(({ prediction, pixels }) =>
    classesToExplain(prediction).map((index) => ({ pixels, index })),
  );
  const maps = await explain(model, asked, engine);
  const [height, width, channels] = model.inputShape;
  const pictures: Picture[] = [];
  let next = 0;
  for (const { prediction, pixels } of batch) {
    const decoded = { width, height, channels: channels === 1 ? 1 : 3, pixels } as const;
    const image = await imageAddress(decoded, format);
    const heat: Heat[] = [];
    for (const index of classesToExplain(prediction)) {
      const map = maps?.[next++]?.map;
      if (map === undefined) continue;
      const className = model.classNames?.[index] ?? String(index);
      heat.push({ className, image: await imageAddress(overlay(decoded, map), format) });
    }
    pictures.push({ prediction, image, heat });
  }
  return { pictures, tap: maps?.[0]?.tap ?? null };
}

function classesToExplain({ right, label, top: [best] }: PhotoPrediction): readonly number[] {
  return right || best === undefined ? [label] : [best.class, label];
}

/** Grad-CAM of each; `null` when the model has no layer with rows and columns. */
async function explain(
  model: Model,
  asked: readonly { readonly pixels: Uint8Array; readonly index: number }[],
  engine: Engine | null,
) {
  const size = sizeOf(model.inputShape);
  const bytes = new Uint8Array(asked.length * size);
  for (const [row, { pixels }] of asked.entries()) bytes.set(pixels, row * size);
  const images = new Tensor("uint8", [asked.length, ...model.inputShape], bytes);
  try {
    return await gradCam(model, images, { class: asked.map(({ index }) => index), batchSize, engine });
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}
