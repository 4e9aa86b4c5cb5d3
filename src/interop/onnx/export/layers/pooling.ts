import type { Pool2dAttributes } from "../../../../graph/index.ts";
import { size2d } from "../../../../layers/geometry.ts";
import { resolvePool2d } from "../../../../layers/pooling2d.ts";
import { spanOf } from "../../../../ops/geometry.ts";
import { range } from "../../values.ts";
import type { ExportedValue } from "../exported-value.ts";
import { asImage, axisOf, flattened, imageValue, ownShape } from "../values.ts";
import type { Attributes, LayerWriter } from "../writer.ts";
import { positionOf } from "./activations.ts";
import { padsOf } from "./convolution.ts";
import type { Exporter } from "./exporter.ts";
import { sampled } from "./images.ts";

export const maxPool2d: Exporter<"maxPool2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const walk = resolvePool2d(options, ownShape(x), writer.layer);
  return imageValue(writer.node("MaxPool", [x.name], poolAttributes(walk, x)), writer.shape);
};

export const averagePool2d: Exporter<"averagePool2d"> = (writer, options, [input]) => {
  const x = asImage(writer, input);
  const walk = resolvePool2d(options, ownShape(x), writer.layer);
  const { pads } = poolAttributes(walk, x);
  const { padding } = walk;
  const reachesBeyond = pads.some((size, side) => size > padsOf(padding)[side]);
  const counts = options.countPadding && pads.some((size) => size > 0);
  if (!counts || !reachesBeyond) {
    const attributes = { ...poolAttributes(walk, x), count_include_pad: counts ? 1 : 0 };
    return imageValue(writer.node("AveragePool", [x.name], attributes), writer.shape);
  }
  // The padding counts, and what windows see beyond it does not: that takes zeros that are part of the image.
  const sides = writer.integers([0, 0, padding.top, padding.left, 0, 0, padding.bottom, padding.right]);
  const name = writer.node("Pad", [x.name, sides], {}, "pad");
  const [channels, height, width] = x.shape;
  const size = [height + padding.top + padding.bottom, width + padding.left + padding.right];
  const attributes = poolAttributes(
    { ...walk, padding: { top: 0, bottom: 0, left: 0, right: 0 } },
    { shape: [channels, ...size] },
  );
  return imageValue(
    writer.node("AveragePool", [name], { ...attributes, count_include_pad: 0 }),
    writer.shape,
  );
};

/**
 * A window's attributes. Windows that reach beyond the padding (ceil mode) get as much more of it: what counts as the
 * last window in that mode has changed between operator sets and runtimes.
 */
function poolAttributes(
  { poolSize, strides, padding, outputSize }: Pool2dAttributes,
  { shape: [, height, width] }: Pick<ExportedValue, "shape">,
): Attributes & { readonly pads: readonly number[] } {
  const { top, bottom, left, right } = padding;
  const behind = (axis: 0 | 1, size: number, before: number, given: number) =>
    Math.max(given, (outputSize[axis] - 1) * strides[axis] + poolSize[axis] - size - before);
  const pads = [top, left, behind(0, height, top, bottom), behind(1, width, left, right)];
  return { kernel_shape: poolSize, strides, pads };
}

export const globalAveragePool2d: Exporter<"globalAveragePool2d"> = (writer, options, [x]) =>
  globalPool(writer, options, x, "GlobalAveragePool");

export const globalMaxPool2d: Exporter<"globalMaxPool2d"> = (writer, options, [x]) =>
  globalPool(writer, options, x, "GlobalMaxPool");

function globalPool(
  writer: LayerWriter,
  { keepDimensions }: { readonly keepDimensions: boolean },
  input: ExportedValue,
  op: string,
): ExportedValue {
  const x = asImage(writer, input);
  const pooled = imageValue(writer.node(op, [x.name]), [1, 1, x.shape[0]]);
  return keepDimensions ? pooled : flattened(writer, pooled);
}

/**
 * ONNX has no op for it. One window is GlobalAveragePool, windows of equal size are AveragePool, and else rows and columns
 * are multiplied with a matrix each that takes the means.
 */
export const adaptiveAveragePool2d: Exporter<"adaptiveAveragePool2d"> = (writer, options, [input]) => {
  const [height, width] = size2d(options.outputSize);
  const x = asImage(writer, input);
  const [, rows, columns] = x.shape;
  if (rows === height && columns === width) return x;
  if (height === 1 && width === 1) {
    return imageValue(writer.node("GlobalAveragePool", [x.name]), writer.shape);
  }
  if (rows % height === 0 && columns % width === 0) {
    const window = [rows / height, columns / width];
    const name = writer.node("AveragePool", [x.name], { kernel_shape: window, strides: window });
    return imageValue(name, writer.shape);
  }
  return sampled(writer, x, means(rows, height), means(columns, width));
};

/** What each of `output` windows over `input` positions takes of which. */
function means(input: number, output: number) {
  return range(output).map((index) => {
    const { begin, end } = spanOf(index, output, input);
    return range(end - begin).map((offset) => [begin + offset, 1 / (end - begin)] as const);
  });
}

export const reduceMean: Exporter<"reduceMean"> = (writer, { axes, keepDimensions }, [x]) => {
  const reduced = new Set([axes].flat().map((axis) => positionOf(axis, x)));
  const there = [...reduced].map((position) => axisOf(x, position)).sort((a, b) => a - b);
  const keepdims = keepDimensions ? 1 : 0;
  const name =
    writer.opset >= 18
      ? writer.node("ReduceMean", [x.name, writer.integers(there)], { keepdims })
      : writer.node("ReduceMean", [x.name], { axes: there, keepdims });
  const isReduced = (axis: number) => there.includes(axis + 1);
  if (keepDimensions) {
    return {
      name,
      order: x.order,
      shape: x.shape.map((size, axis) => (isReduced(axis) ? 1 : size)),
      mixed: null,
    };
  }
  const kept = range(x.shape.length).filter((axis) => !isReduced(axis));
  return {
    name,
    shape: kept.map((axis) => x.shape[axis]),
    order: x.order.filter((axis) => !isReduced(axis)).map((axis) => kept.indexOf(axis)),
    mixed: null,
  };
};
