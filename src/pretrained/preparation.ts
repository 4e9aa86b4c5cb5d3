import type { NamedTensors } from "../formats/index.ts";
import { Model, type PreprocessingOptions } from "../models/index.ts";
import type { Shape } from "../tensor/index.ts";
import { modelKey } from "../train/index.ts";
import { classNamesOf, models, type PublishedWeights, weightsLabel, type ZooName } from "../zoo/index.ts";
import type { WeightsFile } from "./source.ts";

/** How images become inputs for the weights, and what the outputs are called. */
export interface Preparation {
  readonly preprocessing: PreprocessingOptions;
  readonly classNames: readonly string[] | null;
  /** Where this is known from: `torchvision:v2`, `the file`; `null` when nothing is. */
  readonly from: string | null;
}

/** What ImageNet-1k has. */
const imageNetClasses = 1000;

/**
 * What belongs to the weights of a file: what a model file of ours says; what is published with these weights, or, for a file of
 * another name, with others of the same framework for the same net.
 */
export async function prepare(
  model: ZooName,
  file: WeightsFile,
  { convention, metadata }: Pick<NamedTensors, "convention" | "metadata">,
): Promise<Preparation> {
  if (metadata[modelKey] !== undefined) {
    const own = Model.fromBytes(file.bytes, { name: file.name });
    return { preprocessing: own.preprocessing, classNames: own.classNames, from: "the file" };
  }
  const all = models.publishedWeights(model);
  const published = file.published ?? all.findLast((weights) => conventions[weights.source] === convention);
  if (published === undefined) return { preprocessing: {}, classNames: null, from: null };
  return {
    preprocessing: published.preprocessing,
    classNames: await classNamesOf(published.classes),
    from: weightsLabel(published),
  };
}

const conventions = { torchvision: "pytorch", keras: "keras" } as const satisfies Readonly<
  Record<PublishedWeights["source"], NamedTensors["convention"]>
>;

/** Preprocessing for another input than the weights were trained on: sizes are scaled, colours go with the channels. */
export function fitted(
  { resize, ...rest }: PreprocessingOptions,
  [height, width, channels]: Shape,
): PreprocessingOptions {
  const colours = Array.isArray(rest.scale) || Array.isArray(rest.offset) || rest.channelOrder === "bgr";
  const values = colours && channels !== 3 ? {} : rest;
  const { size, crop = null } = resize ?? {};
  if (resize === null || resize === undefined || typeof size !== "number" || typeof crop !== "number") {
    const [tall, wide] = Array.isArray(size) ? size : [size, size];
    return crop === null && tall === height && wide === width && resize ? { ...values, resize } : values;
  }
  if (height !== width) return values;
  return { ...values, resize: { ...resize, size: Math.round((size * height) / crop), crop: height } };
}

/** The names of the classes, where there are as many outputs: else they are others. */
export async function namesFor(
  { classNames, from }: Preparation,
  outputs: number,
): Promise<readonly string[] | null> {
  if (classNames?.length === outputs) return classNames;
  // The nets of ImageNet with its number of classes: nobody has others of that number.
  return from === null && outputs === imageNetClasses ? await classNamesOf("imagenet-1k") : null;
}
