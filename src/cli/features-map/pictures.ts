import type { DecodedImage } from "#host";
import { paintMap } from "../../drawing/index.ts";
import { type Shape, sizeOf } from "../../tensor/index.ts";
import type { SeenLayer } from "./seen.ts";

/** A map or filter that is shown: of one channel. */
export interface ChannelPictures {
  readonly channel: number;
  /** The filter that makes the map; `null` where there is none. */
  readonly filter: DecodedImage | null;
  /** The map of each image. */
  readonly maps: readonly DecodedImage[];
}

/** Colours end where so many values are below: a single pixel must not darken all others. */
const mostShare = 0.998;
/** Larger maps are made smaller: a page of them is to stay a file that opens. */
const largestSide = 112;
/** Kernels of so many channels are shown of a filter. */
const mostKernels = 64;

/** Whether a layer's output has rows and columns. */
export function isMap({ shape }: SeenLayer): boolean {
  return shape.length === 3 && shape[0] * shape[1] > 1;
}

/** The first maps of a layer, in colours that are the same for all of them and all images. */
export function channelPictures(layer: SeenLayer, most: number): ChannelPictures[] {
  const [height, width, channels] = layer.shape;
  const count = layer.values.shape[0] ?? 0;
  const range = colourRange(layer);
  const size = sizeOf(layer.shape);
  return Array.from({ length: Math.min(most, channels) }, (_, channel) => ({
    channel,
    filter: filterPicture(layer, channel),
    maps: Array.from({ length: count }, (_map, image) => {
      const values = new Float32Array(height * width);
      for (let pixel = 0; pixel < values.length; pixel++) {
        values[pixel] = layer.values.data[image * size + pixel * channels + channel];
      }
      const [small, rows, columns] = reduced(values, height, width);
      return paintMap(small, rows, columns, { range, colours: range[0] < 0 ? "orangeBlue" : "blues" });
    }),
  }));
}

/** From 0, or with a sign as far on both sides, to what nearly all values are below. */
export function colourRange({ values: { data }, range: [least] }: SeenLayer): readonly [number, number] {
  // A sample of large layers says the same.
  const step = Math.max(1, Math.floor(data.length / 50_000));
  const sample = Float32Array.from({ length: Math.ceil(data.length / step) }, (_, index) =>
    Math.abs(data[index * step]),
  ).sort();
  const reach = sample[Math.floor(mostShare * (sample.length - 1))] || (sample[sample.length - 1] ?? 0) || 1;
  return least < 0 ? [-reach, reach] : [0, reach];
}

/** Means of squares of pixels, where a map is larger than it is shown. */
function reduced(
  values: Float32Array,
  height: number,
  width: number,
): readonly [Float32Array, number, number] {
  const factor = Math.ceil(Math.max(height, width) / largestSide);
  if (factor === 1) return [values, height, width];
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const small = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let [sum, count] = [0, 0];
      for (let y = row * factor; y < Math.min(height, (row + 1) * factor); y++) {
        for (let x = column * factor; x < Math.min(width, (column + 1) * factor); x++) {
          sum += values[y * width + x];
          count++;
        }
      }
      small[row * columns + column] = sum / count;
    }
  }
  return [small, rows, columns];
}

/**
 * What a filter looks for: in colours where it sees colours, else the kernels of the channels that it sees, side by side. `null` of
 * layers without filters, and of filters of one pixel.
 */
function filterPicture({ filters }: SeenLayer, channel: number): DecodedImage | null {
  if (filters === null) return null;
  const [height, width, channels, count] = filters.shape;
  if (height * width === 1) return null;
  const at = (y: number, x: number, c: number) =>
    filters.data[((y * width + x) * channels + c) * count + channel];
  return channels === 3 ? colourFilter(at, [height, width]) : kernelGrid(at, filters.shape);
}

type FilterValue = (y: number, x: number, channel: number) => number;

function colourFilter(at: FilterValue, [height, width]: readonly [number, number]): DecodedImage {
  const values = Array.from({ length: height * width * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return at(Math.floor(pixel / width), pixel % width, index % 3);
  });
  const reach = Math.max(...values.map(Math.abs)) || 1;
  const pixels = Uint8Array.from(values, (value) => Math.round(127.5 * (1 + value / reach)));
  return { height, width, channels: 3, pixels };
}

/** Kernels in rows, a white pixel apart. */
function kernelGrid(at: FilterValue, [height, width, channels]: Shape): DecodedImage {
  const shown = Math.min(channels, mostKernels);
  const across = Math.ceil(Math.sqrt(shown));
  const down = Math.ceil(shown / across);
  const size = { height: down * (height + 1) - 1, width: across * (width + 1) - 1 };
  const kernels = Array.from({ length: shown }, (_, channel) =>
    Array.from({ length: height * width }, (_value, index) =>
      at(Math.floor(index / width), index % width, channel),
    ),
  );
  const reach = Math.max(...kernels.flat().map(Math.abs)) || 1;
  const pixels = new Uint8Array(size.height * size.width * 3).fill(255);
  for (const [index, kernel] of kernels.entries()) {
    const painted = paintMap(kernel, height, width, { range: [-reach, reach], colours: "orangeBlue" }).pixels;
    const [top, left] = [Math.floor(index / across) * (height + 1), (index % across) * (width + 1)];
    for (let row = 0; row < height; row++) {
      const begin = 3 * ((top + row) * size.width + left);
      pixels.set(painted.subarray(3 * row * width, 3 * (row + 1) * width), begin);
    }
  }
  return { ...size, channels: 3, pixels };
}

/** Numbers in one row, each a square, wrapped after so many. */
const rowLength = 64;

/** The numbers of a layer without rows and columns, of one image. */
export function rowPicture(layer: SeenLayer, image: number): DecodedImage {
  const size = sizeOf(layer.shape);
  const shown = Math.min(size, 16 * rowLength);
  const width = Math.min(shown, rowLength);
  const height = Math.ceil(shown / width);
  const values = new Float32Array(height * width);
  values.set(layer.values.data.subarray(image * size, image * size + shown));
  const range = colourRange(layer);
  return paintMap(values, height, width, { range, colours: range[0] < 0 ? "orangeBlue" : "blues" });
}
