import { type Field, field } from "../options/index.ts";
import { formatShape, type Shape, ShapeError } from "../tensor/index.ts";

/** Whether a value names an axis of an example. */
export function isAxis(value: unknown): value is number {
  return Number.isInteger(value) && value !== 0;
}

/** The option `axis` of a layer: counted with the batch as 0, or from the end as -1. */
export function axisField(...fallback: [] | [number]): Field<number> {
  return field("a whole number other than 0 (the batch)", isAxis, ...fallback);
}

/** The option `axes`: one or several. */
export function axesField(): Field<number | readonly number[]> {
  return field(
    "a whole number other than 0 (the batch), or a list of them",
    (value): value is number | readonly number[] =>
      isAxis(value) || (Array.isArray(value) && value.length > 0 && value.every(isAxis)),
  );
}

/**
 * The position of an axis in the shape of an example, which has no batch.
 *
 * @throws ShapeError when there is no such axis
 */
export function exampleAxis(axis: number, example: Shape, where: string): number {
  const position = axis < 0 ? example.length + axis : axis - 1;
  if (position >= 0 && position < example.length) return position;
  throw new ShapeError(`there is no axis ${axis} in ${formatShape(example)} (without the batch)`, {
    where,
    hint: `Axes are counted with the batch as 0: choose one of 1 to ${example.length}, or of -${example.length} to -1.`,
  });
}
