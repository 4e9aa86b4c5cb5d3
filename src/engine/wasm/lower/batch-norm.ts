import type { Node } from "../../../graph/index.ts";
import { type Shape, sizeOf } from "../../../tensor/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering, type LoweringContext } from "./lowering.ts";

/** Rows that one block of a sum has at most: a float32 sum of more terms loses too much. */
const MOST_BLOCK_ROWS = 1024;
/** And at least: each block writes two or three rows of partial results. */
const FEWEST_BLOCK_ROWS = 32;
/** Columns that rows are folded to a multiple of, if their number allows it: the first of these. */
const FOLDED_COLUMNS = [64, 32, 16, 4];
/** Rows wider than this are not folded. */
const WIDEST_FOLD = 256;
/** Columns whose partial sums one chunk adds up. */
const COLUMNS_PER_CHUNK = 16;
/** A table of factors is repeated up to this length, so that the loop along it is worth its overhead. */
const SHORTEST_PERIOD = 64;
/** Rows of a chunk for one row of tables, which each chunk works out anew. */
const ROWS_FOR_A_TABLE = 64;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** How many rows to take as one, so that narrow rows fill whole vectors: a divisor of their number. */
function foldOf(rows: number, channels: number): number {
  for (const columns of FOLDED_COLUMNS) {
    const fold = columns / greatestCommonDivisor(channels, columns);
    if (rows % fold === 0 && fold * channels <= WIDEST_FOLD) return fold;
  }
  return 1;
}

/** How a sum over the rows of [..., C] is split. */
export function splitOf(shape: Shape) {
  const channels = shape.at(-1) ?? 1;
  const fold = foldOf(sizeOf(shape) / channels, channels);
  const columns = fold * channels;
  const rows = sizeOf(shape) / columns;
  const enough = Math.ceil(ELEMENTS_PER_CHUNK / columns);
  const blockRows = Math.min(MOST_BLOCK_ROWS, Math.max(FEWEST_BLOCK_ROWS, enough));
  const blocks = Math.ceil(rows / blockRows);
  const columnsPerChunk = fold > 1 ? columns : COLUMNS_PER_CHUNK;
  return { channels, fold, columns, rows, blockRows, blocks, columnsPerChunk };
}

export function describeSplit({ blocks, blockRows, fold }: ReturnType<typeof splitOf>): string {
  return `${blocks} blocks of ${blockRows * fold} rows`;
}

/** Bytes of two tables of float64 for the columns of a chunk. */
export function combineScratch(columnsPerChunk: number): number {
  return 16 * (columnsPerChunk + 4);
}

/** How a map over [..., C] with tables for each channel is split; see kernels/batch-norm.ts. */
export function mapOf(shape: Shape) {
  const channels = shape.at(-1) ?? 1;
  const count = sizeOf(shape);
  const wholeVectors = (channels * 4) / greatestCommonDivisor(channels, 4);
  const period = wholeVectors * Math.ceil(SHORTEST_PERIOD / wholeVectors);
  const perChunk = period * Math.ceil(Math.max(ELEMENTS_PER_CHUNK, ROWS_FOR_A_TABLE * channels) / period);
  return { channels, count, period, perChunk };
}

/** Bytes of tables of as many numbers as a period or the columns of a sum. */
export function tableBytes(tables: number, length: number): number {
  return tables * (4 * length + 16);
}

/** Mean and variance of each channel. */
export const lowerBatchMoments: Lowering<"batchMoments"> = (node, context) => {
  const x = context.buffer(node.inputs[0]);
  const y = context.buffer(node);
  const split = splitOf(node.inputs[0].shape);
  const { channels, columns, rows, blockRows, blocks, columnsPerChunk } = split;
  const partial = context.temporary(12 * blocks * columns, "partial moments");
  context.describe(`moments of ${describeSplit(split)}, combined`);
  context.emit({
    kernel: "momentsOfBlocks",
    arguments: { x, partial, rows, columns, blockRows },
    chunks: blocks,
    reads: [x],
    writes: [partial],
  });
  context.emit({
    kernel: "combineMoments",
    arguments: { partial, y, blocks, rows, columns, channels, blockRows, columnsPerChunk },
    chunks: Math.ceil(columns / columnsPerChunk),
    reads: [partial],
    writes: [y],
    scratchBytes: combineScratch(columnsPerChunk),
  });
};

/** What rides on a normalization's way to memory. */
export interface NormalizeEpilogue {
  /** Added, of the result's shape. */
  readonly residual: Node | null;
  /** Whether the result is min(max(0, x), ceiling). */
  readonly rectify: boolean;
  /** The rectifier's greatest value; default infinity. */
  readonly ceiling?: number;
  /** Where the result goes. */
  readonly target: Node;
}

/** x brought to mean beta and deviation gamma, with what is fused to it. */
export function lowerNormalize(
  node: Node<"batchNormalize">,
  epilogue: NormalizeEpilogue,
  context: LoweringContext,
): void {
  const [x, moments, gamma, beta] = node.inputs.map(context.buffer);
  const residual = epilogue.residual === null ? null : context.buffer(epilogue.residual);
  const y = context.buffer(epilogue.target);
  const rectify = Number(epilogue.rectify);
  const map = mapOf(node.shape);
  context.emit({
    kernel: "batchNormalize",
    arguments: {
      ...{ x, moments, gamma, beta, residual, y, rectify, ceiling: epilogue.ceiling ?? Infinity },
      ...map,
      epsilon: node.attributes.epsilon,
    },
    chunks: chunksFor(map.count, map.perChunk),
    reads: [x, moments, gamma, beta, ...(residual === null ? [] : [residual])],
    writes: [y],
    inPlace: x,
    scratchBytes: tableBytes(3, map.period),
  });
}

export const lowerBatchNormalize: Lowering<"batchNormalize"> = (node, context) =>
  lowerNormalize(node, { residual: null, rectify: false, target: node }, context);
