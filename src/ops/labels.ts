import { DataError } from "../tensor/index.ts";

/**
 * A label as an index of a class. Engines trust labels (they are checked where data enters); the reference does not.
 *
 * @throws DataError when it is not one of 0 to classes - 1
 */
export function classOf(labels: Float64Array, example: number, classes: number, where: string): number {
  const label = labels[example];
  if (label >= 0 && label < classes) return label;
  throw new DataError(`label ${label} of example ${example} is not one of 0 to ${classes - 1}`, { where });
}
