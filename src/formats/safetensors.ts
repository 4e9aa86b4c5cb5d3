/**
 * The safetensors format (https://github.com/huggingface/safetensors#format): eight bytes with the header's length, a
 * JSON header that gives each tensor's type, shape and place, then the tensors' bytes. The checks are those of the
 * reference implementation; what it refuses is refused here.
 */
import { FormatError } from "../tensor/errors.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { bytesPerElement, type DType, Tensor, type TensorType } from "../tensor/tensor.ts";
import { decodeElements, elementBytes, type StoredType, storedTypes } from "./elements.ts";
import { clip, type Damage, damageOf, tensorPlace } from "./format-errors.ts";
import { findDuplicateKey } from "./json-keys.ts";

/** What a safetensors file holds. */
export interface Safetensors {
  /** Tensors by name, in the order of their bytes in the file. */
  readonly tensors: Map<string, Tensor>;
  /** Free text by name; Fovea keeps architecture and training configuration here, as JSON. */
  readonly metadata: Record<string, string>;
}

const damaged: Damage = damageOf("safetensors file");

/** Longest header, in bytes: the reference implementation's cap, so that a few bytes cannot ask for gigabytes. */
const headerLimit = 100_000_000;
/** Most dimensions of a tensor, as in NumPy: longer lists are damage, and would make endless error texts. */
const rankLimit = 64;
const metadataKey = "__metadata__";
/** Data begin at a multiple of this, so that every typed array can be a view of the file. */
const alignment = 8;

const typeNames: { readonly [name: string]: StoredType } = {
  BOOL: "bool",
  U8: "u8",
  I8: "i8",
  I16: "i16",
  U16: "u16",
  F16: "f16",
  BF16: "bf16",
  I32: "i32",
  U32: "u32",
  F32: "f32",
  F64: "f64",
  I64: "i64",
  U64: "u64",
};

/** Order of the tensors in the file, as the reference implementation has it: greatest alignment first. */
const dtypeOrder: readonly DType[] = ["float64", "float32", "uint32", "int32", "uint8"];

const nameOfDType: { readonly [D in DType]: string } = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  uint32: "U32",
  uint8: "U8",
};

/**
 * Writes tensors as a safetensors file. The same input gives the same bytes whatever the order of the map: tensors are
 * ordered by element type, widest first (which keeps each aligned), then name, byte for byte as the reference
 * implementation does.
 *
 * @param tensors - by name; sizes of 0 are allowed
 * @param metadata - free text by name
 * @throws FormatError when a name cannot be written or the header would exceed its cap of 100 MB
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { begin, names, byteLength } = planSafetensors(tensors, metadata);
  const file = new Uint8Array(byteLength);
  file.set(begin);
  let position = begin.length;
  for (const name of names) {
    const bytes = elementBytes(tensors.get(name)?.data ?? new Uint8Array());
    file.set(bytes, position);
    position += bytes.length;
  }
  return file;
}

/** What a safetensors file consists of: its first bytes, then those of the tensors in this order. */
export interface SafetensorsPlan {
  /** The header and its length. */
  readonly begin: Uint8Array<ArrayBuffer>;
  /** The tensors behind it. */
  readonly names: readonly string[];
  /** Of the whole file. */
  readonly byteLength: number;
}

/**
 * Plans a safetensors file before its tensors are at hand.
 *
 * @throws FormatError when a name cannot be written or the header would exceed its cap of 100 MB
 */
