import type { Taps } from "../../../graph/index.ts";
import { chunksFor, ELEMENTS_PER_CHUNK, type Lowering } from "./lowering.ts";

/** The two tables of an axis: where each position's taps begin, and all taps with their weights. */
function tablesOf(axis: readonly Taps[]): { readonly starts: readonly number[]; readonly taps: Int32Array } {
  const starts = [0];
  for (const taps of axis) starts.push(starts[starts.length - 1] + taps.length);
  const all = axis.flat();
  const taps = Int32Array.from(all.flatMap(([position]) => [position, 0]));
  const weights = new Float32Array(taps.buffer);
  for (const [index, [, weight]] of all.entries()) weights[2 * index + 1] = weight;
  return { starts, taps };
}

function mostTaps(axis: readonly Taps[]): number {
  return axis.reduce((most, taps) => Math.max(most, taps.length), 0);
}

/** Gathers the pixels of the result, in one direction as in the other. */
export const lowerResample2d: Lowering<"resample2d"> = (node, context) => {
  const { rows: rowTaps, columns: columnTaps } = node.attributes;
  const [from, to] = [context.buffer(node.inputs[0]), context.buffer(node)];
  const [, fromHeight, fromWidth] = node.inputs[0].shape;
  const [batch, toHeight, toWidth, channels] = node.shape;
  const [vertical, horizontal] = [tablesOf(rowTaps), tablesOf(columnTaps)];
  const tables = {
    rowStarts: context.table(vertical.starts),
    rowTaps: context.table(vertical.taps),
    columnStarts: context.table(horizontal.starts),
    columnTaps: context.table(horizontal.taps),
  };
  const rows = batch * toHeight;
  const tapsPerRow = (vertical.taps.length * horizontal.taps.length) / (4 * toHeight);
  const elements = channels * Math.max(toWidth, tapsPerRow);
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / elements));
  context.describe(`${fromHeight}x${fromWidth} to ${toHeight}x${toWidth}, by rows`);
  context.emit({
    kernel: "resample",
    arguments: {
      from,
      to,
      ...tables,
      rows,
      fromHeight,
      fromWidth,
      toHeight,
      toWidth,
      channels,
      rowsPerChunk,
    },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: [from, ...Object.values(tables)],
    writes: [to],
    // The taps of one pixel.
    scratchBytes: 8 * mostTaps(rowTaps) * mostTaps(columnTaps),
  });
};
