import { type Layer, layers } from "../../../layers/index.ts";
import { formatShape, type Shape, sizeOf, Tensor } from "../../../tensor/index.ts";
import { parameterOf, rowOf } from "../builder.ts";
import type { NodeReader } from "../node.ts";
import { type Activation, type Constant, numbersOf } from "../values.ts";
import { followingBias } from "./bias.ts";
import type { Rule, RuleContext } from "./rule.ts";

type Operation = "add" | "subtract" | "multiply" | "divide";

const merges = {
  add: (name: string) => layers.add({ name }),
  subtract: (name: string) => layers.subtract({ name }),
  multiply: (name: string) => layers.multiply({ name }),
  divide: (name: string) => layers.divide({ name }),
} as const;

/** Add, Sub, Mul, Div: two values, or a value and a constant on either side. */
export function arithmetic(operation: Operation): Rule {
  return (node, context) => {
    const [a, b] = node.inputs;
    if (a?.kind === "constant") return withConstant(node, context, operation, node.activation(1), a, true);
    if (b?.kind === "constant") return withConstant(node, context, operation, node.activation(0), b, false);
    return merge(node, context, [node.activation(0), node.activation(1)], merges[operation]);
  };
}

/** Sum: any number of values and constants. */
export function sum(node: NodeReader, context: RuleContext): Activation {
  const values = node.inputs.filter((input) => input?.kind === "activation");
  const constants = node.inputs.filter((input) => input?.kind === "constant");
  const total = values.length === 1 ? values[0] : merge(node, context, values, merges.add);
  return constants.reduce(
    (value, constant) => withConstant(node, context, "add", value, constant, false),
    total,
  );
}

function merge(
  node: NodeReader,
  { builder }: RuleContext,
  values: readonly Activation[],
  make: (name: string) => Layer,
): Activation {
  const [first] = values;
  const ranks = new Set(values.map(({ shape }) => shape.length));
  if (ranks.size > 1) {
    const shapes = values.map(({ shape }) => formatShape(shape)).join(" and ");
    throw node.error(
      `combines values ${shapes} (without the batch)`,
      "They must have as many axes: Unsqueeze one before.",
    );
  }
  const sameMix = values.every(({ mixed }) => JSON.stringify(mixed) === JSON.stringify(first.mixed));
  const plain = sameMix ? values : values.map((value) => builder.unmix(node, value));
  // The order of the largest: what is broadcast is cheaper to rearrange.
  const { order, mixed } = plain.reduce((a, b) => (sizeOf(b.shape) > sizeOf(a.shape) ? b : a));
  const aligned =
    sameMix && mixed !== null ? plain : plain.map((value) => builder.arrange(node, value, order));
  const tensor = builder.place(
    node,
    aligned.map((value) => value.tensor),
    make,
  );
  const shape = first.shape.map((_, axis) => tensor.shape[order.indexOf(axis)]);
  return { kind: "activation", tensor, shape, order, mixed: sameMix ? mixed : null };
}

/**
 * A value and a constant. One number is a fixed scale or offset; one for each channel is trained, except on the model's
 * input, where it is the mean or deviation of images; any other shape is a trained parameter of that shape.
 */
function withConstant(
  node: NodeReader,
  context: RuleContext,
  operation: Operation,
  given: Activation,
  constant: Constant,
  constantFirst: boolean,
): Activation {
  const numbers = numbersOf(constant);
  if (numbers === null)
    throw node.error("computes with the size of the batch", "No layer changes the batch.");
  const shape = alignedShape(node, given, constant);
  const reversed = constantFirst && (operation === "subtract" || operation === "divide");
  const long = shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
  const [single] = numbers;
  // A value that is stretched needs the layer that does so.
  const stretches = long.some((axis) => given.shape[axis] === 1);
  if (long.length === 0 && !(reversed && operation === "divide")) {
    const { scale, offset } = affine(operation, single, reversed);
    return place(node, context, given, (name) => layers.rescaling({ name, scale, offset }));
  }
  if (long.length === 1 && !reversed && !stretches)
    return perChannel(node, context, operation, given, constant, long[0]);
  const x = context.builder.unmix(node, given);
  const stored = x.order.map((axis) => shape[axis]);
  const result = place(
    node,
    context,
    x,
    (name) => layers.arithmetic({ name, operation, shape: stored, reversed }),
    { weight: parameterOf({ ...constant, shape }, x.order, stored) },
    constant,
  );
  return { ...result, shape: x.shape.map((size, axis) => Math.max(size, shape[axis])) };
}

