import { type Shape, sizeOf } from "../../tensor/index.ts";
import { cannotReshape } from "./axes.ts";
import type { LayerBuilder } from "./builder.ts";
import type { NodeReader } from "./node.ts";
import { type Activation, batch, type Element, imageOrder, range } from "./values.ts";

/** Axes of two shapes that hold the same elements: the fewest such that their products agree. */
interface Group {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * A value under another shape. Elements are moved only where ONNX's order of them cannot be had otherwise: axes that are
 * split, or joined with their neighbours in the layer's output too, cost nothing. A flattened [H, W, C] stays as it lies,
 * and the row remembers how; a dense layer behind it gets the rows of its weights in that order.
 *
 * @param shape - as ONNX has it, without the batch; as many elements as before
 */
export function reshapeValue(
  node: NodeReader,
  builder: LayerBuilder,
  value: Activation,
  shape: Shape,
): Activation {
  if (shape.length === 0 || shape.length > 8) {
    throw node.error(
      `makes a value of ${shape.length + 1} axes`,
      "From 2 to 9 are supported, the batch among them.",
    );
  }
  if (value.mixed !== null) {
    const isSameRow = shape.filter((size) => size > 1).length <= 1;
    if (isSameRow && shape.length === 1) return value;
    return reshapeValue(node, builder, builder.unmix(node, value), shape);
  }
  const groups = groupAxes(node, value.shape, shape);
  const torn = groups.some((group) => !isJoined(value, group.before));
  if (torn && shape.length > 1) {
    return reshapeValue(node, builder, builder.arrange(node, value, joinedOrder(value, groups)), shape);
  }
  const order = torn ? [0] : orderOf(value, groups, shape);
  const stored = order.map((axis) => shape[axis]);
  const suffix = stored.length === 1 ? ".flatten" : ".reshape";
  const tensor = builder.reshape(node, value.tensor, stored, node.op === "Flatten" ? "" : suffix);
  return { kind: "activation", tensor, shape, order, mixed: torn ? mixedOf(value) : null };
}

/** Pairs the axes of two shapes of the same size; those of size 1 belong to no group. */
function groupAxes(node: NodeReader, from: Shape, to: Shape): Group[] {
  const left = range(from.length).filter((axis) => from[axis] > 1);
  const right = range(to.length).filter((axis) => to[axis] > 1);
  const groups: Group[] = [];
  while (left.length > 0) {
    const before = left.splice(0, 1);
    const after = right.splice(0, 1);
    for (;;) {
      const difference = sizeOf(before.map((axis) => from[axis])) - sizeOf(after.map((axis) => to[axis]));
      if (difference === 0) break;
      const [source, target] = difference > 0 ? [right, after] : [left, before];
      // Sizes so large that their product is not exact could go on for ever.
      if (source.length === 0)
        throw node.error("makes a shape of another size", "The file is damaged: export it again.");
      target.push(...source.splice(0, 1));
    }
    groups.push({ before, after });
  }
  return groups;
}

/** Whether axes that follow each other in ONNX do so in the layer's output, too. */
function isJoined({ order, shape }: Activation, axes: readonly number[]): boolean {
  const stored = order.filter((axis) => shape[axis] > 1);
  const first = stored.indexOf(axes[0]);
  return axes.every((axis, index) => stored[first + index] === axis);
}

/** The order in which every group is joined, and little else moved: a group lies where its first axis did. */
function joinedOrder({ order, shape }: Activation, groups: readonly Group[]): number[] {
  const single = order.filter((axis) => shape[axis] === 1);
  const gathered = new Set(
    order.flatMap((axis) => groups.find(({ before }) => before.includes(axis))?.before ?? []),
  );
  return [...single, ...gathered];
}

/** Where the new axes come to lie: in the places of those that they are made of, and those of size 1 anywhere. */
function orderOf({ order, shape: from }: Activation, groups: readonly Group[], shape: Shape): number[] {
  const stored = order.filter((axis) => from[axis] > 1);
  const large = stored.flatMap((axis) => groups.find(({ before }) => before[0] === axis)?.after ?? []);
  const fits = (candidate: readonly number[]) => {
    const own = candidate.filter((axis) => shape[axis] > 1);
    return own.every((axis, index) => axis === large[index]);
  };
  if (shape.length === 3 && fits(imageOrder)) return [...imageOrder];
  const identity = range(shape.length);
  if (fits(identity)) return identity;
  return [...identity.filter((axis) => shape[axis] === 1), ...large];
}

/** How a value lies when its layer's output is flattened as it is. */
export function mixedOf({ shape, order }: Pick<Activation, "shape" | "order">): Activation["mixed"] {
  const axes = range(shape.length).filter((axis) => shape[axis] > 1);
  const kept = order.filter((axis) => shape[axis] > 1);
  return { factors: axes.map((axis) => shape[axis]), order: kept.map((axis) => axes.indexOf(axis)) };
}

/**
 * The shape that `Reshape` asks for, without the batch. 0 copies a size of the input (unless allowzero says otherwise),
 * -1 is worked out, and the first must be the batch in one of these manners, or as the number that it was exported with.
 */
export function exampleTarget(node: NodeReader, target: readonly Element[], input: Shape): Shape {
  const copies = node.opset < 14 || !node.flag("allowzero", false);
  const [, ...rest] = target;
  const sizes = rest.map((size, index) => (size === 0 && copies ? (input[index] ?? Number.NaN) : size));
  const numbers = sizes.filter((size) => typeof size === "number");
  const known = numbers.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const shape = numbers.map((size) => (size === -1 ? sizeOf(input) / known : size));
  const isWhole = shape.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!sizes.includes(batch) && isWhole && sizeOf(shape) === sizeOf(input)) return shape;
  throw cannotReshape(node, `[${["batch", ...input].join(", ")}]`, target);
}
