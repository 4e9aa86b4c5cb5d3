import type { Padding2d, Taps } from "../../../../graph/index.ts";
import { binomialFilter, blurPadding } from "../../../../layers/blur-pool2d.ts";
import { sidesOf, size2d } from "../../../../layers/geometry.ts";
import { resizeAxes } from "../../../../layers/resize2d.ts";
import {
  type Coordinates,
  type Interpolation,
  type ResizedAxis,
  type Rounding,
  resizingTaps,
} from "../../../../layers/sampling.ts";
import { type Shape, sizeOf } from "../../../../tensor/index.ts";
import { coordinates, roundings } from "../../sampling.ts";
import type { ExportedValue } from "../exported-value.ts";
import { asImage, imageValue, ownShape } from "../values.ts";
import type { LayerWriter } from "../writer.ts";
import type { Exporter } from "./exporter.ts";

export const zeroPadding2d: Exporter<"zeroPadding2d"> = (writer, { padding }, [x]) =>
  padded(writer, x, sidesOf(padding), "constant", 0);

export const padding2d: Exporter<"padding2d"> = (writer, { padding, mode, value }, [x]) =>
  padded(writer, x, sidesOf(padding), mode, mode === "constant" ? value : 0);

/** The mirrored border, and a convolution of each channel with the filter. */
export const blurPool2d: Exporter<"blurPool2d"> = (writer, { filterSize, strides }, [input]) => {
  const x = asImage(writer, input);
  const [channels] = x.shape;
  const { before, behind } = blurPadding(filterSize);
  const sides = writer.integers([0, 0, before, before, 0, 0, behind, behind]);
  const mirrored = writer.node("Pad", [x.name, sides], { mode: "reflect" }, "mirrored");
  const filter = binomialFilter(filterSize);
  const kernel = filter.flatMap((row) => filter.map((column) => row * column));
  const weights = writer.floats(Array.from({ length: channels }, () => kernel).flat(), [
    channels,
    1,
    filterSize,
    filterSize,
  ]);
  const attributes = { kernel_shape: [filterSize, filterSize], strides: size2d(strides), group: channels };
  return imageValue(writer.node("Conv", [mirrored, weights], attributes), writer.shape);
};

function padded(
  writer: LayerWriter,
  input: ExportedValue,
  { top, bottom, left, right }: Padding2d,
  mode: string,
  value: number,
): ExportedValue {
  const x = asImage(writer, input);
  const sides = writer.integers([0, 0, top, left, 0, 0, bottom, right]);
  const inputs = [x.name, sides, ...(value === 0 ? [] : [writer.scalar(value)])];
  return imageValue(writer.node("Pad", inputs, { mode }), writer.shape);
}

export const cropping2d: Exporter<"cropping2d"> = (writer, { cropping }, [input]) => {
  const x = asImage(writer, input);
  const { top, left } = sidesOf(cropping);
  const [height, width] = writer.shape;
  const bounds = [
    [top, left],
    [top + height, left + width],
    [2, 3],
  ];
  return imageValue(
    writer.node("Slice", [x.name, ...bounds.map((list) => writer.integers(list))]),
    writer.shape,
  );
};

export const upSampling2d: Exporter<"upSampling2d"> = (writer, { size, interpolation }, [input]) => {
  const x = asImage(writer, input);
  const [height, width] = ownShape(x);
  const [vertical, horizontal] = size2d(size);
  const axes = [
    { input: height, output: vertical * height, scale: vertical },
    { input: width, output: horizontal * width, scale: horizontal },
  ];
  return resized(writer, x, axes, { interpolation, coordinates: "halfPixel", rounding: "roundPreferFloor" });
};

export const resize2d: Exporter<"resize2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  return resized(writer, x, resizeAxes(options, ownShape(x), writer.layer), options);
};

interface Sampling {
  readonly interpolation: Interpolation;
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
}

