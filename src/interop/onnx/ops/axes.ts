import { layers } from "../../../layers/index.ts";
import { formatShape, sizeOf } from "../../../tensor/index.ts";
import { axisOf, cutsOf, exampleAxis } from "../axes.ts";
import type { NodeReader } from "../node.ts";
import { exampleTarget, reshapeValue } from "../reshape.ts";
import { type Activation, range } from "../values.ts";
import type { RuleContext } from "./rule.ts";

/** A size for the batch, where bounds are held against it: beyond any that is counted. */
const unknownBatch = 2 ** 31;

/** Reshape: sizes as an input. */
export function reshape(node: NodeReader, { builder }: RuleContext): Activation {
  const x = node.activation(0);
  const target = Array.from(node.constant(1, "shape").data);
  return reshapeValue(node, builder, x, exampleTarget(node, target, x.shape));
}

/** Flatten: all axes from the named one on become one; those before are the batch alone. */
export function flatten(node: NodeReader, { builder }: RuleContext): Activation {
  const x = node.activation(0);
  const rank = x.shape.length + 1;
  const named = node.int("axis", 1);
  const axis = named === rank ? rank : axisOf(node, named, rank);
  if (axis === 0 || sizeOf(x.shape.slice(0, axis - 1)) !== 1) {
    throw node.error(
      `joins the batch with other axes (axis = ${named})`,
      "No layer mixes the examples of a batch.",
    );
  }
  return reshapeValue(node, builder, x, [sizeOf(x.shape)]);
}

/** Squeeze: axes as an attribute before operator set 13, an input since; without them all of size 1 go. */
export function squeeze(node: NodeReader, { builder }: RuleContext): Activation {
  const x = node.activation(0);
  const axes = node.numbersOf("axes", 1, 13)?.map((axis) => exampleAxis(node, axis, x.shape));
  const shape = x.shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw node.error(
      `drops axes of ${formatShape(x.shape)} that are not 1`,
      "The file is damaged: export it again.",
    );
  }
  return reshapeValue(node, builder, x, shape);
}

/** Unsqueeze: axes as an attribute before operator set 13, an input since. */
export function unsqueeze(node: NodeReader, { builder }: RuleContext): Activation {
  const x = node.activation(0);
  const axes = node.numbersOf("axes", 1, 13) ?? [];
  const rank = x.shape.length + 1 + axes.length;
  const fresh = new Set(axes.map((axis) => axisOf(node, axis, rank)));
  if (fresh.has(0)) throw node.error("puts an axis before the batch", "The batch must stay the first axis.");
  let next = 0;
  const shape = range(rank - 1).map((axis) => (fresh.has(axis + 1) ? 1 : x.shape[next++]));
  return reshapeValue(node, builder, x, shape);
}

/** Transpose costs nothing by itself: the layers behind see the axes under their new numbers. */
export function transpose(node: NodeReader, { builder }: RuleContext): Activation {
  const x = builder.unmix(node, node.activation(0));
  const rank = x.shape.length + 1;
  const permutation = node.ints("perm", range(rank).reverse());
  if (
    permutation.length !== rank ||
    new Set(permutation).size !== rank ||
    permutation.some((axis) => axis >= rank)
  ) {
    throw node.error(
      `has perm [${permutation.join(", ")}] for ${rank} axes`,
      "The file is damaged: export it again.",
    );
  }
  if (permutation[0] !== 0) throw node.error("moves the batch", "The batch must stay the first axis.");
  const axes = permutation.slice(1).map((axis) => axis - 1);
  return { ...x, shape: axes.map((axis) => x.shape[axis]), order: x.order.map((axis) => axes.indexOf(axis)) };
}

/** Concat along any axis but the batch. */
export function concatenate(node: NodeReader, { builder }: RuleContext): Activation {
  const values = node.inputs.map((_, index) => builder.unmix(node, node.activation(index)));
  const [first] = values;
  const axis = exampleAxis(node, node.int("axis", 1), first.shape);
  if (values.length === 1) return first;
  const { order } = first;
  const aligned = values.map((value) => {
    if (value.shape.length === first.shape.length) return builder.arrange(node, value, order);
    const shapes = values.map(({ shape }) => formatShape(shape)).join(" and ");
    throw node.error(`joins values ${shapes} (without the batch)`, "They must have as many axes.");
  });
  const tensor = builder.place(
    node,
    aligned.map((value) => value.tensor),
    (name) => layers.concatenate({ name, axis: order.indexOf(axis) + 1 }),
  );
  const total = values.reduce((sum, { shape }) => sum + shape[axis], 0);
  return { ...first, tensor, shape: first.shape.map((size, i) => (i === axis ? total : size)) };
}

