import { data, type Model, probabilitiesFrom, Tensor } from "fovea";
import { modelOf } from "../models.ts";
import { dataOf, type LabData } from "./data.ts";
import type { Insight, MapStack, Prediction } from "./types.ts";

/** Maps of a layer that are shown. */
const mostMaps = 16;
/** Layers whose maps are shown. */
const mostLayers = 3;

/** What a look is at. */
export interface InsightRequest {
  readonly modelId: string;
  readonly dataId: string;
  /** Of the validation data: images whose predictions are wanted. */
  readonly indices: readonly number[];
  /** Of the validation data: the image whose feature maps are wanted. */
  readonly example: number;
}

/** Looks at a model as it stands, also one that is in training: the run does not notice. */
export async function insightOf({ modelId, dataId, indices, example }: InsightRequest): Promise<Insight> {
  const model = modelOf(modelId);
  const lab = dataOf(dataId);
  return {
    filters: await filtersOf(model),
    maps: await mapsOf(model, lab, example),
    predictions: await predictionsOf(model, lab, indices),
  };
}

/** The filters of the first layer that has some, for each its mean over the channels it reads; a dense layer's as images. */
async function filtersOf(model: Model): Promise<MapStack | null> {
  const first = model.summary().layers.find(({ kind }) => kind === "conv2d" || kind === "dense");
  if (first === undefined) return null;
  const key = `${first.name}.weight`;
  const weight = (await model.getWeights([key])).get(key);
  if (weight === undefined) return null;
  const { shape } = weight;
  // HWIO; of a dense layer [inputs, units], where the inputs are the flattened image.
  const [height, width, channels] = shape.length === 4 ? shape : model.inputShape;
  const count = shape[shape.length - 1];
  if (weight.data.length !== height * width * channels * count) return null;
  const shown = Math.min(count, mostMaps);
  const values = new Float32Array(shown * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let filter = 0; filter < shown; filter++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) {
        sum += weight.data[(pixel * channels + channel) * count + filter];
      }
      values[filter * height * width + pixel] = sum / channels;
    }
  }
  return { layer: first.name, height, width, count, values };
}

/** What the first convolutions make of an image. */
async function mapsOf(model: Model, { validation }: LabData, example: number): Promise<MapStack[]> {
  const names = model
    .summary()
    .layers.filter(({ kind, outputShape }) => kind === "conv2d" && outputShape.length === 3)
    .slice(0, mostLayers)
    .map(({ name }) => name);
  if (names.length === 0) return [];
  const { images } = data.subset(validation, [example]);
  const maps = await model.activations(images, { layers: names, batchSize: 1 });
  return [...maps].map(([layer, values]) => stackOf(layer, values));
}

/** Shapes: [1, height, width, channels] -> channels first. */
function stackOf(layer: string, { shape, data: all }: Tensor<"float32">): MapStack {
  const [, height, width, count] = shape;
  const shown = Math.min(count, mostMaps);
  const values = new Float32Array(shown * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let map = 0; map < shown; map++) values[map * height * width + pixel] = all[pixel * count + map];
  }
  return { layer, height, width, count, values };
}

async function predictionsOf(
  model: Model,
  { validation }: LabData,
  indices: readonly number[],
): Promise<Prediction[]> {
  if (indices.length === 0) return [];
  const { images, labels } = data.subset(validation, indices);
  const bytes = Uint8Array.from(images.data);
  const output = await model.predict(new Tensor("uint8", images.shape, bytes), { batchSize: indices.length });
  const classes = output.shape[1];
  const read = probabilitiesFrom(model);
  const size = bytes.length / indices.length;
  return indices.map((index, row) => ({
    index,
    label: labels.data[row],
    image: bytes.slice(row * size, (row + 1) * size),
    probabilities: Float32Array.from(read(output.data.subarray(row * classes, (row + 1) * classes))),
  }));
}

/** Numbers of some examples of the validation data, at random but one of each class first. */
export function someExamples(dataId: string, count: number, seed: number): readonly number[] {
  const { labels, classNames } = dataOf(dataId).validation;
  const total = labels.data.length;
  const start = Math.floor(((seed * 0.618) % 1) * total);
  const chosen: number[] = [];
  for (let offset = 0; offset < total && chosen.length < Math.min(count, classNames.length); offset++) {
    const index = (start + offset) % total;
    if (!chosen.some((other) => labels.data[other] === labels.data[index])) chosen.push(index);
  }
  for (let offset = 0; offset < total && chosen.length < Math.min(count, total); offset++) {
    const index = (start + offset) % total;
    if (!chosen.includes(index)) chosen.push(index);
  }
  return chosen.sort((one, other) => labels.data[one] - labels.data[other]);
}
