import { isKind, type Node } from "../../../graph/index.ts";
import {
  type Buffer,
  chunksFor,
  ELEMENTS_PER_CHUNK,
  type Lowering,
  type LoweringContext,
} from "./lowering.ts";
import { buffersOf, type Epilogue, type Riders, ridersOf } from "./riders.ts";
import { emitSparseProduct, sparseColumns } from "./sparse-product.ts";
import { emitThinProduct, mostThinRows } from "./thin-product.ts";

/** c = a b on buffers: [m, k] x [k, n], either operand transposed in memory. */
export interface Product extends Riders {
  readonly a: Buffer;
  readonly b: Buffer;
  readonly c: Buffer;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Floats before the first element of a, and from one of its rows in memory to the next: of a part of a matrix. */
  readonly aOffset?: number;
  readonly aStride?: number;
  /** Floats before the first element of c. */
  readonly cOffset?: number;
  /** Whether many elements of a are expected to be zero. */
  readonly sparse?: boolean;
  /** Whether the product is added to what c holds. */
  readonly accumulate?: boolean;
  /** Whether b is packed already, in panels of the tile's columns. */
  readonly packed?: boolean;
  /** Several products of one shape. */
  readonly batch?: Batch;
}

/** Floats from one product's operand to the next one's, and from a row to the next where it is not the row's length. */
export interface Batch {
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly aStride: number;
  readonly bStride: number;
  readonly cStride: number;
}

/** Rows of b that the kernel takes at a time (BLOCK_K of kernels/matmul.ts). */
const blockDepth = 256;
/** The largest block of c in a chunk: 256 x 128 floats of b and 96 x 256 of a are 228 KiB, half of a 512 KiB L2. */
const largestBlock = { rows: 96, columns: 128 };
/** The smallest that is cut for the sake of idle threads: below it, packing and partial tiles cost more than they bring. */
const smallestBlock = { rows: 24, columns: 64 };
/** Rows of a chunk are a multiple of all tile heights (4 and 6). */
const rowStep = 12;
/** Chunks that a product is cut into where its size allows: enough for several threads to end at the same time. */
const wantedChunks = 16;
/** Partial sums of a long product, all together. */
const partialBytes = 8 * 1024 * 1024;
/** The shortest stretch of k that is worth partial sums of its own. */
const shortestPart = 4 * blockDepth;
/** The largest operand that is packed ahead of a product although nothing says that it will be used again. */
const packedAheadBytes = 8 * 1024 * 1024;
/** Floats of the packed operand in a chunk of its packing. */
const packedPerChunk = 16384;
/** Bytes between the packed panels of a transposed operand (PACKED_COLUMNS_SLACK of kernels/pack.ts). */
const packedSlack = 16;

/** The longest sums that take less time than writing them: the gradient of a weight on a small batch. */
const shortDepth = 32;
/** A chunk of such a product: long runs of c, which both operands, being short, leave the cache to. */
const shortBlock = { rows: 96, columns: 1024 };

/** The longest sums that skip zeros: a panel so long, up to 96 columns wide, stays in L2. */
const longestSparse = 1024;
/** Multiply-adds below which finding the zeros takes longer than it saves. */
const smallestSparse = 2 ** 22;

const roundUp = (value: number, step: number) => Math.ceil(value / step) * step;

/** How c is cut into chunks; a function of the shape alone, and the same for all tiles. */
interface Blocks {
  readonly rows: number;
  readonly columns: number;
  /** Stretches of k that are summed apart. */
  readonly parts: number;
}

/** Whether writing c bounds a product. */
function isShort({ k, transposeA, batch }: Product): boolean {
  return transposeA && k <= shortDepth && batch === undefined;
}

/** Whether a product is of whole matrices, with nothing done ahead. */
function isWhole({ accumulate, packed, batch, aOffset, aStride, cOffset, yStride }: Product): boolean {
  const parts = [batch, aOffset, aStride, cOffset, yStride ?? undefined];
  return accumulate !== true && packed !== true && parts.every((part) => part === undefined);
}

/** Whether reading b bounds a product, so that b had better not be packed. */
function isThin(product: Product): boolean {
  return isWhole(product) && !product.transposeA && product.m <= mostThinRows;
}

/** Whether a product had better skip the zeros of a. */
function isSparse(product: Product): boolean {
  const { m, n, k, sparse } = product;
  return sparse === true && isWhole(product) && k <= longestSparse && m * n * k >= smallestSparse;
}

function blocksOf(product: Product): Blocks {
  const { m, n, k, batch } = product;
  if (isShort(product))
    return { rows: shortBlock.rows, columns: Math.min(roundUp(n, 16), shortBlock.columns), parts: 1 };
  const isPlain =
    batch === undefined &&
    buffersOf(product).length === 0 &&
    product.rectify === 0 &&
    product.yStride === null;
  const mostParts = isPlain
    ? Math.max(1, Math.min(Math.floor(k / shortestPart), Math.floor(partialBytes / (4 * m * n))))
    : 1;
  let rows = roundUp(m / Math.ceil(m / largestBlock.rows), rowStep);
  let columns = Math.min(roundUp(n, 16), largestBlock.columns);
  const count = () => (batch?.count ?? 1) * Math.ceil(m / rows) * Math.ceil(n / columns);
  // Parts of a long sum rather than small blocks: those would read short pieces of long rows.
  while (count() * mostParts < wantedChunks) {
    if (columns > smallestBlock.columns) columns = smallestBlock.columns;
    else if (rows > smallestBlock.rows) rows = roundUp(rows / 2, rowStep);
    else break;
  }
  return { rows, columns, parts: Math.min(mostParts, Math.ceil(wantedChunks / count())) };
}

