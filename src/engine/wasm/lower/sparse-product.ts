import type { Tile } from "../kernel-module.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";
import { buffersOf, type Riders } from "./riders.ts";

/** c = a b where many elements of a are zero; [m, k] x [k, n]. */
export interface SparseProduct extends Riders {
  readonly a: Buffer;
  /** b in panels of `sparseColumns`. */
  readonly packed: Buffer;
  readonly c: Buffer;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
}

/** Rows of a chunk: some tens of microseconds, in which a panel is read from cache. */
const rowsPerChunk = 64;
/** Rows whose elements are listed in a chunk, where a row lies in one piece, and where it runs down a matrix. */
const listedRows = 8;
const listedColumns = 64;

/** Columns of a panel: the sums of one row take as many registers as those of a tile (SPARSE_COLUMNS of the kernels). */
export function sparseColumns({ rows, columns }: Tile): number {
  return rows * columns;
}

/** Emits a product that skips the zeros of a. */
export function emitSparseProduct(product: SparseProduct, context: LoweringContext): void {
  const { a, packed, c, m, n, k, bias, residual, mask, rectify, ceiling, transposeA } = product;
  const entries = context.temporary(8 * m * k, "nonzero elements");
  const width = sparseColumns(context.tile);
  const counts = context.temporary(4 * m, "numbers of nonzero elements");
  const perList = transposeA ? listedColumns : listedRows;
  context.emit({
    kernel: "listNonzero",
    arguments: { a, entries, counts, m, k, transpose: Number(transposeA), perChunk: perList },
    chunks: Math.ceil(m / perList),
    reads: [a],
    writes: [entries, counts],
  });
  context.emit({
    kernel: "sparseProduct",
    arguments: {
      ...{ entries, counts, packed, c, bias, residual, mask, m, n, k },
      ...{ rectify, ceiling, perChunk: rowsPerChunk },
    },
    chunks: Math.ceil(n / width) * Math.ceil(m / rowsPerChunk),
    reads: [entries, counts, packed, ...buffersOf(product)],
    writes: [c],
  });
}
