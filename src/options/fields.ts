import { OptionError } from "../tensor/index.ts";
import { describeValue } from "./describe.ts";

/** How one option is checked at run time. TypeScript checks the same at compile time; JSON and JavaScript cannot. */
export interface Field<T> {
  /**
   * Returns the value as it is kept.
   *
   * @param where - what the option belongs to: `layers.conv2d`
   * @param name - the option's name
   * @throws OptionError naming both, what was expected and what came
   */
  readonly parse: (value: unknown, where: string, name: string) => T;
  /** The value when the option is not given; without it the option must be given. */
  readonly fallback?: T;
}

/** A field from a predicate; `expected` completes "must be ...". */
export function field<T>(
  expected: string,
  accepts: (value: unknown) => value is T,
  ...fallback: [] | [T]
): Field<T> {
  const parse = (value: unknown, where: string, name: string): T => {
    if (accepts(value)) return value;
    throw new OptionError(`option "${name}" must be ${expected}, got ${describeValue(value)}`, { where });
  };
  return fallback.length === 0 ? { parse } : { parse, fallback: fallback[0] };
}

/** The same field, with `null` allowed, and `null` when not given. */
export function nullable<T>(inner: Field<T>): Field<T | null> {
  return {
    parse: (value, where, name) => (value === null ? null : inner.parse(value, where, name)),
    fallback: null,
  };
}

/** The same field with another value, or with one, when the option is not given. */
export function withFallback<T>(inner: Field<T>, fallback: T): Field<T> {
  return { parse: inner.parse, fallback };
}

/** A number in [minimum, maximum], or in the open interval where a bound is said to be excluded. */
export function numberField(
  limits: {
    readonly minimum?: number;
    readonly above?: number;
    readonly maximum?: number;
    readonly below?: number;
  },
  ...fallback: [] | [number]
): Field<number> {
  const { minimum = -Infinity, above = -Infinity, maximum = Infinity, below = Infinity } = limits;
  const bounds = [
    ...(limits.minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(limits.above === undefined ? [] : [`above ${above}`]),
    ...(limits.maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(limits.below === undefined ? [] : [`below ${below}`]),
  ];
  const accepts = (value: unknown): value is number =>
    typeof value === "number" &&
    Number.isFinite(value) &&
    value >= minimum &&
    value > above &&
    value <= maximum &&
    value < below;
  return field(`a number ${bounds.join(" and ")}`.trim(), accepts, ...fallback);
}

/** The largest whole number that an option takes: sizes beyond it are a slip or an attack, and would not fit anyway. */
export const largestSize = 2 ** 31 - 1;

/** Whether a value is a whole number within limits. */
export function isWholeNumber(value: unknown, minimum: number, maximum = largestSize): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum;
}

/** A whole number of at least `minimum`. */
export function wholeNumberField(minimum: number, ...fallback: [] | [number]): Field<number> {
  const accepts = (value: unknown): value is number => isWholeNumber(value, minimum);
  return field(`a whole number of at least ${minimum}`, accepts, ...fallback);
}

/** true or false. */
export function booleanField(...fallback: [] | [boolean]): Field<boolean> {
  return field("true or false", (value): value is boolean => typeof value === "boolean", ...fallback);
}

/** One of a closed list of names. */
export function nameField<T extends string>(names: readonly T[], ...fallback: [] | [T]): Field<T> {
  const known: readonly string[] = names;
  const accepts = (value: unknown): value is T => typeof value === "string" && known.includes(value);
  return field(`one of ${names.map((name) => `"${name}"`).join(", ")}`, accepts, ...fallback);
}

/** A whole number for both axes, or one for the height and one for the width. */
export type Size2dOption = number | readonly [height: number, width: number];

/** A height and width, each at least `minimum`. */
export function size2dField(minimum: number, ...fallback: [] | [Size2dOption]): Field<Size2dOption> {
  const accepts = (value: unknown): value is Size2dOption =>
    isWholeNumber(value, minimum) ||
    (Array.isArray(value) && value.length === 2 && value.every((size) => isWholeNumber(size, minimum)));
  return field(
    `a whole number of at least ${minimum}, or a pair of them for height and width`,
    accepts,
    ...fallback,
  );
}

/** Sizes of axes, the batch not counted: `[28, 28, 1]`. */
export const shapeField: Field<readonly number[]> = field(
  "a list of 1 to 8 positive whole numbers without the batch, as [28, 28, 1]",
  (value): value is readonly number[] =>
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= 8 &&
    value.every((size) => isWholeNumber(size, 1)),
);
