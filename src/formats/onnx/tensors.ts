import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FormatError } from "../../tensor/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import { type ArrayOf, type DType, Tensor } from "../../tensor/tensor.ts";
import { decodeElements, elementBytes, type StoredType, storedTypes } from "../elements.ts";
import { dataLocation, dataType, type TensorProto } from "./schema.ts";

/** A tensor to write. */
export type OnnxTensorInit = Exclude<MessageInitShape<GenMessage<TensorProto>>, TensorProto>;

/** Files beside an ONNX file, by the names that it gives them. */
export type ExternalFiles = (name: string) => Promise<Uint8Array>;

/** Most dimensions of a tensor, as in NumPy. */
const rankLimit = 64;

/** A field of `TensorProto` that holds elements as numbers. */
type TypedField = "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data";

/** Element types by number: how raw bytes encode them, and the field that holds them otherwise. */
const elementTypes: { readonly [type: number]: { readonly stored: StoredType; readonly field: TypedField } } =
  {
    [dataType.FLOAT]: { stored: "f32", field: "floatData" },
    [dataType.UINT8]: { stored: "u8", field: "int32Data" },
    [dataType.INT8]: { stored: "i8", field: "int32Data" },
    [dataType.UINT16]: { stored: "u16", field: "int32Data" },
    [dataType.INT16]: { stored: "i16", field: "int32Data" },
    [dataType.INT32]: { stored: "i32", field: "int32Data" },
    [dataType.INT64]: { stored: "i64", field: "int64Data" },
    [dataType.BOOL]: { stored: "bool", field: "int32Data" },
    [dataType.FLOAT16]: { stored: "f16", field: "int32Data" },
    [dataType.DOUBLE]: { stored: "f64", field: "doubleData" },
    [dataType.UINT32]: { stored: "u32", field: "uint64Data" },
    [dataType.UINT64]: { stored: "u64", field: "uint64Data" },
    [dataType.BFLOAT16]: { stored: "bf16", field: "int32Data" },
  };

const writtenTypes: { readonly [D in DType]: number } = {
  float32: dataType.FLOAT,
  float64: dataType.DOUBLE,
  int32: dataType.INT32,
  uint32: dataType.UINT32,
  uint8: dataType.UINT8,
};

/**
 * A tensor of an ONNX file: from raw bytes, from the field of its type, or from a file beside. FLOAT16 and BFLOAT16 become
 * float32, small integers int32, BOOL uint8. INT64 and UINT64 become int32 where every value fits and else float64, the
 * nearest there is (bounds of slices are often the greatest integer). Raw elements are views of the file where they can be.
 *
 * @param where - file and tensor, for errors
 * @param external - `null` where there are no files beside
 * @throws FormatError when sizes and data do not fit, or for a type that is no number (STRING, COMPLEX) or packed (INT4, FLOAT8)
 */
export async function readOnnxTensor(
  proto: TensorProto,
  where: string,
  external: ExternalFiles | null,
): Promise<Tensor> {
  const type = Object.hasOwn(elementTypes, proto.dataType) ? elementTypes[proto.dataType] : undefined;
  if (type === undefined) throw unsupportedType(proto.dataType, where);
  const { stored, field } = type;
  const shape = shapeOf(proto, where);
  const count = sizeOf(shape);
  if (proto.dataLocation === dataLocation.EXTERNAL) {
    const bytes = await readExternal(proto, count * storedTypes[stored].bytes, where, external);
    return tensorOf(stored, shape, decodeBytes(stored, bytes, where));
  }
  const numbers: readonly (number | bigint)[] = proto[field];
  // A tensor without elements may have both or neither.
  if (numbers.length > 0 || (count > 0 && proto.rawData.length === 0)) {
    if (numbers.length !== count || proto.rawData.length > 0) {
      const raw = proto.rawData.length > 0 ? ` and ${proto.rawData.length} raw bytes` : "";
      throw damaged(`${formatShape(shape)} needs ${count} elements, it has ${numbers.length}${raw}`, where);
    }
    return tensorOf(stored, shape, fromNumbers(stored, numbers));
  }
  const expected = count * storedTypes[stored].bytes;
  if (proto.rawData.length !== expected) {
    throw damaged(
      `${typeName(proto.dataType)}${formatShape(shape)} needs ${expected} bytes, it has ${proto.rawData.length}`,
      where,
    );
  }
  return tensorOf(stored, shape, decodeBytes(stored, proto.rawData, where));
}

/** A tensor as it is written: raw bytes, little-endian, not copied. */
export function writeOnnxTensor(name: string, tensor: Tensor): OnnxTensorInit {
  return {
    name,
    dims: tensor.shape.map(BigInt),
    dataType: writtenTypes[tensor.dtype],
    rawData: elementBytes(tensor.data),
  };
}

