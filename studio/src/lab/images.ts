import { type DecodedImage, data, decodeImage, type Model, Tensor } from "fovea";
import { datasetOf } from "./datasets.ts";

/** An image, wherever it comes from. The page has no more of it than this. */
export type SourceImage =
  /** Drawn in the page: bytes `[height, width, 1]`, row by row. */
  | { readonly from: "pixels"; readonly pixels: Uint8Array; readonly height: number; readonly width: number }
  /** Of a served data set's test part. */
  | { readonly from: "dataset"; readonly dataset: string; readonly index: number }
  /** A photo that the lab has decoded. */
  | { readonly from: "photo"; readonly id: number };

/** An image as a model takes it. */
export interface InputImage {
  /** Shapes: `[height, width, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Index of its class; null when it is not known. */
  readonly label: number | null;
  /** What was done to it for the model: cut, resized, made gray. */
  readonly notes: readonly string[];
}

/** The test images of a data set, by class. */
export interface ExampleIndex {
  readonly classNames: readonly string[];
  /** Indices of the images of each class. */
  readonly byClass: readonly (readonly number[])[];
}

/** A decoded photo. */
export interface PhotoEntry {
  readonly id: number;
  readonly name: string;
  readonly height: number;
  readonly width: number;
}

/** Photos are large: the last few are kept. */
const mostPhotos = 6;
const photos = new Map<number, { readonly name: string; readonly image: DecodedImage }>();
const byDataset = new Map<string, Promise<ExampleIndex>>();
/** Photos made into inputs are kept, as a large one takes a while; by photo and kind of input. */
const prepared = new Map<string, InputImage>();
let count = 0;

async function indexOf(name: string): Promise<ExampleIndex> {
  const { test } = await datasetOf(name);
  const byClass: number[][] = test.classNames.map(() => []);
  for (const [index, label] of test.labels.data.entries()) byClass[label].push(index);
  return { classNames: test.classNames, byClass };
}

/** The image with the number of channels that it has, before it is made to fit. */
async function decoded(
  source: SourceImage,
): Promise<{ image: DecodedImage; label: number | null; name: string }> {
  if (source.from === "pixels") {
    const { pixels, height, width } = source;
    return { image: { pixels, height, width, channels: 1 }, label: null, name: "drawing" };
  }
  if (source.from === "dataset") {
    const { test } = await datasetOf(source.dataset);
    const [, height, width, channels] = test.images.shape;
    const size = height * width * channels;
    const pixels = test.images.data.slice(source.index * size, (source.index + 1) * size);
    const image = { pixels, height, width, channels: channels === 3 ? 3 : 1 } as const;
    return { image, label: test.labels.data[source.index], name: `${test.name} ${source.index}` };
  }
  const photo = photos.get(source.id);
  if (photo === undefined) throw new Error("the photo is not in the lab any more; choose it again");
  return { image: photo.image, label: null, name: photo.name };
}

/** Makes an image what a model takes, as the model's preprocessing has it. */
export async function inputFor(model: Model, source: SourceImage): Promise<InputImage> {
  const { inputShape, preprocessing, name: modelName } = model;
  if (inputShape.length !== 3) {
    throw new Error(`${modelName} takes [${inputShape.join(", ")}], not images; choose a model of images`);
  }
  const [height, width, channels] = inputShape;
  const key =
    source.from === "photo" ? `${source.id} ${inputShape} ${JSON.stringify(preprocessing.resize)}` : null;
  const known = key === null ? undefined : prepared.get(key);
  if (known !== undefined) return known;
  const { image, label, name } = await decoded(source);
  const size = { height, width, channels };
  const resize = source.from === "photo" ? preprocessing.resize : null;
  const fit = resize === null && source.from === "photo" ? { fit: "crop" as const } : {};
  const { input, notes } = data.imageToInput(image, { ...size, ...fit, resize, name });
  const made = { ...size, pixels: input.data, label, notes };
  if (key !== null) prepared.set(key, made);
  return made;
}

/** Inputs as a tensor, `[N, ...input shape]`. */
export function tensorOf(inputs: readonly InputImage[]): Tensor<"uint8"> {
  const [{ height, width, channels }] = inputs;
  const size = height * width * channels;
  const all = new Uint8Array(inputs.length * size);
  for (const [index, { pixels }] of inputs.entries()) all.set(pixels, index * size);
  return new Tensor("uint8", [inputs.length, height, width, channels], all);
}

/** @throws Error when it is no image, with the file's name in place of the address that it has for the browser */
async function decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<DecodedImage> {
  const address = URL.createObjectURL(new Blob([bytes]));
  try {
    return await decodeImage(address);
  } catch (error) {
    throw error instanceof Error ? new Error(error.message.replaceAll(address, name)) : error;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The lab's side of images that are looked at. */
export const images = {
  /** Which test images of a data set are of which class. */
  async examples(dataset: string): Promise<ExampleIndex> {
    const running = byDataset.get(dataset) ?? indexOf(dataset);
    byDataset.set(dataset, running);
    running.catch(() => byDataset.delete(dataset));
    return await running;
  },

  /** Decodes a photo; the lab keeps the last few. */
  async open(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<PhotoEntry> {
    const image = await decode(bytes, name);
    count++;
    photos.set(count, { name, image });
    for (const id of photos.keys()) {
      if (photos.size <= mostPhotos) break;
      photos.delete(id);
      for (const key of prepared.keys()) if (key.startsWith(`${id} `)) prepared.delete(key);
    }
    return { id: count, name, height: image.height, width: image.width };
  },
};