/** A stretch of an axis. */
function cut(
  node: NodeReader,
  { builder }: RuleContext,
  x: Activation,
  axis: number,
  begin: number,
  count: number,
): Activation {
  if (count === x.shape[axis]) return x;
  if (count < 1)
    throw node.error(`leaves nothing of axis ${axis + 1}`, "Give inputShape: images are too small.");
  const position = x.order.indexOf(axis) + 1;
  const tensor = builder.place(node, [x.tensor], (name) =>
    layers.slice({ name, axis: position, begin, end: begin + count }),
  );
  return { ...x, tensor, shape: x.shape.map((size, i) => (i === axis ? count : size)) };
}

/** Slice without gaps: attributes before operator set 10, inputs since. */
export function slice(node: NodeReader, context: RuleContext): Activation {
  const x = context.builder.unmix(node, node.activation(0));
  const sizeOfAxis = (axis: number) => (axis === 0 ? unknownBatch : x.shape[axis - 1]);
  return cutsOf(node, sizeOfAxis, x.shape.length + 1).reduce((value, { axis, begin, step, count }) => {
    // Bounds of the batch must leave all of it: from 0 to the greatest number of some type.
    const isWhole = axis === 0 && step === 1 && begin === 0 && count >= unknownBatch - 1;
    if (isWhole) return value;
    if (axis === 0) throw node.error("takes some examples of the batch", "No layer changes the batch.");
    if (step !== 1)
      throw node.error(`takes every ${step}th of axis ${axis}`, "Steps other than 1 are not supported.");
    return cut(node, context, value, axis - 1, begin, count);
  }, x);
}

/** Split: sizes as an attribute before operator set 13, an input since; else even parts. */
export function split(node: NodeReader, context: RuleContext): readonly Activation[] {
  const x = context.builder.unmix(node, node.activation(0));
  const axis = exampleAxis(node, node.int("axis", 0), x.shape);
  const parts = node.int("num_outputs", node.proto.output.length);
  const even = Math.ceil(x.shape[axis] / parts);
  const sizes =
    node.numbersOf("split", 1, 13) ?? range(parts).map((part) => Math.min(even, x.shape[axis] - part * even));
  if (sizes.length > 1000 || sizes.reduce((sum, size) => sum + size, 0) !== x.shape[axis]) {
    throw node.error(
      `splits ${x.shape[axis]} into parts of [${sizes.slice(0, 20).join(", ")}]`,
      "The file is damaged.",
    );
  }
  let begin = 0;
  return sizes.map((size) => {
    const part = cut(node, context, x, axis, begin, size);
    begin += size;
    return part;
  });
}

/** Gather with fixed indices: stretches of an axis, joined where there are several. */
export function gather(node: NodeReader, context: RuleContext): Activation {
  const { builder } = context;
  const x = builder.unmix(node, node.activation(0));
  const indices = node.constant(1, "indices");
  const axis = exampleAxis(node, node.int("axis", 0), x.shape);
  const positions = (node.numbers(1, "indices") ?? []).map((index) => axisOf(node, index, x.shape[axis]));
  const stretches = stretchesOf(positions);
  if (indices.shape.length > 1 || stretches.length > 64 || stretches.length === 0) {
    throw node.error(
      `picks by indices ${formatShape(indices.shape)}`,
      "Up to 64 stretches of one axis are supported.",
    );
  }
  const parts = stretches.map(([begin, count]) => cut(node, context, x, axis, begin, count));
  const [first] = parts;
  const joined =
    parts.length === 1
      ? first.tensor
      : builder.place(
          node,
          parts.map(({ tensor }) => tensor),
          (name) => layers.concatenate({ name, axis: x.order.indexOf(axis) + 1 }),
        );
  const picked: Activation = {
    ...x,
    tensor: joined,
    shape: x.shape.map((size, i) => (i === axis ? positions.length : size)),
  };
  if (indices.shape.length === 1) return picked;
  return reshapeValue(
    node,
    builder,
    picked,
    x.shape.filter((_, i) => i !== axis),
  );
}

/** Indices that follow each other, as pairs of the first and how many there are. */
function stretchesOf(positions: readonly number[]): [begin: number, count: number][] {
  const stretches: [number, number][] = [];
  for (const position of positions) {
    const last = stretches.at(-1);
    if (last !== undefined && last[0] + last[1] === position) last[1]++;
    else stretches.push([position, 1]);
  }
  return stretches;
}
