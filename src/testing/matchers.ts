import { expect } from "vitest";
import { formatShape, type Shape, sameShape, Tensor } from "../tensor/index.ts";

/** How far two values may be apart: |actual - expected| <= absolute + relative |expected|. */
export interface Closeness {
  readonly absolute?: number;
  readonly relative?: number;
}

type Values = Tensor | ArrayLike<number>;

interface CloseMatchers<Result = unknown> {
  /**
   * Compares numbers one by one (by default to 1e-6), and shapes and dtypes where both sides have them. The message
   * gives the greatest error, its index, and how many elements are off. NaN equals NaN only.
   */
  toBeCloseToTensor(expected: Values, closeness?: Closeness): Result;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: a merged interface must repeat vitest's own type parameter
  interface Matchers<T = any> extends CloseMatchers<T> {}
}

expect.extend({
  toBeCloseToTensor(actual: Values, expected: Values, closeness: Closeness = {}) {
    const problem = structureProblem(actual, expected);
    if (problem !== null) return { pass: false, message: () => problem };
    const { pass, message } = compareValues(actual, expected, closeness);
    return { pass, message: () => message };
  },
});

function numbersOf(values: Values): ArrayLike<number> {
  return values instanceof Tensor ? values.data : values;
}

function structureProblem(actual: Values, expected: Values): string | null {
  if (actual instanceof Tensor && expected instanceof Tensor) {
    if (!sameShape(actual.shape, expected.shape) || actual.dtype !== expected.dtype) {
      return `expected ${expected}, got ${actual}`;
    }
  }
  const [came, wanted] = [numbersOf(actual).length, numbersOf(expected).length];
  return came === wanted ? null : `expected ${wanted} numbers, got ${came}`;
}

function compareValues(actual: Values, expected: Values, closeness: Closeness) {
  const { relative = 0, absolute = relative === 0 ? 1e-6 : 0 } = closeness;
  const came = numbersOf(actual);
  const wanted = numbersOf(expected);
  let greatest = 0;
  let worst = 0;
  let off = 0;
  for (let index = 0; index < wanted.length; index++) {
    const error = distance(came[index], wanted[index]);
    if (error > 0 && !(error <= absolute + relative * Math.abs(wanted[index]))) off++;
    if (error > greatest) [greatest, worst] = [error, index];
  }
  const shape = [expected, actual].find((values) => values instanceof Tensor)?.shape;
  const place = shape === undefined ? `${worst}` : `${worst} = ${formatShape(unravel(worst, shape))}`;
  const allowed = `${absolute} absolute + ${relative} relative`;
  const message = `greatest error ${greatest} at index ${place}: expected ${wanted[worst]}, got ${came[worst]}; ${off} of ${wanted.length} beyond ${allowed}`;
  return { pass: off === 0, message };
}

/** |a - b|, 0 for two NaNs or two equal infinities, infinite when only one is a number. */
function distance(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const error = Math.abs(a - b);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function unravel(index: number, shape: Shape): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const position = rest % size;
      rest = Math.floor(rest / size);
      return position;
    })
    .toReversed();
}
