import { type DType, formatShape, type Shape, ShapeError, type TensorType } from "../tensor/index.ts";

/** What the checks need of a {@link ShapeContext}: the operands and the place that errors name. */
export interface CheckContext {
  readonly inputs: readonly TensorType[];
  readonly where: string;
}

/**
 * One axis of a pattern: an exact size, or a symbol that is bound to the size it first meets and must meet the same
 * one from then on. The symbol "..." comes first only and stands for any number of axes.
 */
export type AxisPattern = number | string;

/** What an operand must be. */
export interface OperandPattern {
  readonly name: string;
  readonly axes: readonly AxisPattern[];
  /** `float32` when not given. */
  readonly dtype?: DType;
  /** How to mend a mismatch. */
  readonly hint?: string;
}

/** Any number of axes of any size. */
export const anyShape: readonly AxisPattern[] = ["..."];

/** @throws ShapeError unless there is one input for each name */
export function checkCount({ inputs, where }: CheckContext, names: readonly string[]): void {
  if (inputs.length === names.length) return;
  const noun = names.length === 1 ? "input" : "inputs";
  const expected =
    names.length === 0 ? "takes no inputs" : `takes ${names.length} ${noun} (${names.join(", ")})`;
  throw new ShapeError(`${expected}, got ${inputs.length}`, { where });
}

/**
 * Checks number, element types and shapes of all operands. Symbols hold from operand to operand: `[M, K]` and `[K, N]`
 * must agree in K.
 *
 * @throws ShapeError that names the operand, the pattern with the sizes bound so far, and what came
 */
export function checkOperands(context: CheckContext, patterns: readonly OperandPattern[]): void {
  checkCount(
    context,
    patterns.map(({ name }) => name),
  );
  const bound = new Map<string, number>();
  patterns.forEach((pattern, index) => {
    checkOperand(context, index, pattern, bound);
  });
}

/** Checks one operand; `bound` carries the symbols of those before it. */
export function checkOperand(
  { inputs, where }: CheckContext,
  index: number,
  { name, axes, dtype = "float32", hint }: OperandPattern,
  bound: Map<string, number> = new Map(),
): void {
  const input = inputs[index];
  const expected = formatPattern(axes, bound);
  if (input.dtype === dtype && matches(input.shape, axes, bound)) return;
  throw new ShapeError(`${name} must be ${dtype}${expected}, got ${input.dtype}${formatShape(input.shape)}`, {
    where,
    ...(hint === undefined ? {} : { hint }),
  });
}

function matches(shape: Shape, axes: readonly AxisPattern[], bound: Map<string, number>): boolean {
  const open = axes[0] === "...";
  const sizes = open ? axes.slice(1) : axes;
  if (open ? shape.length < sizes.length : shape.length !== sizes.length) return false;
  const aligned = shape.slice(shape.length - sizes.length);
  return sizes.every((axis, position) => {
    const size = aligned[position];
    if (typeof axis === "number") return axis === size;
    const before = bound.get(axis);
    if (before === undefined) bound.set(axis, size);
    return before === undefined || before === size;
  });
}

function formatPattern(axes: readonly AxisPattern[], bound: ReadonlyMap<string, number>): string {
  const parts = axes.map((axis) => {
    const size = typeof axis === "string" ? bound.get(axis) : undefined;
    return size === undefined ? `${axis}` : `${axis} = ${size}`;
  });
  return `[${parts.join(", ")}]`;
}

/**
 * Type of an elementwise result: all operands float32 and of the shape of the first.
 *
 * @throws ShapeError when number, element type or shape differ
 */
export function sameShapeType(context: CheckContext, names: readonly string[]): TensorType {
  checkCount(context, names);
  names.forEach((name, index) => {
    checkOperand(context, index, { name, axes: index === 0 ? anyShape : context.inputs[0].shape });
  });
  return { shape: context.inputs[0].shape, dtype: "float32" };
}

/** @throws ShapeError unless all of `values` are whole numbers of at least `minimum` */
export function checkWholeNumbers(
  where: string,
  name: string,
  values: readonly number[],
  minimum: number,
): void {
  if (values.every((value) => Number.isSafeInteger(value) && value >= minimum)) return;
  const plural = values.length === 1 ? "a whole number" : "whole numbers";
  const came = values.length === 1 ? `${values[0]}` : formatShape(values);
  throw new ShapeError(`${name} must be ${plural} of at least ${minimum}, got ${came}`, { where });
}

/** @throws ShapeError unless `holds`; for conditions on attributes that no pattern expresses */
export function check(holds: boolean, where: string, what: () => string, hint?: string): asserts holds {
  if (!holds) throw new ShapeError(what(), { where, ...(hint === undefined ? {} : { hint }) });
}
