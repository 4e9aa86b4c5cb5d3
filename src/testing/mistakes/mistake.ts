import type { OpAttributes, OpKind } from "../../graph/index.ts";
import type { DType, TensorType } from "../../tensor/index.ts";

/** Operands and attributes that an op must refuse, and the message (without op and layer) that it must give. */
export interface Mistake<K extends OpKind> {
  /** Types of the operands as text: `int32[2, 3]`, or `[2, 3]` for float32. */
  readonly inputs: readonly string[];
  readonly attributes: OpAttributes[K];
  readonly message: string;
}

/** Mistakes of every kind: a kind without one is a compile error. */
export type Mistakes<Kinds extends OpKind = OpKind> = {
  readonly [K in Kinds]: readonly [Mistake<K>, ...Mistake<K>[]];
};

/** The type that `int32[2, 3]` stands for. */
export function typeOf(text: string): TensorType {
  const [, dtype, sizes] = /^(\w*)\[(.*)\]$/.exec(text) ?? [];
  if (sizes === undefined) throw new Error(`"${text}" is not a type`);
  const shape = sizes === "" ? [] : sizes.split(",").map(Number);
  return { shape, dtype: dtype === "" ? "float32" : (dtype as DType) };
}