export function planSafetensors(
  types: ReadonlyMap<string, TensorType>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan {
  const ordered = [...types].sort(([nameA, a], [nameB, b]) => {
    const byType = dtypeOrder.indexOf(a.dtype) - dtypeOrder.indexOf(b.dtype);
    return byType === 0 ? compareText(nameA, nameB) : byType;
  });
  const header = new TextEncoder().encode(headerText(ordered, metadata));
  const headerLength = Math.ceil(header.length / alignment) * alignment;
  if (headerLength > headerLimit) {
    throw new FormatError(`the header would have ${headerLength} bytes, ${headerLimit} are allowed`, {
      where: "safetensors",
      hint: "Shorten the metadata.",
    });
  }
  const begin = new Uint8Array(8 + headerLength);
  new DataView(begin.buffer).setBigUint64(0, BigInt(headerLength), true);
  // The header is filled up with spaces, as the format asks.
  begin.fill(0x20, 8);
  begin.set(header, 8);
  const dataLength = ordered.reduce((sum, [, type]) => sum + byteLengthOf(type), 0);
  return { begin, names: ordered.map(([name]) => name), byteLength: begin.length + dataLength };
}

/**
 * The bytes of a safetensors file piece by piece, for files that are larger than what should be in memory at once.
 *
 * @param read - gives a tensor, of the type that was planned, when its turn comes
 */
export async function* safetensorsPieces(
  types: ReadonlyMap<string, TensorType>,
  metadata: Readonly<Record<string, string>>,
  read: (name: string) => Promise<Tensor>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { begin, names } = planSafetensors(types, metadata);
  yield begin;
  for (const name of names) yield elementBytes((await read(name)).data);
}

function byteLengthOf({ dtype, shape }: TensorType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

function headerText(
  ordered: readonly (readonly [string, TensorType])[],
  metadata: Readonly<Record<string, string>>,
): string {
  const fields: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    const texts = keys.map((key) => `${jsonText(key)}:${jsonText(metadata[key])}`);
    fields.push(`${jsonText(metadataKey)}:{${texts.join(",")}}`);
  }
  let begin = 0;
  for (const [name, type] of ordered) {
    const { dtype, shape } = type;
    if (name === metadataKey) {
      throw new FormatError(`"${metadataKey}" is reserved and cannot name a tensor`, {
        where: "safetensors",
        hint: "Rename the tensor.",
      });
    }
    const end = begin + byteLengthOf(type);
    fields.push(
      `${jsonText(name)}:{"dtype":"${nameOfDType[dtype]}","shape":[${shape}],"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  return `{${fields.join(",")}}`;
}

/** Order of the UTF-8 bytes, which differs from JavaScript's order of UTF-16 units above U+FFFF. */
function compareText(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index].codePointAt(0) ?? 0) - (right[index].codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** JSON of a text that UTF-8 can hold. */
function jsonText(text: string): string {
  if (!text.isWellFormed()) {
    throw new FormatError(
      `the text ${JSON.stringify(text)} holds half of a surrogate pair, which UTF-8 cannot hold`,
      {
        where: "safetensors",
        hint: "Use a well-formed name or text.",
      },
    );
  }
  return JSON.stringify(text);
}

/**
 * Reads a safetensors file of unknown origin. F16 and BF16 become float32; I8, I16, U16 become int32, and so do I64 and
 * U64 where every value fits; BOOL becomes uint8. The tensors are views of `bytes` where the encoding allows it.
 *
 * @param options - `name`: the file's name, for errors
 * @throws FormatError naming file and tensor when anything does not fit the format
 */
export function decodeSafetensors(bytes: Uint8Array, options: { readonly name: string }): Safetensors {
  const { name } = options;
  const { fields, dataStart } = readHeader(bytes, name);
  const data = bytes.subarray(dataStart);
  const metadata = readMetadata(fields.get(metadataKey), name);
  fields.delete(metadataKey);
  const entries = [...fields].map(([tensorName, info]) => readEntry(tensorName, info, name));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(entries, data.length, name);
  const tensors = new Map(
    entries.map(({ tensorName, type, shape, begin, end }) => {
      const elements = decodeElements(type, data.subarray(begin, end), tensorPlace(name, tensorName));
      return [tensorName, new Tensor<DType>(storedTypes[type].dtype, shape, elements)];
    }),
  );
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array, name: string): { fields: Map<string, unknown>; dataStart: number } {
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are too few for a header`, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > headerLimit) {
    throw damaged(`a header of ${length} bytes is announced, at most ${headerLimit} are allowed`, name);
  }
  if (8 + length > bytes.length) {
    throw damaged(`a header of ${length} bytes is announced, the file has ${bytes.length} in all`, name);
  }
  const text = decodeText(bytes.subarray(8, 8 + length), name);
  if (!text.startsWith("{")) throw damaged('the header does not begin with "{"', name);
  const header = parseJson(text, name);
  if (!isObject(header)) throw damaged("the header is not a JSON object", name);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw damaged(`the name "${clip(duplicate)}" is there twice`, name);
  return { fields: new Map(Object.entries(header)), dataStart: 8 + length };
}

function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damaged("the header is not UTF-8 text", name, cause);
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged("the header is not valid JSON", name, cause);
  }
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw damaged(`"${metadataKey}" is not a JSON object`, name);
  const texts: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw damaged(`the metadata "${clip(key)}" is not a text`, name);
    texts.push([key, text]);
  }
  return Object.fromEntries(texts);
}

/** Where a tensor lies, once its description has been checked. */
interface Entry {
  readonly tensorName: string;
  readonly type: StoredType;
  readonly shape: Shape;
  /** First byte, and the one after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

function readEntry(tensorName: string, info: unknown, name: string): Entry {
  const where = tensorPlace(name, tensorName);
  if (!isObject(info)) throw damaged("its description is not a JSON object", where);
  const { dtype, shape, data_offsets: offsets } = info as { [key: string]: unknown };
  if (typeof dtype !== "string") throw damaged("it has no dtype", where);
  if (!Object.hasOwn(typeNames, dtype)) {
    throw new FormatError(`elements of type "${clip(dtype)}" are not supported`, {
      where,
      hint: `Convert it before it is saved, to one of ${Object.keys(typeNames).join(", ")}.`,
    });
  }
  if (!isSizeList(shape)) throw damaged("its shape is not a list of whole numbers from 0 up", where);
  if (shape.length > rankLimit) throw damaged(`${shape.length} dimensions are more than ${rankLimit}`, where);
  if (!isSizeList(offsets) || offsets.length !== 2) {
    throw damaged("its data_offsets are not two whole numbers from 0 up", where);
  }
  const type = typeNames[dtype];
  const [begin, end] = offsets;
  const expected = sizeOf(shape) * storedTypes[type].bytes;
  if (end - begin !== expected) {
    throw damaged(
      `${dtype}${formatShape(shape)} needs ${expected} bytes, its data_offsets ${begin} to ${end} hold ${end - begin}`,
      where,
    );
  }
  return { tensorName, type, shape, begin, end };
}

/** The tensors' bytes must cover the data one after another: no overlap, no gap, nothing beyond the end. */
function checkCover(entries: readonly Entry[], dataLength: number, name: string): void {
  let position = 0;
  for (const { tensorName, begin, end } of entries) {
    const where = tensorPlace(name, tensorName);
    if (begin < position)
      throw damaged(`its bytes ${begin} to ${end} overlap those of another tensor`, where);
    if (begin > position)
      throw damaged(`the bytes ${position} to ${begin} before it belong to no tensor`, where);
    if (end > dataLength) {
      throw damaged(
        `its bytes ${begin} to ${end} go beyond the ${dataLength} bytes of data in the file`,
        where,
      );
    }
    position = end;
  }
  if (position !== dataLength) {
    throw damaged(`${dataLength - position} bytes at the end of the file belong to no tensor`, name);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizeList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
