import type { StoredType } from "../elements.ts";

/** The element type of a storage or a tensor, by PyTorch's name. */
export class StorageType {
  /** `float32`, or `untyped` for a storage of bytes. */
  readonly dtype: string;

  constructor(dtype: string) {
    this.dtype = dtype;
  }
}

/** The stretch of a file's data that tensors look at. */
export interface StorageReference {
  readonly kind: "storage";
  /** By which it is found in the file; several references may have the same. */
  readonly key: string;
  readonly dtype: string;
  /** Elements, or bytes where it is untyped. */
  readonly length: number;
  /** The first element, in a storage that is itself a part of another. */
  readonly start: number;
}

/** A tensor as a file describes it: a view of a storage. Nothing of it has been checked against the storage. */
export interface TensorRecord {
  readonly kind: "tensor";
  readonly storage: StorageReference;
  readonly dtype: string;
  /** The first element, counted in elements of the tensor's type. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A tensor that is there and cannot be read: an error only when it is among the weights. */
export interface UnreadableTensor {
  readonly kind: "unreadable";
  readonly what: string;
  readonly hint: string;
}

/** PyTorch's element types that have a type on the host. */
export const storedTypeOf: { readonly [dtype: string]: StoredType } = {
  float32: "f32",
  float64: "f64",
  float16: "f16",
  bfloat16: "bf16",
  int64: "i64",
  int32: "i32",
  int16: "i16",
  int8: "i8",
  uint8: "u8",
  uint16: "u16",
  uint32: "u32",
  uint64: "u64",
  bool: "bool",
};

/** Bytes of an element of the types that are known but not read: their storages must be passed over. */
export const otherTypeBytes: { readonly [dtype: string]: number } = {
  complex32: 4,
  complex64: 8,
  complex128: 16,
  qint8: 1,
  quint8: 1,
  qint32: 4,
  quint4x2: 1,
  quint2x4: 1,
  float8_e4m3fn: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
};

/** Element types by the names of their storages, which are those of C. */
export const dtypeOfStorage: { readonly [name: string]: string } = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  UntypedStorage: "untyped",
  ComplexFloatStorage: "complex64",
  ComplexDoubleStorage: "complex128",
  QInt8Storage: "qint8",
  QUInt8Storage: "quint8",
  QInt32Storage: "qint32",
  QUInt4x2Storage: "quint4x2",
  QUInt2x4Storage: "quint2x4",
};
