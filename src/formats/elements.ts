import { FormatError } from "../tensor/errors.ts";
import type { ArrayOf, DType } from "../tensor/tensor.ts";

/** Element encodings of files, all little-endian, and the host element type each is read into. */
export const storedTypes = {
  f16: { bytes: 2, dtype: "float32" },
  bf16: { bytes: 2, dtype: "float32" },
  f32: { bytes: 4, dtype: "float32" },
  f64: { bytes: 8, dtype: "float64" },
  i8: { bytes: 1, dtype: "int32" },
  i16: { bytes: 2, dtype: "int32" },
  i32: { bytes: 4, dtype: "int32" },
  i64: { bytes: 8, dtype: "int32" },
  u8: { bytes: 1, dtype: "uint8" },
  u16: { bytes: 2, dtype: "int32" },
  u32: { bytes: 4, dtype: "uint32" },
  u64: { bytes: 8, dtype: "int32" },
  bool: { bytes: 1, dtype: "uint8" },
} as const satisfies { readonly [name: string]: { readonly bytes: number; readonly dtype: DType } };

/** A name of {@link storedTypes}. */
export type StoredType = keyof typeof storedTypes;

type Decoded = ArrayOf[DType];

/**
 * Elements of a file as a typed array. Where the encoding is that of a typed array and the bytes lie at a multiple of
 * its element size, the result is a view of `bytes`, not a copy: a model of hundreds of megabytes is held once.
 *
 * @param bytes - exactly `count * storedTypes[type].bytes` bytes
 * @param where - file and tensor, for errors
 * @throws FormatError when a 64-bit integer does not fit into 32 bits
 */
export function decodeElements(type: StoredType, bytes: Uint8Array, where: string): Decoded {
  switch (type) {
    case "u8":
    case "bool":
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    case "f32":
      return nativeView(Float32Array, bytes);
    case "f64":
      return nativeView(Float64Array, bytes);
    case "i32":
      return nativeView(Int32Array, bytes);
    case "u32":
      return nativeView(Uint32Array, bytes);
    case "f16":
      return decodeFloat16(nativeView(Uint16Array, bytes));
    case "bf16":
      return decodeBfloat16(nativeView(Uint16Array, bytes));
    case "i8":
      return new Int32Array(nativeView(Int8Array, bytes));
    case "i16":
      return new Int32Array(nativeView(Int16Array, bytes));
    case "u16":
      return new Int32Array(nativeView(Uint16Array, bytes));
    case "i64":
      return narrow(nativeView(BigInt64Array, bytes), where);
    case "u64":
      return narrow(nativeView(BigUint64Array, bytes), where);
  }
}

/** The bytes of a tensor's elements, as a view. */
export function elementBytes(data: Decoded): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

interface NativeArray<A> {
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

function nativeView<A>(ArrayType: NativeArray<A>, bytes: Uint8Array): A {
  const size = ArrayType.BYTES_PER_ELEMENT;
  // A copy by constructor: `slice` of Node's Buffer does not copy.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** IEEE 754 binary16: a sign bit, 5 exponent bits with bias 15, 10 fraction bits. */
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The float32 of each of the 65,536 bit patterns: made when the first file needs it. */
let float16Values: Float32Array | undefined;

function decodeFloat16(source: Uint16Array): Float32Array {
  float16Values ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => float16ToNumber(bits));
  const values = new Float32Array(source.length);
  for (let index = 0; index < source.length; index++) values[index] = float16Values[source[index]];
  return values;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat16(source: Uint16Array): Float32Array {
  const bits = new Uint32Array(source.length);
  for (let index = 0; index < source.length; index++) bits[index] = source[index] << 16;
  return new Float32Array(bits.buffer);
}

function narrow(source: BigInt64Array | BigUint64Array, where: string): Int32Array {
  const values = new Int32Array(source.length);
  for (let index = 0; index < source.length; index++) {
    const value = source[index];
    if (BigInt.asIntN(32, value) !== value) {
      throw new FormatError(`the 64-bit integer ${value} at index ${index} does not fit into 32 bits`, {
        where,
        hint: "Store integers between -2147483648 and 2147483647, or floating-point numbers.",
      });
    }
    values[index] = Number(value);
  }
  return values;
}
