/**
 * NumPy's `.npy` files, versions 1.0, 2.0 and 3.0
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic, a header that is a Python
 * dictionary, then the elements of one array.
 */
import { FormatError } from "../tensor/errors.ts";
import { formatShape, type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { type ArrayOf, allocate, type DType, Tensor, type TensorType } from "../tensor/tensor.ts";
import { decodeElements, elementBytes, type StoredType, storedTypes } from "./elements.ts";
import { clip, type Damage, damageOf } from "./format-errors.ts";
import { type NpyHeader, parseNpyHeader } from "./npy-header.ts";

const damaged: Damage = damageOf(
  ".npy file",
  "The file is damaged, cut short or of another format: save it again with numpy.save.",
);

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Longest header read, in bytes: what version 1.0 can hold. No array of plain numbers needs a hundredth of it. */
const headerLimit = 65_535;
/** NumPy's most dimensions. */
const rankLimit = 64;

const descriptors: { readonly [descriptor: string]: StoredType } = {
  "<f4": "f32",
  "<f8": "f64",
  "<f2": "f16",
  "<i4": "i32",
  "<i8": "i64",
  "<i2": "i16",
  "<u2": "u16",
  "<u4": "u32",
  "<u8": "u64",
  "|i1": "i8",
  "|u1": "u8",
  "|b1": "bool",
};

const descriptorOf: { readonly [D in DType]: string } = {
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  uint32: "<u4",
  uint8: "|u1",
};

/** Writes a tensor as a version 1.0 `.npy` file, byte for byte as NumPy 2 does. */
export function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const header = npyHeader(tensor);
  const file = new Uint8Array(header.length + tensor.data.byteLength);
  file.set(header);
  file.set(elementBytes(tensor.data), header.length);
  return file;
}

/** What stands before a tensor's elements in its `.npy` file. */
export function npyHeader({ shape, dtype }: TensorType): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '${descriptorOf[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy leaves room for the first size to grow to 21 digits, then fills up to a multiple of 64 with the line feed.
  const room = shape.length === 0 ? 0 : 21 - String(shape[0]).length;
  const length = Math.ceil((10 + dictionary.length + room + 1) / 64) * 64;
  const header = new Uint8Array(length);
  header.set(magic);
  header.set([1, 0], 6);
  new DataView(header.buffer).setUint16(8, length - 10, true);
  header.set(new TextEncoder().encode(`${dictionary.padEnd(length - 11)}\n`), 10);
  return header;
}

/**
 * Reads a `.npy` file of unknown origin. `<f2` becomes float32; one- and two-byte integers become int32, and so do
 * 8-byte ones where every value fits; booleans become uint8. An array in Fortran's order is transposed to row-major.
 *
 * @param options - `name`: the file's name, for errors
 * @throws FormatError naming the file when anything does not fit the format
 */
export function decodeNpy(bytes: Uint8Array, options: { readonly name: string }): Tensor {
  const { name } = options;
  const { header, dataStart } = readHeader(bytes, name);
  const { descriptor, fortranOrder, shape } = header;
  if (!Object.hasOwn(descriptors, descriptor)) {
    throw new FormatError(`elements of type '${clip(descriptor)}' are not supported`, {
      where: name,
      hint: `Save it as array.astype("<f4"), or another of ${Object.keys(descriptors).join(", ")}.`,
    });
  }
  if (shape.length > rankLimit)
    throw damaged(`${shape.length} dimensions are more than NumPy's ${rankLimit}`, name);
  const type = descriptors[descriptor];
  const expected = sizeOf(shape) * storedTypes[type].bytes;
  const actual = bytes.length - dataStart;
  if (actual !== expected) {
    throw damaged(
      `'${descriptor}' ${formatShape(shape)} needs ${expected} bytes of data, got ${actual}`,
      name,
    );
  }
  const elements = decodeElements(type, bytes.subarray(dataStart), name);
  const { dtype } = storedTypes[type];
  const data = fortranOrder ? toRowMajor(elements, shape, dtype) : elements;
  return new Tensor<DType>(dtype, shape, data);
}

function readHeader(bytes: Uint8Array, name: string): { header: NpyHeader; dataStart: number } {
  if (!magic.every((byte, index) => bytes[index] === byte)) {
    throw damaged('the file does not begin with the bytes 93 "NUMPY"', name);
  }
  const major = bytes[6];
  const minor = bytes[7];
  if (major === undefined || minor === undefined) throw damaged("the file ends before its version", name);
  if (major < 1 || major > 3 || minor !== 0) {
    throw damaged(`version ${major}.${minor} is none of 1.0, 2.0 and 3.0`, name);
  }
  const lengthBytes = major === 1 ? 2 : 4;
  const headerStart = 8 + lengthBytes;
  if (bytes.length < headerStart) throw damaged("the file ends before its header", name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > headerLimit) throw damaged(`a header of ${length} bytes is more than ${headerLimit}`, name);
  const dataStart = headerStart + length;
  if (dataStart > bytes.length) {
    throw damaged(`a header of ${length} bytes is announced, the file has ${bytes.length} in all`, name);
  }
  // Latin-1 in versions 1 and 2, UTF-8 in 3: they differ only in names of fields, which no supported type has.
  const text = String.fromCharCode(...bytes.subarray(headerStart, dataStart));
  const header = parseNpyHeader(text);
  if (typeof header === "string") throw damaged(header, name);
  return { header, dataStart };
}

/** Elements in Fortran's order (the first index runs fastest) in row-major order (the last one does). */
function toRowMajor(source: ArrayOf[DType], shape: Shape, dtype: DType): ArrayOf[DType] {
  const target = allocate(dtype, source.length);
  const strides = stridesOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  let position = 0;
  for (let from = 0; from < source.length; from++) {
    target[position] = source[from];
    for (let axis = 0; axis < shape.length; axis++) {
      index[axis]++;
      position += strides[axis];
      if (index[axis] < shape[axis]) break;
      position -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return target;
}
