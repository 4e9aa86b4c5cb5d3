import type { Tensor, TensorType } from "../tensor/index.ts";

/** A value that is made when it is needed: those of a large model fill half a gigabyte. */
export interface LazyTensor extends TensorType {
  /** The same numbers every time. */
  readonly draw: () => Promise<Tensor>;
}

/** A value, or one that is yet to be made. */
export type Weight = Tensor | LazyTensor;
