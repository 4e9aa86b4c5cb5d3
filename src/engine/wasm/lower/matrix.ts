import { isKind, type Node } from "../../../graph/index.ts";
import { tileColumns } from "../generated/arguments.ts";
import type { Buffer, Lowering, LoweringContext } from "./lowering.ts";

/** What rides on a product's way out of the registers. */
export interface Epilogue {
  /** [N], added to each row. */
  readonly bias: Node | null;
  /** Whether the result is max(0, x). */
  readonly rectify: boolean;
  /** Where the result goes. */
  readonly target: Node;
}

/** c = a b on buffers: [m, k] x [k, n], either operand transposed in memory. */
export interface Product {
  readonly a: Buffer;
  readonly b: Buffer;
  readonly c: Buffer;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: Buffer | null;
  readonly rectify: boolean;
  /** Whether many elements of a are expected to be zero. */
  readonly sparse?: boolean;
}

/** Rows of b that the kernel packs at a time (BLOCK_K of kernels/matmul.ts). */
const packedRows = 256;
/** Columns of c in a chunk: with 256 rows of b, 64 KiB of packed panels. */
const blockColumns = 64;
/** A chunk has about this many multiply-adds: some 20 microseconds. */
const workPerChunk = 400_000;
/** Rows of a chunk are a multiple of all tile heights (4 and 6). */
const rowStep = 12;

/** Emits a matrix product, cut into chunks by its shape. */
export function emitProduct(product: Product, context: LoweringContext): void {
  const { a, b, c, m, n, k, bias } = product;
  const columns = Math.min(n, blockColumns);
  const wantedRows = Math.ceil(workPerChunk / (columns * k) / rowStep) * rowStep;
  // Each chunk packs its own panels of b: less than two tiles' worth of rows would not pay for it.
  const blockRows = Math.min(Math.max(wantedRows, 4 * rowStep), Math.ceil(m / rowStep) * rowStep);
  context.emit({
    kernel: "matmul",
    arguments: {
      a,
      b,
      c,
      bias,
      m,
      n,
      k,
      aStride: product.transposeA ? m : k,
      bStride: product.transposeB ? k : n,
      cStride: n,
      transposeA: Number(product.transposeA),
      transposeB: Number(product.transposeB),
      rectify: Number(product.rectify),
      accumulate: 0,
      sparse: Number(product.sparse ?? false),
      blockRows,
      blockColumns: columns,
    },
    chunks: Math.ceil(m / blockRows) * Math.ceil(n / columns),
    reads: bias === null ? [a, b] : [a, b, bias],
    writes: [c],
    scratchBytes: 4 * Math.min(k, packedRows) * Math.ceil(columns / tileColumns) * tileColumns,
  });
}

/** Whether a value is images as they were loaded: dark pixels are zeros. */
function isImages(node: Node): boolean {
  if (isKind(node, "reshape")) return isImages(node.inputs[0]);
  return isKind(node, "loadImages") && node.attributes.offset === 0;
}

/** A matrix product with what is fused to it. */
export function lowerProduct(node: Node<"matmul">, epilogue: Epilogue, context: LoweringContext): void {
  const [a, b] = node.inputs;
  const { transposeA, transposeB } = node.attributes;
  const [m, n] = node.shape;
  const sparse = isImages(a);
  context.describe(sparse ? "blocked matrix product, zeros skipped" : "blocked matrix product");
  emitProduct(
    {
      a: context.buffer(a),
      b: context.buffer(b),
      c: context.buffer(epilogue.target),
      m,
      n,
      k: transposeA ? a.shape[0] : a.shape[1],
      transposeA,
      transposeB,
      bias: epilogue.bias === null ? null : context.buffer(epilogue.bias),
      rectify: epilogue.rectify,
      sparse,
    },
    context,
  );
}

export const lowerMatmul: Lowering<"matmul"> = (node, context) =>
  lowerProduct(node, { bias: null, rectify: false, target: node }, context);
