import type { Buffer, LoweringContext } from "./lowering.ts";
import { buffersOf, type Riders } from "./riders.ts";

/** c = a b for few rows of a: [m, k] x [k, n], or with b as [n, k]. Reading b from memory is what takes the time. */
export interface ThinProduct extends Riders {
  readonly a: Buffer;
  readonly b: Buffer;
  readonly c: Buffer;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeB: boolean;
}

/** With more rows, arithmetic takes longer than reading b, and a packed b is faster. */
export const mostThinRows = 24;

/** Most columns of a chunk: their sums for 24 rows fill an L1 cache. */
const mostColumns = 512;
/** Fewest columns of a chunk of `thinRows`: rows of b are best read in long runs. */
const fewestColumns = 64;
/** Chunks that are wanted of `thinRows`, so that threads end at the same time. */
const wantedChunks = 8;
/** Floats of b in a chunk of `thinDots`. */
const dotsPerChunk = 65536;
/** Rows of b in such a chunk are a multiple of 4 and of the tile's. */
const dotStep = 12;

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** Columns of c in a chunk. */
function columnsPerChunk({ n, k, transposeB }: ThinProduct): number {
  if (transposeB) return roundUp(Math.min(n, mostColumns, dotsPerChunk / k), dotStep);
  return Math.min(Math.max(roundUp(n / wantedChunks, 16), fewestColumns), mostColumns);
}

/** Emits a product that reads b once, as it lies. */
export function emitThinProduct(product: ThinProduct, context: LoweringContext): void {
  const { a, b, c, m, n, k, bias, residual, mask, rectify, ceiling } = product;
  const perChunk = columnsPerChunk(product);
  context.emit({
    kernel: product.transposeB ? "thinDots" : "thinRows",
    arguments: { a, b, c, bias, residual, mask, m, n, k, rectify, ceiling, perChunk },
    chunks: Math.ceil(n / perChunk),
    reads: [a, b, ...buffersOf(product)],
    writes: [c],
    // The sums, and a row behind them for the partner of a last row that has none.
    scratchBytes: 4 * (m + 1) * perChunk,
  });
}
