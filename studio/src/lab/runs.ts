import { featureMaps, Model } from "fovea";
import { datasetOf, datasets } from "./datasets.ts";
import { engineOf } from "./engine.ts";
import { type InputImage, inputFor, tensorOf } from "./images.ts";
import { layersOf } from "./layer-list.ts";
import { channelsOf, rangeOf } from "./look.ts";
import { keepModel, type ModelEntry } from "./models.ts";

/** What the first layer that has weights looks for. */
export interface FirstFilters {
  readonly layer: string;
  /** Whether it is a convolution; else a dense layer, whose units see all of the image. */
  readonly isConvolution: boolean;
  /** Of a filter, in pixels. */
  readonly width: number;
  readonly height: number;
  /** 3 where filters are seen in colour: bytes, 127.5 for nothing. Else signed values. */
  readonly channels: 1 | 3;
  /** Shapes: each `[height, width, channels]`. */
  readonly filters: readonly Float32Array[];
  /** How many the layer has: not all are given of one with many. */
  readonly count: number;
  /** The greatest magnitude of all weights given. */
  readonly limit: number;
}

/** What a convolution makes of the example. */
export interface ExampleMaps {
  readonly layer: string;
  readonly width: number;
  readonly height: number;
  /** Shapes: each `[height, width]`. */
  readonly maps: readonly Float32Array[];
  /** How many the layer has. */
  readonly count: number;
  readonly least: number;
  readonly greatest: number;
}

/** A test image of the run's data set, and what the first convolutions make of it. */
export interface RunExample {
  readonly image: InputImage;
  /** "7", or "test image 0" of a data set without names. */
  readonly title: string;
  readonly layers: readonly ExampleMaps[];
}

/** What a run's model looks for, and what it sees. */
export interface RunPicture {
  /** Null where the first layer sees no image. */
  readonly filters: FirstFilters | null;
  /** Null where this site does not serve the run's data set, or the model takes other images. */
  readonly example: RunExample | null;
}

/** Always the same test image, so that checkpoints, and runs, can be compared. */
const exampleIndex = 0;
/** Convolutions whose maps are shown. */
const mostLayers = 2;

/** More is no picture any more: small ones, and those of the size of an image. */
const mostFilters = { small: 64, large: 24 } as const;
/** Up to so many pixels wide a filter is small. */
const small = 12;

async function fetchModel(address: string, name: string): Promise<Model> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${name}: the server has no model of it (${response.status})`);
  return Model.fromBytes(new Uint8Array(await response.arrayBuffer()), { name });
}

/** The first convolution, or a dense layer that sees the image as it is: its weights have the shape of an image, too. */
function firstWeights({ architecture, inputShape }: Model) {
  for (const { layer } of architecture.calls) {
    const { name, layer: description } = architecture.layers[layer];
    if (description.kind === "conv2d") return { name, shape: null };
    if (description.kind === "dense") return inputShape.length === 3 ? { name, shape: inputShape } : null;
  }
  return null;
}

async function filtersOf(model: Model): Promise<FirstFilters | null> {
  const first = firstWeights(model);
  if (first === null) return null;
  const key = `${first.name}.weight`;
  const weight = (await model.getWeights([key])).get(key);
  if (weight === undefined || !(weight.data instanceof Float32Array)) return null;
  const { data } = weight;
  const count = weight.shape.at(-1) ?? 0;
  const [height, width, depth] = first.shape ?? weight.shape;
  const inputs = height * width * depth;
  // A dense layer that sees features of another size, behind a pooling.
  if (data.length !== inputs * count || (depth !== 1 && depth !== 3)) return null;
  const shown = Math.min(count, width > small ? mostFilters.large : mostFilters.small);
  const filters = Array.from({ length: shown }, (_, filter) =>
    Float32Array.from({ length: inputs }, (_unused, place) => data[place * count + filter]),
  );
  const limit = Math.max(
    ...filters.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)),
  );
  const bytes = (values: Float32Array) =>
    values.map((value) => 127.5 * (1 + (limit === 0 ? 0 : value / limit)));
  return {
    ...{ layer: first.name, isConvolution: first.shape === null, width, height, count, limit },
    channels: depth === 3 ? 3 : 1,
    filters: depth === 3 ? filters.map(bytes) : filters,
  };
}

async function exampleOf(model: Model, dataset: string | null): Promise<RunExample | null> {
  const served = await datasets.served();
  if (dataset === null || !served.some(({ name }) => name === dataset)) return null;
  const { test } = await datasetOf(dataset);
  if (test.images.shape.slice(1).join() !== model.inputShape.join()) return null;
  const image = await inputFor(model, { from: "dataset", dataset, index: exampleIndex });
  const names = layersOf(model)
    .filter(({ kind, shape }) => kind === "conv2d" && shape.length === 3)
    .slice(0, mostLayers)
    .map(({ name }) => name);
  const label = image.label === null ? undefined : test.classNames[image.label];
  const title = label ?? `test image ${exampleIndex}`;
  if (names.length === 0) return { image, title, layers: [] };
  const engine = await engineOf();
  const { layers } = await featureMaps(model, tensorOf([image]), { layers: names, engine });
  return {
    image,
    title,
    layers: layers.map((layer) => {
      const [height, width, count] = layer.shape;
      const { channels, images } = channelsOf(
        { layer: layer.name, channels: mostFilters.small },
        layer.values,
      );
      const size = height * width;
      const maps = Array.from({ length: channels }, (_, map) =>
        images[0].subarray(map * size, (map + 1) * size),
      );
      const { least, greatest } = rangeOf(layer);
      return { layer: layer.name, width, height, maps, count, least, greatest };
    }),
  };
}

/** The lab's side of the panel Runs. */
export const runs = {
  /**
   * @param address - of the run's model or checkpoint
   * @param dataset - what the run is trained on
   */
  async picture(address: string, name: string, dataset: string | null): Promise<RunPicture> {
    const model = await fetchModel(address, name);
    return { filters: await filtersOf(model), example: await exampleOf(model, dataset) };
  },

  /** Puts a run's model into the store; one of the same run and moment takes the place of the former. */
  async open(address: string, name: string): Promise<ModelEntry> {
    return keepModel(await fetchModel(address, name), { name, origin: "run", id: `run-${name}` });
  },
};
