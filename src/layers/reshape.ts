import { field, isWholeNumber } from "../options/index.ts";
import { formatShape, type Shape, ShapeError, sizeOf } from "../tensor/index.ts";
import { type LayerDefinition, noParameters, oneInput } from "./definition.ts";

/** Options of `layers.reshape`. */
export interface ReshapeOptions {
  /** The new shape of an example, without the batch; one size may be -1 and is worked out. */
  readonly targetShape: readonly number[];
}

/** The same values under another shape, row-major. Shapes: [...] -> targetShape. */
export const reshapeLayer: LayerDefinition<ReshapeOptions> = {
  fields: {
    targetShape: field("a list of 1 to 8 positive whole numbers, one of which may be -1", isTargetShape),
  },
  arity: oneInput,
  outputShape: ({ targetShape }, [input = []], where) => resolveTarget(targetShape, input, where),
  parameters: noParameters,
  call: ({ targetShape }, { build }, [x]) => {
    const [batch = 1, ...rest] = x.shape;
    return build("reshape", [x], { shape: [batch, ...resolveTarget(targetShape, rest, "reshape")] });
  },
};

function isTargetShape(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 8) return false;
  const open = value.filter((size) => size === -1).length;
  return open <= 1 && value.every((size) => size === -1 || isWholeNumber(size, 1));
}

function resolveTarget(target: readonly number[], input: Shape, where: string): Shape {
  const size = sizeOf(input);
  const known = target.reduce((product, axis) => (axis === -1 ? product : product * axis), 1);
  const fits = target.includes(-1) ? size % known === 0 : size === known;
  if (!fits) {
    throw new ShapeError(`cannot reshape ${formatShape(input)} (${size} values) to ${formatShape(target)}`, {
      where,
      hint: "The product of all sizes, the batch not counted, must stay the same.",
    });
  }
  return target.map((axis) => (axis === -1 ? size / known : axis));
}
