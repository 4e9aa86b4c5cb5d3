import { ShapeError } from "./errors.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** The typed array that holds each element type on the host. */
export interface ArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  uint8: Uint8Array;
}

/** Element types. Graphs compute in `float32` (`float64` in the reference engine); the others carry data and labels. */
export type DType = keyof ArrayOf;

/** Bytes of one element. */
export const bytesPerElement: { readonly [D in DType]: number } = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint32: 4,
  uint8: 1,
};

const arrayConstructors: { readonly [D in DType]: new (length: number) => ArrayOf[D] } = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
};

/** A zero-filled typed array for a dtype. */
export function allocate<D extends DType>(dtype: D, length: number): ArrayOf[D] {
  return new arrayConstructors[dtype](length);
}

/** Element type and shape of a value, before there is one. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A tensor on the host: a row-major typed array and its shape. Images are `[batch, height, width, channels]`. */
export class Tensor<D extends DType = DType> implements TensorType {
  readonly shape: Shape;
  readonly dtype: D;
  readonly data: ArrayOf[D];

  /** @throws ShapeError when `data` does not hold exactly the elements of `shape` */
  constructor(dtype: D, shape: Shape, data: ArrayOf[D]) {
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, got ${data.length}`,
        {
          where: "Tensor",
        },
      );
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /** A zero-filled tensor. */
  static zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
    return new Tensor(dtype, shape, allocate(dtype, sizeOf(shape)));
  }

  /** A float32 tensor from numbers in row-major order. */
  static from(values: ArrayLike<number>, shape: Shape = [values.length]): Tensor<"float32"> {
    return new Tensor("float32", shape, Float32Array.from(values));
  }

  /** The same elements as another element type, converted as JavaScript's typed arrays convert. */
  as<E extends DType>(dtype: E): Tensor<E> {
    const data = allocate(dtype, this.data.length);
    data.set(this.data);
    return new Tensor(dtype, this.shape, data);
  }

  /** The same elements (not copied) under another shape. */
  reshape(shape: Shape): Tensor<D> {
    return new Tensor(this.dtype, shape, this.data);
  }

  toString(): string {
    return `Tensor ${this.dtype}${formatShape(this.shape)}`;
  }
}
