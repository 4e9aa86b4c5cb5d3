import { evaluate } from "../engine/reference/index.ts";
import type { Node } from "../graph/index.ts";

/** h of the central difference, relative to the value: the cube root of float64's epsilon balances its two errors. */
const relativeStep = Number.EPSILON ** (1 / 3);

/** A number moved a little both ways, and what becomes of the loss. */
export interface Nudge {
  /** How far it is moved: h. */
  readonly step: number;
  /** The loss at v + h. */
  readonly above: number;
  /** The loss at v - h. */
  readonly below: number;
  /** (above - below) / 2h. */
  readonly slope: number;
}

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
  return Float64Array.from(nudges(loss, name, feeds), ({ slope }) => slope);
}

/** The same with the two losses that each difference is made from. */
export function nudges(loss: Node, name: string, feeds: Readonly<Record<string, Float64Array>>): Nudge[] {
  const at = feeds[name];
  const lossAt = (index: number, value: number) =>
    evaluate([loss], { ...feeds, [name]: at.with(index, value) })[0][0];
  return Array.from(at, (value, index) => {
    const step = relativeStep * Math.max(1, Math.abs(value));
    const above = lossAt(index, value + step);
    const below = lossAt(index, value - step);
    // What is added is not quite what was to be added, so that the distance is taken as it is.
    return { step, above, below, slope: (above - below) / (value + step - (value - step)) };
  });
}
