import type { Node, Update } from "../../../graph/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";
import { emitProduct } from "./matrix.ts";
import { noRiders } from "./riders.ts";
import { lowerUpdate } from "./table.ts";

/** A gradient is made and used up in slices of about this size: two of them stay in an L3 cache. */
const sliceBytes = 8 * 1024 * 1024;
/** Rows of a slice are a multiple of all tile heights (4 and 6). */
const rowStep = 12;
/** A gradient that is at least so large never exists as a whole. */
export const slicedBytes = 4 * sliceBytes;

/** The gradient of a dense layer's weights: x^T dy with x [N, rows] and dy [N, columns]. */
export interface ProductUpdate {
  readonly update: Update;
  readonly product: Node<"matmul">;
}

/**
 * Makes the gradient of a large matrix slice by slice, each of which is used up by the optimizer before the one after the
 * next is made: it takes no memory to speak of, and no way there and back.
 *
 * @param context - for the product's calls
 * @param updateContext - for the update's
 */
export function lowerProductUpdate(
  { update, product }: ProductUpdate,
  context: LoweringContext,
  updateContext: LoweringContext,
): void {
  const [x, dy] = product.inputs;
  const [rows, columns] = product.shape;
  const sliceRows = Math.max(rowStep, rowStep * Math.floor(sliceBytes / (4 * columns * rowStep)));
  const operands = { a: context.buffer(x), b: context.buffer(dy) };
  context.describe(`gradient in slices of ${sliceRows} rows`);
  const use = (gradient: Buffer, begin: number, count: number) =>
    lowerUpdate(update, updateContext, {
      value: gradient,
      begin: begin * columns,
      count: count * columns,
    });
  let before: (() => void) | null = null;
  for (let begin = 0; begin < rows; begin += sliceRows) {
    const count = Math.min(sliceRows, rows - begin);
    const gradient = context.temporary(4 * count * columns, "slice of a gradient");
    emitProduct(
      {
        ...{ ...operands, c: gradient, m: count, n: columns, k: x.shape[0] },
        ...{ aOffset: begin, aStride: rows, transposeA: true, transposeB: false, ...noRiders },
      },
      context,
    );
    // One behind, so that threads need not wait between a slice and its use.
    before?.();
    before = () => use(gradient, begin, count);
  }
  before?.();
}
