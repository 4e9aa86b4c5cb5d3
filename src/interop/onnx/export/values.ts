import type { Order } from "../../../formats/layouts.ts";
import { type Shape, sameShape, sizeOf } from "../../../tensor/index.ts";
import { mixedOf } from "../reshape.ts";
import { imageOrder, isIdentity, type Mixed, permute, range } from "../values.ts";
import type { ExportedValue } from "./exported-value.ts";
import type { LayerWriter } from "./writer.ts";

/** A value's shape as layers have it. */
export function ownShape({ shape, order }: Pick<ExportedValue, "shape" | "order">): Shape {
  return order.map((axis) => shape[axis]);
}

/** The value's axis in ONNX, counted with the batch. @param position - of the layer's axis, without the batch */
export function axisOf({ order }: ExportedValue, position: number): number {
  return order[position] + 1;
}

/** For each axis of ONNX the axis of the layer's output. */
export function inverse(order: readonly number[]): number[] {
  return range(order.length).map((axis) => order.indexOf(axis));
}

/** The order in which the last axis, the channels, comes first and all others stay. */
export function channelsFirst(rank: number): readonly number[] {
  return range(rank).map((axis) => (axis === rank - 1 ? 0 : axis + 1));
}

/** A new value as the model has it, channels first if it is an image. */
export function imageValue(name: string, own: Shape): ExportedValue {
  return { name, order: imageOrder, shape: [own[2], own[0], own[1]], mixed: null };
}

/** A new value whose axes are those of the model. */
export function plainValue(name: string, own: Shape): ExportedValue {
  return { name, shape: own, order: range(own.length), mixed: null };
}

/** The value with the layer's axes in another order in ONNX: a Transpose, or a Reshape where nothing moves. */
export function arrange(writer: LayerWriter, value: ExportedValue, order: readonly number[]): ExportedValue {
  const plain = unmix(writer, value);
  if (sameShape(plain.order, order)) return plain;
  const key = JSON.stringify([plain.name, plain.shape, plain.order, order]);
  const known = writer.graph.arranged.get(key);
  if (known !== undefined) return known;
  const moved = inverse(order).map((own) => plain.order[own]);
  const shape = moved.map((axis) => plain.shape[axis]);
  const large = moved.filter((axis) => plain.shape[axis] > 1);
  const name = isAscending(large)
    ? reshapeTo(writer, plain.name, shape)
    : writer.node("Transpose", [plain.name], { perm: [0, ...moved.map((axis) => axis + 1)] }, "transpose");
  const result = { name, shape, order, mixed: null };
  writer.graph.arranged.set(key, result);
  return result;
}

/** Whether axes follow each other as they are. */
export function isAscending(axes: readonly number[]): boolean {
  return axes.every((axis, index) => index === 0 || axis > axes[index - 1]);
}

/** An image as ONNX has it. */
export function asImage(writer: LayerWriter, value: ExportedValue): ExportedValue {
  return arrange(writer, value, imageOrder);
}

/** The value with the axes as layers have them. */
export function asPlain(writer: LayerWriter, value: ExportedValue): ExportedValue {
  return arrange(writer, value, range(value.order.length));
}

/** The value with the channels where ONNX has them, behind the batch. */
export function withChannelsFirst(writer: LayerWriter, value: ExportedValue): ExportedValue {
  return value.order.at(-1) === 0 ? value : arrange(writer, value, channelsFirst(value.order.length));
}

/** A flattened image in the order in which the model has it. */
export function unmix(writer: LayerWriter, value: ExportedValue): ExportedValue {
  const { mixed, shape } = value;
  if (mixed === null) return value;
  const image = reshapeTo(writer, value.name, mixed.factors);
  const perm = [0, ...mixed.order.map((axis) => axis + 1)];
  const moved = writer.node("Transpose", [image], { perm }, "transpose");
  return { ...value, name: reshapeTo(writer, moved, shape), mixed: null };
}

/** A Reshape that leaves the batch. */
export function reshapeTo(writer: LayerWriter, name: string, shape: Shape): string {
  return writer.node("Reshape", [name, writer.integers([0, ...shape])], {}, "reshape");
}

/** All values of an example in a row, as they lie in ONNX; the row remembers how. */
export function flattened(writer: LayerWriter, value: ExportedValue): ExportedValue {
  if (value.shape.length === 1) return value;
  const name = writer.node("Flatten", [value.name], { axis: 1 });
  const mixed = mixedOf(value);
  const isPlain = mixed === null || isIdentity(mixed.order);
  return { name, shape: [sizeOf(value.shape)], order: [0], mixed: isPlain ? null : mixed };
}

/** For each position of a row of the model, where it lies in the row of the file; `null` for the same. */
export function rowOrder(mixed: Mixed | null): Order | null {
  if (mixed === null) return null;
  const size = sizeOf(mixed.factors);
  const order = new Int32Array(size);
  permute(range(size), mixed.factors, mixed.order, order);
  return order;
}
