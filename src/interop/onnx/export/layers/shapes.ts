import { stretchOf } from "../../../../layers/slice.ts";
import { sameShape } from "../../../../tensor/index.ts";
import type { ExportedValue } from "../exported-value.ts";
import {
  arrange,
  asPlain,
  axisOf,
  channelsFirst,
  flattened,
  imageValue,
  isAscending,
  ownShape,
  plainValue,
  reshapeTo,
  unmix,
} from "../values.ts";
import type { LayerWriter } from "../writer.ts";
import { positionOf } from "./activations.ts";
import type { Exporter } from "./exporter.ts";

export const flatten: Exporter<"flatten"> = (writer, _options, [x]) => flattened(writer, x);

export const reshape: Exporter<"reshape"> = (writer, _options, [x]) => {
  if (sameShape(ownShape(x), writer.shape)) return x;
  return writer.shape.length === 1 ? flattened(writer, x) : reshaped(writer, x, writer.shape);
};

/** The value under another shape of the model's, row by row as it lies there. */
function reshaped(writer: LayerWriter, x: ExportedValue, own: readonly number[]): ExportedValue {
  const { mixed } = x;
  if (
    mixed !== null &&
    sameShape(
      mixed.order.map((axis) => mixed.factors[axis]),
      own,
    )
  ) {
    // A flattened image becomes one again.
    return {
      name: reshapeTo(writer, x.name, mixed.factors),
      shape: mixed.factors,
      order: mixed.order,
      mixed: null,
    };
  }
  const { name } = asPlain(writer, x);
  const order = channelsFirst(own.length);
  const isView = isAscending(order.filter((_, position) => own[position] > 1));
  // Pixels in a row, or channels of one pixel: an image that needs no Transpose.
  if (own.length === 3 && isView) {
    const image = imageValue("", own);
    return { ...image, name: reshapeTo(writer, name, image.shape) };
  }
  return plainValue(reshapeTo(writer, name, own), own);
}

/** No node: what comes behind sees the axes under their new numbers. */
export const permute: Exporter<"permute"> = (_writer, { dims }, [x]) => ({
  ...x,
  order: dims.map((axis) => x.order[axis - 1]),
});

export const slice: Exporter<"slice"> = (writer, options, [input]) => {
  const x = unmix(writer, input);
  const { position, begin, end } = stretchOf(options, ownShape(x), writer.layer);
  const axis = axisOf(x, position);
  const bounds = [begin, end, axis].map((bound) => writer.integers([bound]));
  const name = writer.node("Slice", [x.name, ...bounds]);
  return { ...x, name, shape: x.shape.with(axis - 1, end - begin) };
};

export const concatenate: Exporter<"concatenate"> = (writer, { axis }, inputs) => {
  const [first, ...others] = inputs.map((input) => unmix(writer, input));
  const parts = [first, ...others.map((other) => arrange(writer, other, first.order))];
  const there = axisOf(first, positionOf(axis, first));
  const name = writer.node(
    "Concat",
    parts.map((part) => part.name),
    { axis: there },
  );
  const total = parts.reduce((sum, { shape }) => sum + shape[there - 1], 0);
  return { ...first, name, shape: first.shape.with(there - 1, total) };
};

export const dropout: Exporter<"dropout"> = (writer, { rate }, [x]) => ({
  ...x,
  // Inference passes it over; who trains on finds it.
  name: writer.node("Dropout", [x.name, writer.scalar(rate)]),
});
