import { FormatError } from "../../tensor/errors.ts";
import { formatShape, sizeOf, stridesOf } from "../../tensor/shape.ts";
import { type ArrayOf, allocate, bytesPerElement, type DType, Tensor } from "../../tensor/tensor.ts";
import { decodeElements, type StoredType, storedTypes } from "../elements.ts";
import { damageOf, tensorPlace } from "../format-errors.ts";
import { otherTypeBytes, storedTypeOf, type TensorRecord } from "./tensor-record.ts";

export const damagedPytorch = damageOf("PyTorch file");

/**
 * Bytes that tensors may take which are not simply views of the file (half precision, transposed, repeated views): a
 * multiple of the file's size, and at least that of a picture. A view of stride 0 needs four bytes in the file and could ask
 * for any number of them here.
 */
export class CopyBudget {
  #left: number;

  constructor(fileSize: number) {
    this.#left = Math.max(64 * 2 ** 20, 20 * fileSize);
  }

  spend(bytes: number, where: string): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new FormatError(
      "the tensors would take many times the size of the file, as views that repeat its data",
      {
        where,
        hint: "If that is meant, save them as tensor.contiguous().",
      },
    );
  }
}

/**
 * The tensor of a description.
 *
 * @param storage - the bytes of its storage, all of them, little-endian
 * @param file - the file's name, and `name`: the tensor's, for errors
 * @throws FormatError when it does not lie inside the storage or its type has no place on the host
 */
export function materialize(
  record: TensorRecord,
  storage: Uint8Array,
  budget: CopyBudget,
  { file, name }: { readonly file: string; readonly name: string },
): Tensor {
  const where = tensorPlace(file, name);
  const type = readableType(record.dtype, where);
  const { bytes: size, dtype } = storedTypes[type];
  const { shape, strides } = record;
  if (shape.some((length) => length === 0)) return new Tensor<DType>(dtype, shape, allocate(dtype, 0));
  // Elements from the first to the last that the view shows.
  const span = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], 1);
  const begin = (record.storage.start + record.offset) * size;
  const end = begin + span * size;
  if (!(end <= storage.length)) {
    throw damagedPytorch(
      `${record.dtype}${formatShape(shape)} with strides ${formatShape(strides)} from element ${record.offset} on ` +
        `does not lie inside its storage of ${storage.length} bytes`,
      where,
    );
  }
  if (!isNative(type)) budget.spend(span * bytesPerElement[dtype], where);
  const elements = decodeElements(type, storage.subarray(begin, end), where);
  if (isRowMajor(shape, strides)) return new Tensor<DType>(dtype, shape, elements);
  budget.spend(sizeOf(shape) * bytesPerElement[dtype], where);
  return new Tensor<DType>(dtype, shape, gather(elements, dtype, shape, strides));
}

function readableType(dtype: string, where: string): StoredType {
  if (Object.hasOwn(storedTypeOf, dtype)) return storedTypeOf[dtype];
  throw new FormatError(`elements of type ${dtype} are not supported`, {
    where,
    hint: `Convert it before it is saved, to one of ${Object.keys(storedTypeOf).join(", ")}.`,
  });
}

/** Bytes of one element of a storage. */
export function elementBytesOf(dtype: string): number {
  if (Object.hasOwn(storedTypeOf, dtype)) return storedTypes[storedTypeOf[dtype]].bytes;
  return Object.hasOwn(otherTypeBytes, dtype) ? otherTypeBytes[dtype] : 1;
}

/** Whether elements of the type are read as a view of the bytes. */
function isNative(type: StoredType): boolean {
  return ["f32", "f64", "i32", "u32", "u8", "bool"].includes(type);
}

/** Whether the strides are those of the shape; those of axes of size 1 mean nothing. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = stridesOf(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

/** The elements in row-major order. */
function gather(
  source: ArrayOf[DType],
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[],
): ArrayOf[DType] {
  const target = allocate(dtype, sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from];
    // To the next index, the last axis first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return target;
}
