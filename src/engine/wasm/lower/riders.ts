import type { Node } from "../../../graph/index.ts";
import type { Buffer, LoweringContext } from "./lowering.ts";

/** What rides on a product's way out of the registers. */
export interface Epilogue {
  /** [N], added to each row. */
  readonly bias: Node | null;
  /** Added to the result before it is rectified; of the result's shape. */
  readonly residual?: Node | null;
  /** Whether the result is min(max(0, x), ceiling). */
  readonly rectify: boolean;
  /** Whether the result is x min(max(x / 6 + 1 / 2, 0), 1), hard-swish, instead; default false. */
  readonly swish?: boolean;
  /** The greatest value of the rectifier, or of that behind the mask; default infinity. */
  readonly ceiling?: number;
  /**
   * Where this is not positive, or not below the ceiling, the result is zero: a rectifier's output, for its gradient. Of the
   * result's shape.
   */
  readonly mask?: Node | null;
  /** Where the result goes. */
  readonly target: Node;
}

/** The buffers of what rides on a product's way out of the registers. */
export interface Riders {
  readonly bias: Buffer | null;
  readonly residual: Buffer | null;
  /** 1 for a rectifier, 2 for hard-swish (kernels/tile.ts), 0 for neither. */
  readonly rectify: 0 | 1 | 2;
  readonly ceiling: number;
  readonly mask: Buffer | null;
  /** Floats from one row of the result to the next where it is a part of something wider, or null. */
  readonly yStride: number | null;
}

export const noRiders: Riders = {
  bias: null,
  residual: null,
  rectify: 0,
  ceiling: Infinity,
  mask: null,
  yStride: null,
};

/** The buffers of what is fused to a product. */
export function ridersOf(
  { bias, residual = null, rectify, swish = false, ceiling = Infinity, mask = null, target }: Epilogue,
  context: LoweringContext,
): Riders {
  const bufferOf = (node: Node | null) => (node === null ? null : context.buffer(node));
  return {
    bias: bufferOf(bias),
    residual: bufferOf(residual),
    rectify: rectify ? 1 : swish ? 2 : 0,
    ceiling,
    mask: bufferOf(mask),
    yStride: context.rowStride(target),
  };
}

/** The buffers among riders: what a call reads because of them. */
export function buffersOf({ bias, residual, mask }: Riders): Buffer[] {
  return [bias, residual, mask].filter((buffer) => buffer !== null);
}