/** Packs b into panels of some width ahead of the product. */
function emitPacking({ b, n, k, transposeB }: Product, width: number, context: LoweringContext): Buffer {
  const panels = Math.ceil(n / width);
  const packed = context.temporary(4 * panels * width * k, "packed matrix");
  const perChunk = roundUp(packedPerChunk / width, 4);
  context.emit({
    kernel: "packMatrix",
    arguments: { b, packed, k, n, transpose: Number(transposeB), width, perChunk },
    chunks: panels * chunksFor(k, perChunk),
    reads: [b],
    writes: [packed],
  });
  return packed;
}

/** Whether to pack b once ahead of all chunks: where several would pack the same part, and it is not large. */
function packsAhead({ b, m, n, k, packed, batch }: Product, { rows }: Blocks): boolean {
  if (m <= rows || packed === true || batch !== undefined) return false;
  return typeof b.home === "number" || 4 * n * k <= packedAheadBytes;
}

/** Emits a matrix product, cut into chunks by its shape. */
export function emitProduct(product: Product, context: LoweringContext): void {
  if (isThin(product)) {
    emitThinProduct(product, context);
    return;
  }
  if (isSparse(product)) {
    const width = sparseColumns(context.tile);
    emitSparseProduct({ ...product, packed: emitPacking(product, width, context) }, context);
    return;
  }
  const { a, c, m, n, k, bias, residual, mask } = product;
  const { batch } = product;
  const blocks = blocksOf(product);
  const { rows, columns, parts } = blocks;
  const packsNow = packsAhead(product, blocks);
  const packed = packsNow || product.packed === true;
  const b = packsNow ? emitPacking(product, context.tile.columns, context) : product.b;
  const target = parts === 1 ? c : context.temporary(4 * m * n * parts, "partial products");
  const depth = Math.min(k, blockDepth);
  const packedColumns = packed ? 0 : 4 * depth * roundUp(columns, context.tile.columns);
  const packedRows = product.transposeA ? (4 * depth + packedSlack) * roundUp(rows, rowStep) : 0;
  context.emit({
    kernel: "matmul",
    arguments: {
      a: { buffer: a, offset: 4 * (product.aOffset ?? 0) },
      b,
      c: { buffer: target, offset: 4 * (product.cOffset ?? 0) },
      bias,
      residual,
      mask,
      m,
      n,
      k,
      aStride: batch?.aStride ?? product.aStride ?? (product.transposeA ? m : k),
      bStride: batch?.bStride ?? (product.transposeB ? k : n),
      cStride: batch?.cStride ?? product.yStride ?? n,
      transposeA: Number(product.transposeA),
      transposeB: Number(product.transposeB),
      packed: Number(packed),
      rectify: product.rectify,
      ceiling: product.ceiling,
      accumulate: Number(product.accumulate ?? false),
      blockRows: rows,
      blockColumns: columns,
      parts,
      aBatch: batch?.a ?? 0,
      bBatch: batch?.b ?? 0,
      cBatch: batch?.c ?? 0,
    },
    chunks: (batch?.count ?? 1) * parts * Math.ceil(m / rows) * Math.ceil(n / columns),
    reads: [a, b, ...buffersOf(product), ...(product.accumulate === true ? [c] : [])],
    writes: [target],
    scratchBytes: packedColumns + packedRows + 64,
  });
  if (parts > 1) emitSumOfParts({ partial: target, total: c, parts, count: m * n }, context);
}

/** total = sum of the parts, in order. */
export function emitSumOfParts(
  { partial, total, parts, count }: { partial: Buffer; total: Buffer; parts: number; count: number },
  context: LoweringContext,
): void {
  const perChunk = roundUp(ELEMENTS_PER_CHUNK / parts, 4);
  context.emit({
    kernel: "sumParts",
    arguments: { partial, total, parts, count, perChunk },
    chunks: chunksFor(count, perChunk),
    reads: [partial],
    writes: [total],
  });
}

/** Whether a value is images as they were loaded: dark pixels are zeros. */
function isImages(node: Node): boolean {
  if (isKind(node, "reshape")) return isImages(node.inputs[0]);
  return (isKind(node, "loadImages") || isKind(node, "warpImages")) && node.attributes.offset === 0;
}

/** A matrix product with what is fused to it. */
export function lowerProduct(node: Node<"matmul">, epilogue: Epilogue, context: LoweringContext): void {
  const [a, b] = node.inputs;
  const { transposeA, transposeB } = node.attributes;
  const [m, n] = node.shape;
  const product: Product = {
    a: context.buffer(a),
    b: context.buffer(b),
    c: context.buffer(epilogue.target),
    m,
    n,
    k: transposeA ? a.shape[0] : a.shape[1],
    transposeA,
    transposeB,
    ...ridersOf(epilogue, context),
    sparse: isImages(a),
  };
  context.describe(algorithmOf(product));
  emitProduct(product, context);
}

function algorithmOf(product: Product): string {
  if (isThin(product)) return "thin matrix product, weights read in place";
  if (isSparse(product)) return "sparse matrix product, zeros skipped";
  return "blocked matrix product";
}

export const lowerMatmul: Lowering<"matmul"> = (node, context) =>
  lowerProduct(node, { bias: null, rectify: false, target: node }, context);
