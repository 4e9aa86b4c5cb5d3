import { evaluate } from "../engine/reference/index.ts";
import type { Node } from "../graph/index.ts";

/** h of the central difference, relative to the value: the cube root of float64's epsilon balances its two errors. */
const relativeStep = Number.EPSILON ** (1 / 3);

/**
 * d loss / d value by (loss(v + h) - loss(v - h)) / 2h, one element after the other, in float64.
 *
 * @param loss - a node of one element
 * @param name - name of the input or variable to vary
 * @param feeds - the values of all inputs and variables, this one among them
 */
export function centralDifferences(
  loss: Node,
  name: string,
  feeds: Readonly<Record<string, Float64Array>>,
): Float64Array {
  const at = feeds[name];
  const lossAt = (index: number, value: number) =>
    evaluate([loss], { ...feeds, [name]: at.with(index, value) })[0][0];
  return at.map((value, index) => {
    const step = relativeStep * Math.max(1, Math.abs(value));
    const above = value + step;
    const below = value - step;
    return (lossAt(index, above) - lossAt(index, below)) / (above - below);
  });
}
