import type { Node } from "../../../graph/index.ts";
import { type Shape, sizeOf } from "../../../tensor/index.ts";
import { type Buffer, chunksFor, ELEMENTS_PER_CHUNK, type LoweringContext } from "./lowering.ts";

/** Parts that one call of kernels/columns.ts takes. */
export const mostParts = 4;

/** A wide matrix, and the matrices that are stretches of its columns, side by side from column `first` on. */
export interface Columns {
  readonly wide: Buffer;
  readonly shape: Shape;
  readonly first: number;
  readonly parts: readonly { readonly buffer: Buffer; readonly columns: number }[];
}

/** Copies up to four parts to their columns, or the columns to the parts, in one pass. */
export function emitColumns(
  kernel: "joinColumns" | "splitColumns",
  { wide, shape, first, parts }: Columns,
  context: LoweringContext,
): void {
  const stride = shape[shape.length - 1];
  const rows = sizeOf(shape) / stride;
  const total = parts.reduce((sum, { columns }) => sum + columns, 0);
  const rowsPerChunk = Math.max(1, Math.floor(ELEMENTS_PER_CHUNK / total));
  const part = (index: number) => parts[index]?.buffer ?? null;
  const columns = (index: number) => parts[index]?.columns ?? 0;
  const buffers = parts.map(({ buffer }) => buffer);
  const joins = kernel === "joinColumns";
  context.emit({
    kernel,
    arguments: {
      ...{ part0: part(0), part1: part(1), part2: part(2), part3: part(3) },
      ...{ columns0: columns(0), columns1: columns(1), columns2: columns(2), columns3: columns(3) },
      ...{ wide: { buffer: wide, offset: 4 * first }, stride, rows, rowsPerChunk },
    },
    chunks: chunksFor(rows, rowsPerChunk),
    reads: joins ? buffers : [wide],
    writes: joins ? [wide] : buffers,
  });
}

/** Slices of one value that are columns of it side by side, from left to right. */
export function lowerSplit(slices: readonly Node<"slice">[], context: LoweringContext): void {
  const [{ inputs, attributes }] = slices;
  const [x] = inputs;
  const parts = slices.map((slice) => ({
    buffer: context.buffer(slice),
    columns: slice.shape[slice.shape.length - 1],
  }));
  const first = attributes.begin[attributes.begin.length - 1];
  emitColumns("splitColumns", { wide: context.buffer(x), shape: x.shape, first, parts }, context);
}
