import { transfer } from "comlink";
import {
  featureMaps,
  type LayerMaps,
  type LayerWindows,
  layerWindows,
  type Model,
  probabilitiesFrom,
  receptiveField,
  type Tensor,
} from "fovea";
import { type InputImage, inputFor, type SourceImage, tensorOf } from "./images.ts";
import { type LookLayer, layersOf } from "./layer-list.ts";
import { modelOf } from "./models.ts";

/** Which maps the page wants to see: those of layers that are in sight. */
export interface WantedMaps {
  readonly layer: string;
  /** So many of its channels, or units, from the first on. */
  readonly channels: number;
}

/** What values a layer has, over all images that are looked at. */
export interface LayerRange {
  readonly layer: string;
  readonly least: number;
  readonly greatest: number;
  /** How far apart two images are there, |a - b| / sqrt(|a|^2 + |b|^2), and by 1 - cosine; null of a single image. */
  readonly distance: { readonly euclidean: number; readonly cosine: number } | null;
}

/** A unit of a layer: of one without rows and columns, `y` and `x` are 0. */
export interface UnitPlace {
  readonly layer: string;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

/** One window of a layer, number by number. Three-dimensional values are `[rows, columns, channels]`. */
export interface WindowView {
  readonly operation: "convolution" | "product" | "maximum" | "average";
  /** Rows and columns of the layer's input that the window lies on; beyond its edges is padding. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** Channels of the input that it sees. */
  readonly channels: readonly number[];
  readonly padded: readonly (readonly boolean[])[];
  readonly inputs: Float32Array;
  readonly kernel: Float32Array | null;
  readonly products: Float64Array | null;
  readonly sum: number;
  readonly divisor: number | null;
  readonly greatest: { readonly row: number; readonly column: number } | null;
  readonly bias: number | null;
  readonly activation: string;
  readonly output: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  };
  readonly inputShape: readonly number[];
}

/** All that is shown of a unit. */
export interface UnitView {
  readonly place: UnitPlace;
  /** For each image. */
  readonly values: readonly number[];
  /** The part of the image that it is computed from. */
  readonly field: MapPart;
  /** The same part of the maps in between, by layer: as far back as windows lead there. */
  readonly between: readonly ({ readonly layer: string } & MapPart)[];
  /** Its sum for the first image; null of layers that have no windows. */
  readonly window: WindowView | null;
}