/** x with a number as scale x + offset. */
function affine(operation: Operation, value: number, reversed: boolean): { scale: number; offset: number } {
  if (operation === "add") return { scale: 1, offset: value };
  if (operation === "subtract") return reversed ? { scale: -1, offset: value } : { scale: 1, offset: -value };
  return { scale: operation === "multiply" ? value : 1 / value, offset: 0 };
}

function perChannel(
  node: NodeReader,
  context: RuleContext,
  operation: Operation,
  given: Activation,
  constant: Constant,
  axis: number,
): Activation {
  const isRow = given.mixed !== null;
  const x = isRow ? given : context.builder.withLast(node, given, axis);
  const row = Float32Array.from(rowOf(constant, x).data, (value) => {
    if (operation === "subtract") return -value;
    return operation === "divide" ? 1 / value : value;
  });
  const factor = operation === "multiply" || operation === "divide";
  if (isNormalization(x)) {
    const options = factor ? { scale: [...row] } : { scale: 1, offset: [...row] };
    return place(node, context, x, (name) => layers.rescaling({ name, ...options }));
  }
  const parameter = new Tensor("float32", [row.length], row);
  // A factor and then an offset, as Caffe's normalization ends, are one layer.
  const offset = factor ? followingBias(node, context, row.length, x.shape.length - 1 - axis) : undefined;
  const weights = {
    ...(factor && { weight: parameter }),
    ...(!factor && { bias: parameter }),
    ...(offset !== undefined && { bias: rowOf(offset, x) }),
  };
  const center = "bias" in weights;
  return place(node, context, x, (name) => layers.scale({ name, scale: factor, center }), weights, constant);
}

/** Whether nothing was learnt yet where a value comes from: it is the model's input, at most rescaled. */
function isNormalization({ tensor }: Activation): boolean {
  let source = tensor;
  while (source.layer.kind === "rescaling") source = source.inputs[0];
  return source.layer.kind === "input";
}

function place(
  node: NodeReader,
  { builder }: RuleContext,
  x: Activation,
  make: (name: string) => Layer,
  weights?: Readonly<Record<string, Tensor>>,
  named?: Constant,
): Activation {
  const placement = weights === undefined || named === undefined ? {} : { weights, named };
  return { ...x, tensor: builder.place(node, [x.tensor], make, placement) };
}

/** The constant's shape with as many axes as an example; where their sizes differ, one of them is 1. */
function alignedShape(node: NodeReader, value: Activation, { shape }: Constant): Shape {
  const rank = value.shape.length;
  // What is before the axes of an example stands for the batch and beyond, and must be 1.
  const own = shape.slice(Math.max(0, shape.length - rank));
  const before = shape.slice(0, Math.max(0, shape.length - rank));
  const aligned = [...new Array<number>(rank - own.length).fill(1), ...own];
  const fits = aligned.every(
    (size, axis) => size === 1 || value.shape[axis] === 1 || size === value.shape[axis],
  );
  if (fits && before.length <= 1 && before.every((size) => size === 1)) return aligned;
  throw node.error(
    `combines a value [${["batch", ...value.shape].join(", ")}] with a constant ${formatShape(shape)}`,
    "The constant must be one number, or have the value's sizes or 1, the batch left out.",
  );
}
