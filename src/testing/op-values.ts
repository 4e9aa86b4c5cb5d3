import type { OpAttributes, OpKind } from "../graph/index.ts";
import { type DType, type Shape, sizeOf, type TensorType } from "../tensor/index.ts";

/** A value written out: its type and its elements in row-major order. */
export interface Value extends TensorType {
  readonly values: readonly number[];
}

/** Numbers in nested arrays, as they are written on paper. */
export type Nested = number | readonly Nested[];

/** A value from nested arrays, whose nesting is its shape; `as` asks for other axes around the same elements. */
export function value(nested: Nested, dtype: DType = "float32", as?: Shape): Value {
  const shape: number[] = [];
  for (let level = nested; typeof level !== "number"; level = level[0]) shape.push(level.length);
  const values = flatten(nested);
  if (values.length !== sizeOf(as ?? shape))
    throw new Error(`${values.length} elements do not fill ${as ?? shape}`);
  return { shape: as ?? shape, dtype, values };
}

function flatten(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flatten);
}

/** One channel of one image, or one tap of one filter, from its rows: [1, H, W, 1]. */
export function image(rows: readonly (readonly number[])[]): Value {
  return value(rows, "float32", [1, rows.length, rows[0].length, 1]);
}

/** A filter [KH, KW, 1, 1] from its rows. */
export function filter(rows: readonly (readonly number[])[]): Value {
  return value(rows, "float32", [rows.length, rows[0].length, 1, 1]);
}

/** An op worked out by hand, or by a formula that is not its reference. */
export interface OpExample<K extends OpKind> {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly attributes: OpAttributes[K];
  readonly output: Value;
}

/** Examples of every kind: a kind without one is a compile error. */
export type OpExamples<Kinds extends OpKind = OpKind> = {
  readonly [K in Kinds]: readonly [OpExample<K>, ...OpExample<K>[]];
};
