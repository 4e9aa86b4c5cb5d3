import type { DecodedImage } from "#host";
import { titleOf } from "../../inspect/diagram/describe.ts";
import { featureMaps, type LayerMaps, type ReceptiveField, receptiveField } from "../../inspect/index.ts";
import {
  type ClassProbability,
  likeliestClasses,
  type Model,
  probabilitiesFrom,
} from "../../models/index.ts";
import { sizeOf, Tensor } from "../../tensor/index.ts";
import type { ReferredImage } from "../image-reference.ts";

/** An image, and what the model says of it. */
export interface SeenImage extends ReferredImage {
  readonly picture: DecodedImage;
  readonly top: readonly ClassProbability[];
}

/** A layer with what is to be said of it. */
export interface SeenLayer extends LayerMaps {
  /** `conv 5×5, 6`. */
  readonly title: string;
  readonly field: ReceptiveField | null;
  /** The least and the greatest value over all images. */
  readonly range: readonly [least: number, greatest: number];
  /** Values that are 0, of all. */
  readonly zeros: number;
  /** Whether it passes on the numbers of the layer before as they are: flattened, or not dropped. */
  readonly passesOn: boolean;
}

/** All that is shown. */
export interface FeaturesMap {
  readonly model: string;
  readonly images: readonly SeenImage[];
  readonly layers: readonly SeenLayer[];
  /** Maps that are shown of a layer. */
  readonly most: number;
  /** Names of the model's classes. */
  readonly classNames: readonly string[] | null;
}

const guesses = 3;

/** Looks at images through all layers, or some. */
export async function seeImages(
  reference: string,
  model: Model,
  images: readonly ReferredImage[],
  names: readonly string[] | null,
  most: number,
): Promise<FeaturesMap> {
  const size = sizeOf(model.inputShape);
  const pixels = new Uint8Array(images.length * size);
  for (const [index, image] of images.entries()) pixels.set(image.pixels.data, index * size);
  const batch = new Tensor("uint8", [images.length, ...model.inputShape], pixels);
  const maps = await featureMaps(model, batch, { layers: names });
  const outputs = await model.predict(batch);
  const classes = outputs.data.length / images.length;
  const probabilities = probabilitiesFrom(model);
  return {
    model: reference,
    most,
    classNames: model.classNames,
    images: images.map((image, index) => {
      const scores = outputs.data.subarray(index * classes, (index + 1) * classes);
      const [height, width, channels] = model.inputShape;
      const picture = { height, width, channels: channels === 1 ? 1 : 3, pixels: image.pixels.data } as const;
      return { ...image, picture, top: likeliestClasses(probabilities(scores), guesses, model.classNames) };
    }),
    // The images themselves are shown as they are.
    layers: maps.layers
      .filter(({ kind }) => kind !== "input")
      .map((layer, index, all) => seenLayer(model, layer, index === 0 ? null : all[index - 1])),
  };
}

function seenLayer(model: Model, layer: LayerMaps, before: LayerMaps | null): SeenLayer {
  const { architecture } = model;
  const call = architecture.calls[layer.call];
  const [source] = call.inputs;
  const channels = source === undefined ? 0 : (architecture.calls[source].shape.at(-1) ?? 0);
  const { data } = layer.values;
  let [least, greatest, zeros] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of data) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    if (value === 0) zeros++;
  }
  const same = before?.values.data;
  return {
    ...layer,
    title: titleOf(architecture.layers[call.layer].layer, channels),
    field: model.inputShape.length === 3 ? receptiveField(model, layer.call) : null,
    range: [least, greatest],
    zeros: zeros / data.length,
    passesOn: same?.length === data.length && data.every((value, index) => value === same[index]),
  };
}

/** What the model says of an image: `7 (99.8 %)`. */
export function labelOf({ top: [best], label }: SeenImage, percentOf: (share: number) => string): string {
  const said = best === undefined ? "" : `seen as ${best.name} (${percentOf(best.probability)})`;
  return label === null ? said : `${label}, ${said}`;
}
