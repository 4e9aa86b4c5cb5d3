import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { field } from "../options/index.ts";
import { broadcastShapes, formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import { type LayerDefinition, manyInputs, noParameters } from "./definition.ts";

/** `layers.add()` and `layers.multiply()` take no options of their own. */
export type MergeOptions = Record<never, never>;

/** The sum of its inputs, sizes of 1 stretched. Shapes: two or more [...] -> [...]. */
export const addLayer: LayerDefinition<MergeOptions> = elementwise((build, a, b) => build("add", [a, b], {}));

/** The product of its inputs, sizes of 1 stretched. Shapes: two or more [...] -> [...]. */
export const multiplyLayer: LayerDefinition<MergeOptions> = elementwise((build, a, b) =>
  build("multiply", [a, b], {}),
);

function elementwise(combine: (build: Build, a: Node, b: Node) => Node): LayerDefinition<MergeOptions> {
  return {
    fields: {},
    arity: manyInputs,
    outputShape: (_options, [first = [], ...others], where) =>
      others.reduce((shape, other) => sameRank(shape, other, where), first),
    parameters: noParameters,
    call: (_options, { build }, inputs) => inputs.reduce((sum, next) => combine(build, sum, next)),
  };
}

/** Broadcasting that keeps the batch the first axis: both must have as many axes. */
function sameRank(a: Shape, b: Shape, where: string): Shape {
  if (a.length === b.length) return broadcastShapes(a, b, where);
  throw new ShapeError(`inputs must have as many axes, got ${formatShape(a)} and ${formatShape(b)}`, {
    where,
    hint: "Use layers.reshape() or keepDimensions: true of global pooling.",
  });
}

/** Options of `layers.concatenate`. */
export interface ConcatenateOptions {
  /** The axis that grows, counted with the batch as 0, or from the end as -1; default -1: the channels. */
  readonly axis?: number;
}

/** Its inputs one behind the other along an axis. Shapes: [..., A], [..., B] -> [..., A + B]. */
export const concatenateLayer: LayerDefinition<ConcatenateOptions> = {
  fields: {
    axis: field(
      "a whole number other than 0 (the batch)",
      (value): value is number => Number.isInteger(value) && value !== 0,
      -1,
    ),
  },
  arity: manyInputs,
  outputShape: ({ axis }, inputs, where) => {
    const [first = []] = inputs;
    const position = (axis < 0 ? first.length + axis : axis - 1) | 0;
    const fits = (other: Shape) =>
      other.length === first.length && other.every((size, i) => i === position || size === first[i]);
    if (position < 0 || position >= first.length || !inputs.every(fits)) {
      throw new ShapeError(`cannot concatenate ${inputs.map(formatShape).join(" and ")} along axis ${axis}`, {
        where,
        hint: "All sizes but those of that axis must be equal (axes are counted with the batch as 0).",
      });
    }
    const total = inputs.reduce((sum, shape) => sum + (shape[position] ?? 0), 0);
    return first.map((size, i) => (i === position ? total : size));
  },
  parameters: noParameters,
  call: ({ axis }, { build }, inputs) => {
    const rank = inputs[0]?.shape.length ?? 0;
    return build("concatenate", inputs, { axis: axis < 0 ? rank + axis : axis });
  },
};