/** Whole numbers as INT64, the type that ONNX takes shapes, axes and pads in. */
export function writeOnnxIntegers(name: string, values: readonly number[]): OnnxTensorInit {
  const data = BigInt64Array.from(values, BigInt);
  return {
    name,
    dims: [BigInt(values.length)],
    dataType: dataType.INT64,
    rawData: new Uint8Array(data.buffer),
  };
}

/** The files beside an ONNX file, each read once however many tensors lie in it. */
export function rememberFiles(read: ExternalFiles): ExternalFiles {
  const files = new Map<string, Promise<Uint8Array>>();
  return (name) => {
    const known = files.get(name) ?? read(name);
    files.set(name, known);
    return known;
  };
}

function shapeOf({ dims }: TensorProto, where: string): Shape {
  if (dims.length > rankLimit) throw damaged(`${dims.length} dimensions are more than ${rankLimit}`, where);
  const shape = dims.map(Number);
  if (!shape.every((size) => size >= 0) || !Number.isSafeInteger(sizeOf(shape))) {
    throw damaged(`${formatShape(shape)} is no shape`, where);
  }
  return shape;
}

async function readExternal(
  proto: TensorProto,
  expected: number,
  where: string,
  external: ExternalFiles | null,
): Promise<Uint8Array> {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location");
  if (location === undefined || location === "")
    throw damaged("it lies in another file that has no name", where);
  if (external === null) {
    throw new FormatError(`its elements lie in the file "${location.slice(0, 200)}" beside the model`, {
      where,
      hint: "Read the model from its folder, with that file in it, or export it as one file.",
    });
  }
  const offset = wholeNumber(entries.get("offset") ?? "0", "offset", where);
  const length = wholeNumber(entries.get("length") ?? String(expected), "length", where);
  if (length !== expected)
    throw damaged(`it needs ${expected} bytes of "${location}", its length is ${length}`, where);
  const file = await external(location);
  if (offset + length > file.length) {
    throw damaged(
      `bytes ${offset} to ${offset + length} go beyond "${location}" of ${file.length} bytes`,
      where,
    );
  }
  return file.subarray(offset, offset + length);
}

function wholeNumber(text: string, what: string, where: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw damaged(`its ${what} "${text.slice(0, 50)}" is no whole number`, where);
  return value;
}

function decodeBytes(stored: StoredType, bytes: Uint8Array, where: string): ArrayOf[DType] {
  if (stored !== "i64" && stored !== "u64") return decodeElements(stored, bytes, where);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Float64Array.from({ length: bytes.length / 8 }, (_, index) =>
    Number(stored === "i64" ? view.getBigInt64(index * 8, true) : view.getBigUint64(index * 8, true)),
  );
  return narrowed(values);
}

/** Numbers of a typed field. Half-precision numbers are in it as their bits. */
function fromNumbers(stored: StoredType, numbers: readonly (number | bigint)[]): ArrayOf[DType] {
  const values = Float64Array.from(numbers, Number);
  if (stored === "i64" || stored === "u64") return narrowed(values);
  if (stored === "f16" || stored === "bf16")
    return decodeElements(stored, elementBytesOf(Uint16Array.from(values)), "");
  const { dtype } = storedTypes[stored];
  if (dtype === "float64") return values;
  if (dtype === "float32") return Float32Array.from(values);
  if (dtype === "uint32") return Uint32Array.from(values);
  return dtype === "uint8" ? Uint8Array.from(values) : Int32Array.from(values);
}

function elementBytesOf(data: Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** As int32 where every value fits. */
function narrowed(values: Float64Array): Int32Array | Float64Array {
  const integers = Int32Array.from(values);
  return integers.every((value, index) => value === values[index]) ? integers : values;
}

function tensorOf(stored: StoredType, shape: Shape, data: ArrayOf[DType]): Tensor {
  const wide = (stored === "i64" || stored === "u64") && data instanceof Float64Array;
  return new Tensor<DType>(wide ? "float64" : storedTypes[stored].dtype, shape, data);
}

/** The name of an element type, as the ONNX specification has it. */
export function typeName(type: number): string {
  return Object.entries(dataType).find(([, number]) => number === type)?.[0] ?? `${type}`;
}

function unsupportedType(type: number, where: string): FormatError {
  return new FormatError(`elements of type ${typeName(type)} are not supported`, {
    where,
    hint: `Export the model in FLOAT; read are ${Object.keys(elementTypes)
      .map((key) => typeName(Number(key)))
      .join(", ")}.`,
  });
}

function damaged(what: string, where: string): FormatError {
  return new FormatError(`not a valid ONNX file: ${what}`, {
    where,
    hint: "The file is damaged or incomplete: download or export it again.",
  });
}