/** A part of a map: from the first row and column to the one behind the last. */
export interface MapPart {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A layer's values, channel by channel. */
export interface LayerValues {
  readonly layer: string;
  readonly channels: number;
  /** For each image `[channels, height, width]`, or `[channels]` of a layer without rows and columns. */
  readonly images: readonly Float32Array<ArrayBuffer>[];
}

/** What one look at a model came to. */
export interface LookFrame {
  /** Counts looks: maps of an older one are not mixed with this one's. */
  readonly number: number;
  readonly inputs: readonly InputImage[];
  /** For each image a probability for each class; null of a model that gives no scores of classes. */
  readonly probabilities: readonly (readonly number[])[] | null;
  readonly ranges: readonly LayerRange[];
  readonly maps: readonly LayerValues[];
  /** What computing it took. */
  readonly milliseconds: number;
}

/** The last look: its maps are asked for as one scrolls. */
interface Look {
  readonly number: number;
  readonly model: Model;
  readonly inputs: readonly InputImage[];
  readonly images: Tensor<"uint8">;
  readonly layers: ReadonlyMap<string, LayerMaps>;
  /** Of layers whose units were looked at. */
  readonly windows: Map<string, Promise<LayerWindows>>;
}

let last: Look | null = null;
let count = 0;

/** Probabilities of all classes for each row of a model's outputs; null of outputs that are no scores of classes. */
export function probabilitiesOf(model: Model, { shape, data }: Tensor<"float32">): number[][] | null {
  const [rows, classes, ...more] = shape;
  if (classes === undefined || more.length > 0) return null;
  const read = probabilitiesFrom(model);
  return Array.from({ length: rows }, (_, row) => read(data.subarray(row * classes, (row + 1) * classes)));
}

/** The values of a layer, over all images. */
export function rangeOf({ name: layer, values: { data }, distances }: LayerMaps): LayerRange {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { layer, least, greatest, distance: distances[0] ?? null };
}

/** The first channels of a layer, one behind the other. */
export function channelsOf(
  { layer, channels: asked }: WantedMaps,
  { shape, data }: Tensor<"float32">,
): LayerValues {
  const [count, ...rest] = shape;
  const all = rest[rest.length - 1];
  const channels = Math.min(asked, all);
  const places = rest.slice(0, -1).reduce((product, side) => product * side, 1);
  const images = Array.from({ length: count }, (_, image) => {
    const maps = new Float32Array(channels * places);
    for (let place = 0, from = image * places * all; place < places; place++, from += all) {
      for (let channel = 0; channel < channels; channel++) {
        maps[channel * places + place] = data[from + channel];
      }
    }
    return maps;
  });
  return { layer, channels, images };
}

function mapsOf(look: Look, wanted: readonly WantedMaps[]): LayerValues[] {
  return wanted.flatMap((one) => {
    const maps = look.layers.get(one.layer);
    return maps === undefined ? [] : [channelsOf(one, maps.values)];
  });
}

const buffersOf = (maps: readonly LayerValues[]) =>
  maps.flatMap(({ images }) => images.map(({ buffer }) => buffer));

/** The lab's side of the panel Look inside. */
export const look = {
  /** What a model is made of. */
  layers(id: string): readonly LookLayer[] {
    return layersOf(modelOf(id));
  },

  /**
   * Runs a model on one or two images and keeps every layer's values.
   *
   * @param wanted - the maps that come along
   */
  async at(id: string, sources: readonly SourceImage[], wanted: readonly WantedMaps[]): Promise<LookFrame> {
    const model = modelOf(id);
    const inputs = await Promise.all(sources.map((source) => inputFor(model, source)));
    const images = tensorOf(inputs);
    const names = layersOf(model).map(({ name }) => name);
    const began = performance.now();
    const { layers } = await featureMaps(model, images, { layers: names });
    const milliseconds = performance.now() - began;
    count++;
    const named = new Map(layers.map((layer) => [layer.name, layer]));
    const now: Look = { number: count, model, inputs, images, layers: named, windows: new Map() };
    last = now;
    const output = layers[layers.length - 1];
    const maps = mapsOf(now, wanted);
    const frame: LookFrame = {
      number: now.number,
      inputs,
      probabilities: probabilitiesOf(model, output.values),
      ranges: layers.map(rangeOf),
      maps,
      milliseconds,
    };
    return transfer(frame, buffersOf(maps));
  },

  /** More maps of a look; none when another has taken its place. */
  maps(number: number, wanted: readonly WantedMaps[]): readonly LayerValues[] {
    if (last === null || last.number !== number) return [];
    const maps = mapsOf(last, wanted);
    return transfer(maps, buffersOf(maps));
  },

  /** What a unit is computed from; null when another look has taken the place of this one. */
  async unit(number: number, place: UnitPlace): Promise<UnitView | null> {
    const look = last;
    const maps = look?.layers.get(place.layer);
    if (look === null || look.number !== number || maps === undefined) return null;
    const { shape, values } = maps;
    const isImage = shape.length === 3;
    const size = shape.reduce((product, side) => product * side, 1);
    const width = isImage ? shape[1] : 1;
    const at = (place.y * width + place.x) * shape[shape.length - 1] + place.channel;
    const { layer, channel, y, x } = place;
    const { top, left, bottom, right } = receptiveField(look.model, layer, isImage ? { y, x } : {});
    return {
      place,
      values: look.inputs.map((_, image) => values.data[image * size + at]),
      field: { top, left, bottom, right },
      between: isImage ? await partsBetween(look, place) : [],
      window: await windowOf(look, layer, { y, x, filter: channel }),
    };
  },
};

/** Kinds of layers whose values are sums over windows. */
const windowKinds = /^(dense|conv2d|depthwiseConv2d|maxPool2d|averagePool2d)$/;

/** Layers whose values stay at their places. */
const placeKinds =
  /^(activation|batchNormalization|clip|leakyRelu|prelu|scale|rescaling|localResponseNormalization|softmax)$/;
/** Maps of more values are not gone through: a mouse moves faster. */
const mostBetween = 2 ** 18;

/** What a unit is computed from in the layers between it and the image, while these follow each other one by one. */
async function partsBetween(look: Look, place: UnitPlace): Promise<UnitView["between"]> {
  const layers = new Map(layersOf(look.model).map((layer) => [layer.name, layer]));
  const parts: ({ readonly layer: string } & MapPart)[] = [];
  let part: MapPart = { top: place.y, left: place.x, bottom: place.y + 1, right: place.x + 1 };
  for (let layer = layers.get(place.layer); layer !== undefined; ) {
    const { name, kind, inputs, shape } = layer;
    const before = inputs.length === 1 ? layers.get(inputs[0]) : undefined;
    if (before === undefined || before.shape.length !== 3) break;
    if (windowKinds.test(kind) && shape.length === 3) {
      if (before.shape.reduce((product, side) => product * side, 1) > mostBetween) break;
      const windows = await windowsOf(look, name);
      const first = windows.at({ y: part.top, x: part.left });
      const last = windows.at({ y: part.bottom - 1, x: part.right - 1 });
      const [height, width] = before.shape;
      const within = (value: number, size: number) => Math.min(size, Math.max(0, value));
      part = {
        top: within(first.rows[0], height),
        left: within(first.columns[0], width),
        bottom: within((last.rows.at(-1) ?? 0) + 1, height),
        right: within((last.columns.at(-1) ?? 0) + 1, width),
      };
    } else if (!placeKinds.test(kind)) break;
    parts.push({ layer: before.name, ...part });
    layer = before;
  }
  return parts;
}

/** The windows of a layer in a look; asked for once. */
function windowsOf(look: Look, layer: string): Promise<LayerWindows> {
  const asked = look.windows.get(layer) ?? layerWindows(look.model, layer, look.images);
  look.windows.set(layer, asked);
  return asked;
}

/** A window spelled out; null of layers that have none. */
async function windowOf(
  look: Look,
  layer: string,
  place: { readonly y: number; readonly x: number; readonly filter: number },
): Promise<WindowView | null> {
  if (!windowKinds.test(look.layers.get(layer)?.kind ?? "")) return null;
  const windows = await windowsOf(look, layer);
  const { strides, dilations, padding, inputShape } = windows;
  const {
    inputs,
    kernel,
    products,
    layer: _,
    kind: __,
    place: ___,
    computed: ____,
    ...rest
  } = windows.at(place);
  return {
    ...rest,
    ...{ strides, dilations, padding, inputShape },
    inputs: inputs.data,
    kernel: kernel?.data ?? null,
    products: products?.data ?? null,
  };
}