/** Resize, where it does the same; else matrices that take the pixels. */
function resized(
  writer: LayerWriter,
  x: ExportedValue,
  axes: readonly ResizedAxis[],
  sampling: Sampling,
): ExportedValue {
  const taps = (list: readonly ResizedAxis[]) =>
    list.map((axis) => resizingTaps(axis, sampling.interpolation, sampling.coordinates, sampling.rounding));
  const sizes = sizeInputs(writer, x, axes, sampling);
  // A scale in float32 may make another pixel the nearest.
  const single = axes.map((axis) => ({ ...axis, scale: Math.fround(axis.scale) }));
  const [rows, columns] = taps(axes);
  const isSame = sampling.interpolation !== "nearest" || `${taps(single)}` === `${[rows, columns]}`;
  if (sizes === null || !isSame) return sampled(writer, x, rows, columns);
  const { inputs, axes: named } = sizes;
  const name = writer.node("Resize", [x.name, "", ...inputs], {
    mode: sampling.interpolation === "bilinear" ? "linear" : "nearest",
    coordinate_transformation_mode: keyOf(coordinates, sampling.coordinates),
    ...(sampling.interpolation === "nearest" && { nearest_mode: keyOf(roundings, sampling.rounding) }),
    ...(named && { axes: [2, 3] }),
  });
  return imageValue(name, writer.shape);
}

function keyOf<V>(table: Readonly<Record<string, V>>, value: V): string {
  return Object.keys(table).find((key) => table[key] === value) ?? "";
}

/** The inputs `scales` and `sizes`; null where neither says what the layer does. */
function sizeInputs(
  writer: LayerWriter,
  x: ExportedValue,
  axes: readonly ResizedAxis[],
  { coordinates: kind }: Sampling,
): { readonly inputs: readonly string[]; readonly axes: boolean } | null {
  const isWhole = axes.every(
    ({ scale, input, output }) => Number.isInteger(scale) && scale * input === output,
  );
  const bySize = axes.every(
    ({ scale, input, output }) => kind === "alignCorners" || Math.abs((scale * input) / output - 1) < 1e-9,
  );
  if (!isWhole && bySize) {
    const sizes = axes.map(({ output }) => output);
    // Before operator set 18 the batch and the channels must be among them.
    if (writer.opset >= 18) return { inputs: ["", writer.integers(sizes)], axes: true };
    const shape = writer.node("Shape", [x.name], {}, "sizes");
    const bounds = [[0], [2]].map((list) => writer.integers(list));
    const kept = writer.node("Slice", [shape, ...bounds], {}, "sizes");
    const all = writer.node("Concat", [kept, writer.integers(sizes)], { axis: 0 }, "sizes");
    return { inputs: ["", all], axes: false };
  }
  const scales = axes.map(({ scale }) => scale);
  const fits = axes.every(({ scale, input, output }) => Math.floor(Math.fround(scale) * input) === output);
  return fits ? { inputs: [writer.floats([1, 1, ...scales], [4])], axes: false } : null;
}

/**
 * An image whose rows and columns are sums of those of another: two products with fixed matrices, and the image on its side
 * in between.
 */
export function sampled(
  writer: LayerWriter,
  x: ExportedValue,
  rows: readonly Taps[],
  columns: readonly Taps[],
): ExportedValue {
  const [channels, height, width] = x.shape;
  const onSide = (name: string) => writer.node("Transpose", [name], { perm: [0, 1, 3, 2] }, "transpose");
  const wide = writer.node("MatMul", [x.name, matrixOf(writer, columns, width)], {}, "columns");
  const product = writer.node("MatMul", [onSide(wide), matrixOf(writer, rows, height)], {}, "rows");
  return imageValue(onSide(product), [rows.length, columns.length, channels]);
}

/** The matrix [input, output] of what each output takes. */
function matrixOf(writer: LayerWriter, taps: readonly Taps[], input: number): string {
  const shape: Shape = [input, taps.length];
  const values = new Array<number>(sizeOf(shape)).fill(0);
  for (const [output, list] of taps.entries()) {
    for (const [position, weight] of list) values[position * taps.length + output] += weight;
  }
  return writer.floats(values, shape);
}
