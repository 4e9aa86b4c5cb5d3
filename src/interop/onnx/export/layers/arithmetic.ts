import { toOrder } from "../../../../formats/layouts.ts";
import { sizeOf } from "../../../../tensor/index.ts";
import type { ExportedValue } from "../exported-value.ts";
import { arrange, rowOrder, unmix } from "../values.ts";
import type { LayerWriter } from "../writer.ts";
import { broadcastParameter } from "./activations.ts";
import type { Exporter } from "./exporter.ts";

/** Two or more values, sizes of 1 stretched. */
function merged(
  writer: LayerWriter,
  inputs: readonly ExportedValue[],
  combine: (names: readonly string[]) => string,
): ExportedValue {
  const aligned = alignAll(writer, inputs);
  const [first] = aligned;
  const name = combine(aligned.map((value) => value.name));
  const shape = first.shape.map((_, axis) => Math.max(...aligned.map((value) => value.shape[axis])));
  return { ...first, name, shape };
}

/** In the order of the largest; rows as they lie, if all lie alike. */
function alignAll(writer: LayerWriter, inputs: readonly ExportedValue[]): readonly ExportedValue[] {
  const [first] = inputs;
  const mix = JSON.stringify(first.mixed);
  if (first.mixed !== null && inputs.every(({ mixed }) => JSON.stringify(mixed) === mix)) return inputs;
  const plain = inputs.map((input) => unmix(writer, input));
  const { order } = plain.reduce((a, b) => (sizeOf(b.shape) > sizeOf(a.shape) ? b : a));
  return plain.map((value) => arrange(writer, value, order));
}

const chain = (writer: LayerWriter, op: string) => (names: readonly string[]) =>
  names.reduce((left, right) => writer.node(op, [left, right]));

const total = (writer: LayerWriter) => (names: readonly string[]) =>
  writer.node(names.length === 2 ? "Add" : "Sum", names);

export const add: Exporter<"add"> = (writer, _options, inputs) => merged(writer, inputs, total(writer));

export const subtract: Exporter<"subtract"> = (writer, _options, inputs) =>
  merged(writer, inputs, chain(writer, "Sub"));

export const multiply: Exporter<"multiply"> = (writer, _options, inputs) =>
  merged(writer, inputs, chain(writer, "Mul"));

export const divide: Exporter<"divide"> = (writer, _options, inputs) =>
  merged(writer, inputs, chain(writer, "Div"));

export const average: Exporter<"average"> = (writer, _options, inputs) => {
  const sum = merged(writer, inputs, total(writer));
  return { ...sum, name: writer.node("Mul", [sum.name, writer.scalar(1 / inputs.length)], {}, "share") };
};

const operations = { add: "Add", subtract: "Sub", multiply: "Mul", divide: "Div" } as const;

export const arithmetic: Exporter<"arithmetic"> = (writer, { operation, reversed }, [x]) => {
  const weight = broadcastParameter(writer, "weight", x);
  const name = writer.node(operations[operation], reversed ? [weight, x.name] : [x.name, weight]);
  const own = writer.shape;
  return { ...x, name, shape: x.shape.map((_, axis) => own[x.order.indexOf(axis)]) };
};

export const rescaling: Exporter<"rescaling"> = (writer, { scale, offset }, [x]) =>
  affine(writer, x, scale, offset);

/** scale x + offset with fixed numbers, of all or of each channel; what changes nothing is left out. */
export function affine(
  writer: LayerWriter,
  x: ExportedValue,
  scale: number | readonly number[],
  offset: number | readonly number[],
): ExportedValue {
  const scaled = scale === 1 ? x.name : writer.node("Mul", [x.name, perChannel(writer, x, scale)]);
  const name = offset === 0 ? scaled : writer.node("Add", [scaled, perChannel(writer, x, offset)]);
  return { ...x, name };
}

function perChannel(writer: LayerWriter, x: ExportedValue, values: number | readonly number[]): string {
  if (typeof values === "number") return writer.scalar(values);
  const order = rowOrder(x.mixed);
  const moved = order === null ? values : [...toOrder(Float32Array.from(values), order)];
  return writer.floats(moved, channelShape(x));
}

/** The shape of one number a channel that broadcasts to a value. */
function channelShape(x: ExportedValue): number[] {
  const channels = x.order.length - 1;
  return x.shape.map((size, axis) => (axis === x.order[channels] ? size : 1));
}

export const scale: Exporter<"scale"> = (writer, _options, [x]) => {
  const [weight, bias] = ["weight", "bias"].map((name) =>
    writer.shapeOf(name) === undefined ? null : broadcastParameter(writer, name, x),
  );
  const scaled = weight === null ? x.name : writer.node("Mul", [x.name, weight]);
  return { ...x, name: bias === null ? scaled : writer.node("Add", [scaled, bias]) };
};
