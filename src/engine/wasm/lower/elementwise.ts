import type { Node } from "../../../graph/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import { type Axis, axisTable, broadcastStrides, mergeAxes, productOf } from "./axes.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";
import { emitCopy } from "./shape.ts";

/** The codes of kernels/elementwise.ts. */
const operations = { add: 0, subtract: 1, subtractFrom: 2, multiply: 3, divide: 4, divideFrom: 5 } as const;

type BinaryKind = "add" | "subtract" | "multiply" | "divide";

/** A vector shorter than this is repeated first, so that rows are worth their overhead and whole vectors. */
const SHORTEST_PERIOD = 64;

/** What each kind is with its operands exchanged. */
const exchanged = {
  add: operations.add,
  subtract: operations.subtractFrom,
  multiply: operations.multiply,
  divide: operations.divideFrom,
} as const;

interface Operands {
  readonly a: Buffer;
  readonly b: Buffer;
  readonly y: Buffer;
  readonly operation: number;
}

/** Whether each operand is read as often as the result is written, so that the result may take its place. */
function inPlaceOf(whole: readonly Buffer[]): { readonly inPlace?: Buffer } {
  return whole.length === 0 ? {} : { inPlace: whole[0] };
}

/** y[i] = a[i] op b[i mod period], where a is whole. */
function emitPeriodic(context: LoweringContext, operands: Operands, count: number, period: number): void {
  const { a, y } = operands;
  const { b, length } = repeated(context, operands.b, count, period);
  context.emit({
    kernel: "binary",
    arguments: {
      a,
      b,
      y,
      operation: operands.operation,
      count,
      period: length,
      perChunk: ELEMENTS_PER_CHUNK,
    },
    chunks: chunksFor(count),
    reads: [a, b],
    writes: [y],
    inPlace: a,
  });
}

/** A short vector written several times in a row, until it is long and a whole number of vectors of 4. */
function repeated(context: LoweringContext, b: Buffer, count: number, period: number) {
  if (period === 1 || period >= SHORTEST_PERIOD || count < 8 * SHORTEST_PERIOD) return { b, length: period };
  let times = Math.ceil(SHORTEST_PERIOD / period);
  while ((times * period) % 4 !== 0) times++;
  const target = context.temporary(4 * times * period, "repeated vector");
  const axes = [
    { size: times, strides: [0, period] },
    { size: period, strides: [1, 1] },
  ];
  emitCopy(context, { source: b, target }, axes);
  return { b: target, length: times * period };
}

/** Any broadcast: rows of the innermost axis, along which a is contiguous and b contiguous or one number. */
function emitStrided(
  context: LoweringContext,
  { a, b, y, operation }: Operands,
  axes: readonly Axis[],
): void {
  const inner = axes[axes.length - 1];
  const outer = axes.slice(0, -1);
  const rows = productOf(outer);
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / inner.size));
  const table = context.table(axisTable(outer));
  const whole = [a, b].filter((_, operand) => axes.every(({ strides }) => strides[operand] > 0));
  context.emit({
    kernel: "binaryStrided",
    arguments: {
      ...{ a, b, y, operation, rows, rowsPerChunk },
      ...{ axes: table, axisCount: outer.length, columns: inner.size, splat: inner.strides[1] === 0 ? 1 : 0 },
    },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: [a, b, table],
    writes: [y],
    ...inPlaceOf(whole),
  });
}

function lowerBinary(kind: BinaryKind): (node: Node<BinaryKind>, context: LoweringContext) => void {
  return (node, context) => {
    const [first, second] = node.inputs;
    let operands: Operands = {
      ...{ a: context.buffer(first), b: context.buffer(second), y: context.buffer(node) },
      operation: operations[kind],
    };
    const strides = [first, second].map(({ shape }) => broadcastStrides(shape, node.shape));
    let axes = mergeAxes(node.shape, strides);
    // Kernels want a to be the operand that is contiguous in the innermost axis, and whole if one is.
    const missing = [0, 1].map((operand) => axes.filter((axis) => axis.strides[operand] === 0).length);
    const innermost = axes[axes.length - 1].strides;
    if (innermost[0] === 0 || (innermost[1] !== 0 && missing[0] > missing[1])) {
      operands = { ...operands, a: operands.b, b: operands.a, operation: exchanged[kind] };
      axes = axes.map(({ size, strides: [a, b] }) => ({ size, strides: [b, a] }));
    }
    const count = sizeOf(node.shape);
    const pattern = axes.map((axis) => axis.strides.map((stride) => (stride > 0 ? 1 : 0)).join("")).join(" ");
    if (pattern === "11") emitPeriodic(context, operands, count, count);
    else if (pattern === "10") emitPeriodic(context, operands, count, 1);
    else if (pattern === "10 11") emitPeriodic(context, operands, count, axes[1].size);
    else emitStrided(context, operands, axes);
  };
}

export const lowerAdd: Lowering<"add"> = lowerBinary("add");
export const lowerSubtract: Lowering<"subtract"> = lowerBinary("subtract");
export const lowerMultiply: Lowering<"multiply"> = lowerBinary("multiply");
export const lowerDivide: Lowering<"divide"> = lowerBinary("divide");

/** max(0, a + b) of two values of one shape. */
export function lowerRectifiedSum(sum: Node<"add">, target: Node, context: LoweringContext): void {
  const [a, b] = sum.inputs.map(context.buffer);
  const y = context.buffer(target);
  const count = sizeOf(target.shape);
  context.emit({
    kernel: "rectifiedSum",
    arguments: { a, b, y, count, perChunk: ELEMENTS_PER_CHUNK },
    chunks: chunksFor(count),
    reads: [a, b],
    writes: [y],
    inPlace: a,
  });
}
