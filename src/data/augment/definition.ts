import {
  type Field,
  type Fields,
  field,
  isWholeNumber,
  nullable,
  numberField,
  type Resolved,
} from "../../options/index.ts";
import type { RandomStream } from "../../tensor/index.ts";
import type { Draft } from "./draft.ts";

/** Options that every augmentation takes. */
export interface CommonAugmentationOptions {
  /** Share of the images that are changed, in [0, 1]. Default 1; for a flip 0.5. */
  readonly probability?: number;
  /**
   * Names or indices of the classes whose images are changed; default `null`, all. A mirrored 2 is no 2: flips that
   * spare such classes keep labels true.
   */
  readonly classes?: readonly (string | number)[] | null;
}

/** All that the system knows of a kind of augmentation. */
export interface AugmentationDefinition<O extends CommonAugmentationOptions> {
  readonly fields: Fields<O>;
  /** What is wrong with options that are each right, or `null`. */
  readonly problem?: (options: Resolved<O>) => string | null;
  /** Draws what happens to one image, and adds it to the draft. */
  readonly draw: (options: Resolved<O>, random: RandomStream, draft: Draft) => void;
}

const classesField: Field<readonly (string | number)[]> = field(
  "a list of names or indices of classes",
  (value): value is readonly (string | number)[] =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => typeof entry === "string" || isWholeNumber(entry, 0)),
);

/** The checks of {@link CommonAugmentationOptions}. */
export function commonFields(probability = 1): Fields<CommonAugmentationOptions> {
  return {
    probability: numberField({ minimum: 0, maximum: 1 }, probability),
    classes: nullable(classesField),
  };
}

/** Two numbers, the first not above the second. */
export function rangeField(
  limits: { readonly above: number },
  ...fallback: [] | [readonly [number, number]]
): Field<readonly [number, number]> {
  const { above } = limits;
  return field(
    `two numbers above ${above}, the first not above the second`,
    (value): value is readonly [number, number] =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((entry) => typeof entry === "number" && Number.isFinite(entry) && entry > above) &&
      value[0] <= value[1],
    ...fallback,
  );
}

/** A number drawn evenly between two. */
export function between(random: RandomStream, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}
