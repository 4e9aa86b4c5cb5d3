import type { Node } from "../graph/index.ts";
import type { Build } from "../ops/index.ts";
import { broadcastShapes, formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import { axisField } from "./axes.ts";
import { type LayerDefinition, manyInputs, noParameters, twoInputs } from "./definition.ts";

/** `layers.add()`, `subtract()`, `multiply()`, `divide()` and `average()` take no options of their own. */
export type MergeOptions = Record<never, never>;

/** The sum of its inputs, sizes of 1 stretched. Shapes: two or more [...] -> [...]. */
export const addLayer: LayerDefinition<MergeOptions> = elementwise(manyInputs, (build, inputs) =>
  fold("add", build, inputs),
);

/** The product of its inputs, sizes of 1 stretched. Shapes: two or more [...] -> [...]. */
export const multiplyLayer: LayerDefinition<MergeOptions> = elementwise(manyInputs, (build, inputs) =>
  fold("multiply", build, inputs),
);

/** The first input less the second, sizes of 1 stretched. Shapes: two [...] -> [...]. */
export const subtractLayer: LayerDefinition<MergeOptions> = elementwise(twoInputs, (build, inputs) =>
  fold("subtract", build, inputs),
);

/** The first input over the second, sizes of 1 stretched. Shapes: two [...] -> [...]. */
export const divideLayer: LayerDefinition<MergeOptions> = elementwise(twoInputs, (build, inputs) =>
  fold("divide", build, inputs),
);

/** The mean of its inputs, sizes of 1 stretched. Shapes: two or more [...] -> [...]. */
export const averageLayer: LayerDefinition<MergeOptions> = elementwise(manyInputs, (build, inputs) =>
  build("affine", [fold("add", build, inputs)], { factor: 1 / inputs.length, offset: 0 }),
);

/** The inputs combined from the first to the last. */
function fold(kind: "add" | "subtract" | "multiply" | "divide", build: Build, inputs: readonly Node[]): Node {
  return inputs.reduce((result, next) => build(kind, [result, next], {}));
}

function elementwise(
  arity: LayerDefinition<MergeOptions>["arity"],
  combine: (build: Build, inputs: readonly Node[]) => Node,
): LayerDefinition<MergeOptions> {
  return {
    fields: {},
    arity,
    outputShape: (_options, [first = [], ...others], where) =>
      others.reduce((shape, other) => sameRank(shape, other, where), first),
    parameters: noParameters,
    call: (_options, { build }, inputs) => combine(build, inputs),
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
  fields: { axis: axisField(-1) },
  arity: manyInputs,
  outputShape: ({ axis }, inputs, where) => {
    const [first = []] = inputs;
    const position = (axis < 0 ? first.length + axis : axis - 1) | 0;
    const fits = (other: Shape) =>
      other.length === first.length && other.every((size, i) => i === position || size === first[i]);
    if (position < 0 || position >= first.length || !inputs.every(fits)) {
      // Not all of them: a file may have hundreds.
      const other = inputs.find((shape) => !fits(shape)) ?? inputs[1] ?? first;
      throw new ShapeError(
        `cannot concatenate ${formatShape(first)} and ${formatShape(other)} along axis ${axis}`,
        {
          where,
          hint: "All sizes but those of that axis must be equal (axes are counted with the batch as 0).",
        },
      );
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
