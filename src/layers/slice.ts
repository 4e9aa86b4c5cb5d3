import { field, nullable } from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";
import { axisField, exampleAxis } from "./axes.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.slice`. */
export interface SliceOptions {
  /** The axis that is cut, counted with the batch as 0, or from the end as -1; default -1: the channels. */
  readonly axis?: number;
  /** The first index that stays; negative ones count from the end. */
  readonly begin: number;
  /** The first index behind that goes; negative ones count from the end. Default `null`: all from `begin` on. */
  readonly end?: number | null;
}

const indexField = field("a whole number", (value): value is number => Number.isSafeInteger(value));

/** A stretch of an axis, as `Array.slice` takes it. Shapes: [..., D, ...] -> [..., end - begin, ...]. */
export const sliceLayer: LayerDefinition<SliceOptions> = {
  fields: { axis: axisField(-1), begin: indexField, end: nullable(indexField) },
  arity: oneInput,
  outputShape: (options, [input = []], where) => {
    const { position, begin, end } = stretchOf(options, input, where);
    return input.map((size, axis) => (axis === position ? end - begin : size));
  },
  parameters: noParameters,
  call: (options, { build }, [x]) => {
    const { position, begin, end } = stretchOf(options, x.shape.slice(1), "slice");
    return build("slice", [x], {
      begin: x.shape.map((_, axis) => (axis === position + 1 ? begin : 0)),
      size: x.shape.map((size, axis) => (axis === position + 1 ? end - begin : size)),
    });
  },
};

/** The axis of an example and its first index inside and behind the stretch, both counted from the start. */
export function stretchOf(
  options: { readonly axis: number; readonly begin: number; readonly end: number | null },
  input: Shape,
  where: string,
) {
  const position = exampleAxis(options.axis, input, where);
  const size = input[position] ?? 1;
  const fromStart = (index: number) => Math.min(size, Math.max(0, index < 0 ? size + index : index));
  const begin = fromStart(options.begin);
  const end = fromStart(options.end ?? size);
  if (begin >= end) {
    throw new ShapeError(
      `nothing is left of axis ${options.axis} of ${formatShape(input)} from ${options.begin} to ${options.end ?? "the end"}`,
      { where, hint: `Its indices are 0 to ${size - 1}.` },
    );
  }
  return { position, begin, end };
}
