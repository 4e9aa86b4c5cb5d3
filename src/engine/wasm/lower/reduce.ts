import type { Node } from "../../../graph/index.ts";
import type { Shape } from "../../../tensor/index.ts";
import { sizeOf } from "../../../tensor/index.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";
import { emitCopy } from "./shape.ts";

/** Most terms that are added one after another; longer sums are sums of sums. */
const LONGEST_SUM = 512;

/** Columns that a chunk takes of a wide block. */
const COLUMNS_PER_CHUNK = 256;

/** Fewer columns than this leave vectors idle: several rows are then taken as one. */
const FEWEST_COLUMNS = 16;

/** Neighbouring axes that are all summed over, or all kept. */
interface Group {
  readonly size: number;
  readonly reduced: boolean;
}

/** The axes in groups; those of size 1 are neither kept nor summed over. */
function groupsOf(shape: Shape, axes: readonly number[]): Group[] {
  const groups: Group[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const reduced = axes.includes(axis);
    const last = groups.at(-1);
    if (last?.reduced === reduced) groups[groups.length - 1] = { reduced, size: last.size * size };
    else groups.push({ reduced, size });
  });
  return groups;
}

/** A sum over the middle of [outer, reduced, inner]. */
interface Sum {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** As many blocks of equal size, a multiple of `unit`, as keep each within `longest`. */
function blockOf(length: number, longest: number, unit: number): number {
  const blocks = Math.ceil(length / longest);
  return Math.min(length, Math.ceil(length / blocks / unit) * unit);
}

/** y[o] = sum over i of x[o, i]: long rows as several that are multiples of 8 where they divide, then a second sum. */
function emitRows(context: LoweringContext, source: Buffer, target: Buffer, { outer, reduced }: Sum): void {
  // 8 lanes add side by side, so that a row of this length is a sum of LONGEST_SUM terms.
  const longest = 8 * LONGEST_SUM;
  const columns = reduced > 2 * longest ? greatestDivisor(reduced, longest) : reduced;
  if (columns < reduced && columns < FEWEST_COLUMNS) {
    // No even split: as columns of a matrix of one column, whose blocks may be uneven.
    emitColumns(context, source, target, { outer, reduced, inner: 1 });
    return;
  }
  const rows = (outer * reduced) / columns;
  const partial = columns < reduced ? context.temporary(4 * rows, "partial sums") : target;
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / columns));
  context.emit({
    kernel: "reduceRows",
    arguments: { x: source, y: partial, rows, columns, rowsPerChunk },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: [source],
    writes: [partial],
  });
  if (partial !== target) emitSum(context, partial, target, { outer, reduced: reduced / columns, inner: 1 });
}

function greatestDivisor(value: number, atMost: number): number {
  for (let divisor = atMost; divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}

/** y[o, c] = sum over r of x[o, r, c], in blocks of rows whose partial sums are summed again. */
function emitColumns(context: LoweringContext, source: Buffer, target: Buffer, sum: Sum): void {
  const { outer, reduced, inner } = sum;
  const longest = Math.min(LONGEST_SUM, Math.max(32, Math.ceil(ELEMENTS_PER_CHUNK / inner)));
  const blockRows = reduced > 2 * longest ? blockOf(reduced, longest, 1) : reduced;
  const blocks = Math.ceil(reduced / blockRows);
  const partial = blocks > 1 ? context.temporary(4 * outer * blocks * inner, "partial sums") : target;
  context.emit({
    kernel: "reduceColumns",
    arguments: {
      ...{ x: source, y: partial, rows: reduced, columns: inner, blockRows },
      columnsPerChunk: COLUMNS_PER_CHUNK,
    },
    chunks: outer * blocks * chunksFor(inner, COLUMNS_PER_CHUNK),
    reads: [source],
    writes: [partial],
  });
  if (partial !== target) emitSum(context, partial, target, { outer, reduced: blocks, inner });
}

/** How many rows to take as one, so that narrow rows fill vectors: a divisor of their number. */
function rowsAtOnce({ reduced, inner }: Sum): number {
  if (inner >= FEWEST_COLUMNS || reduced < 4 * FEWEST_COLUMNS) return 1;
  const enough = Math.ceil(FEWEST_COLUMNS / inner);
  for (let rows = enough; rows <= 4 * FEWEST_COLUMNS; rows++) {
    if (reduced % rows === 0 && (rows * inner) % 4 === 0) return rows;
  }
  return 1;
}

function emitSum(context: LoweringContext, source: Buffer, target: Buffer, sum: Sum): void {
  const { outer, reduced, inner } = sum;
  if (inner === 1) {
    emitRows(context, source, target, sum);
    return;
  }
  const together = rowsAtOnce(sum);
  if (together === 1) {
    emitColumns(context, source, target, sum);
    return;
  }
  const partial = context.temporary(4 * outer * together * inner, "partial sums");
  emitColumns(context, source, partial, { outer, reduced: reduced / together, inner: together * inner });
  emitColumns(context, partial, target, { outer, reduced: together, inner });
}

export const lowerReduceSum: Lowering<"reduceSum"> = (node, context) => {
  const [x] = node.inputs;
  const groups = groupsOf(x.shape, node.attributes.axes);
  const target = context.buffer(node);
  let source = context.buffer(x);
  if (!groups.some(({ reduced }) => reduced)) {
    const size = sizeOf(x.shape);
    emitCopy(context, { source, target }, [{ size, strides: [1, 1] }]);
    return;
  }
  // The innermost group first: what is left of it is kept, and so one with its neighbour.
  let inner = 1;
  for (let index = groups.length - 1; index >= 0; index--) {
    if (!groups[index].reduced) {
      inner *= groups[index].size;
      continue;
    }
    const outer = groups.slice(0, index).reduce((product, { size }) => product * size, 1);
    const isLast = !groups.slice(0, index).some(({ reduced }) => reduced);
    const result = isLast ? target : context.temporary(4 * outer * inner, "partial sum");
    emitSum(context, source, result, { outer, reduced: groups[index].size, inner });
    source = result;
  }
};

/** The gradient of a rectifier and, in the same pass, the sums of its rows [rows, C]: the gradient of a bias. */
export function lowerGatedSums(
  gradient: Node<"reluGradient">,
  sums: Node<"reduceSum">,
  context: LoweringContext,
): void {
  const [y, dy] = gradient.inputs.map(context.buffer);
  const dx = context.buffer(gradient);
  const target = context.buffer(sums);
  const channels = gradient.shape[gradient.shape.length - 1];
  const count = sizeOf(gradient.shape);
  const together = rowsAtOnce({ outer: 1, reduced: count / channels, inner: channels });
  const columns = together * channels;
  const rows = count / columns;
  const longest = Math.min(LONGEST_SUM, Math.max(32, Math.ceil(ELEMENTS_PER_CHUNK / columns)));
  const blockRows = rows > 2 * longest ? blockOf(rows, longest, 1) : rows;
  const blocks = Math.ceil(rows / blockRows);
  const isTotal = blocks * together === 1;
  const partial = isTotal ? target : context.temporary(4 * blocks * columns, "partial sums");
  context.emit({
    kernel: "gatedSums",
    arguments: { y, dy, dx, sums: partial, rows, columns, blockRows, columnsPerChunk: COLUMNS_PER_CHUNK },
    chunks: blocks * chunksFor(columns, COLUMNS_PER_CHUNK),
    reads: [y, dy],
    writes: [dx, partial],
    inPlace: dy,
  });
  if (!isTotal) emitSum(context, partial, target, { outer: 1, reduced: blocks * together, inner: channels });
}
