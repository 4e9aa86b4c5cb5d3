/**
 * A walk over the bytes of an ONNX file before anything is made of them. A protobuf message of two bytes becomes an object
 * of hundreds, so what a small file could ask for is counted first, and every length is held against what is around it.
 */
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { FormatError } from "../../tensor/errors.ts";

/** Most messages and texts of a file: a network of 20,000 nodes has 300,000 or so. */
const pieceLimit = 500_000;
/** Most 64-bit integers, each of which takes 32 bytes when decoded: they are shapes and indices, not weights. */
const wideIntegerLimit = 4_000_000;

/** protobuf's ways to write a field: https://protobuf.dev/programming-guides/encoding/#structure */
const wire = { varint: 0, eightBytes: 1, lengthDelimited: 2, fourBytes: 5 } as const;

/** Numbers of protobuf's scalar types, as descriptors give them. */
const scalar = { double: 1, float: 2, int64: 3, uint64: 4, string: 9, bytes: 12 } as const;

interface Walk {
  readonly bytes: Uint8Array;
  readonly name: string;
  position: number;
  pieces: number;
  wideIntegers: number;
}

/**
 * Checks that bytes are a message of a schema: tags and lengths within their bounds, fields written as their types are,
 * no more pieces than the caps allow. Fields that the schema does not have are passed over.
 *
 * @param name - the file's name, for errors
 * @throws FormatError when the bytes are damaged or ask for too much
 */
export function checkWire(bytes: Uint8Array, schema: DescMessage, name: string): void {
  const walk: Walk = { bytes, name, position: 0, pieces: 0, wideIntegers: 0 };
  checkMessage(walk, schema, bytes.length);
}

/**
 * Whether the outermost fields of a file are those of an ONNX model: a version, then fields that end exactly with the
 * file, a graph among them.
 */
export function looksLikeOnnx(bytes: Uint8Array): boolean {
  const walk: Walk = { bytes, name: "", position: 0, pieces: 0, wideIntegers: 0 };
  const highestField = 26;
  let graph = false;
  try {
    for (let fields = 0; walk.position < bytes.length; fields++) {
      const { field, type } = readTag(walk, bytes.length);
      // Exporters of all kinds write the version first, as protobuf's own writers do: fields by number.
      if (fields === 0 && (field !== 1 || type !== wire.varint)) return false;
      if (field > highestField || fields > 10_000) return false;
      if (field === 7) {
        if (type !== wire.lengthDelimited) return false;
        graph = true;
      }
      skip(walk, type, bytes.length);
    }
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  return graph;
}

function checkMessage(walk: Walk, schema: DescMessage, end: number): void {
  count(walk);
  while (walk.position < end) {
    const { field: number, type } = readTag(walk, end);
    const field = schema.fields.find((entry) => entry.number === number);
    if (field === undefined) skip(walk, type, end);
    else checkField(walk, field, type, end);
  }
}

function checkField(walk: Walk, field: DescField, type: number, end: number): void {
  const { message } = field;
  if (message !== undefined) {
    expectType(walk, field, type, wire.lengthDelimited);
    const length = readLength(walk, end);
    checkMessage(walk, message, walk.position + length);
    return;
  }
  const scalarType = "scalar" in field ? field.scalar : undefined;
  if (scalarType === scalar.string || scalarType === scalar.bytes) {
    expectType(walk, field, type, wire.lengthDelimited);
    count(walk);
    skip(walk, type, end);
    return;
  }
  const single = wireTypeOf(scalarType);
  if (type === wire.lengthDelimited && field.fieldKind === "list") {
    const length = readLength(walk, end);
    checkPacked(walk, field, single, walk.position + length);
    return;
  }
  expectType(walk, field, type, single);
  skip(walk, type, end);
  if (isWide(scalarType)) countWide(walk, 1);
}

/** Numbers one behind the other, without tags. */
function checkPacked(walk: Walk, field: DescField, type: number, end: number): void {
  const length = end - walk.position;
  const size = type === wire.fourBytes ? 4 : type === wire.eightBytes ? 8 : 1;
  if (length % size !== 0)
    throw damaged(walk, `${length} bytes of ${field.name} are no whole numbers of ${size} bytes`);
  if (type === wire.varint && length > 0 && (walk.bytes[end - 1] ?? 0) >= 0x80) {
    throw damaged(walk, `the last number of ${field.name} is cut short`);
  }
  if ("scalar" in field && isWide(field.scalar)) {
    let numbers = 0;
    for (let at = walk.position; at < end; at++) if ((walk.bytes[at] ?? 0) < 0x80) numbers++;
    countWide(walk, numbers);
  }
  walk.position = end;
}

/** How one number of a type is written; enumerations are varints. */
function wireTypeOf(scalarType: number | undefined): number {
  if (scalarType === scalar.double) return wire.eightBytes;
  return scalarType === scalar.float ? wire.fourBytes : wire.varint;
}

function isWide(scalarType: number | undefined): boolean {
  return scalarType === scalar.int64 || scalarType === scalar.uint64;
}

function expectType(walk: Walk, field: DescField, type: number, expected: number): void {
  if (type !== expected)
    throw damaged(walk, `${field.name} is written with wire type ${type}, not ${expected}`);
}

function readTag(walk: Walk, end: number): { field: number; type: number } {
  const tag = readVarint(walk, end);
  const field = Math.floor(tag / 8);
  if (field < 1 || tag > 0xffff_ffff) throw damaged(walk, `the tag ${tag} names no field`);
  return { field, type: tag % 8 };
}

function readLength(walk: Walk, end: number): number {
  const length = readVarint(walk, end);
  if (length > end - walk.position) {
    throw damaged(walk, `a field of ${length} bytes is announced where ${end - walk.position} are left`);
  }
  return length;
}

function skip(walk: Walk, type: number, end: number): void {
  if (type === wire.varint) readVarint(walk, end);
  else if (type === wire.lengthDelimited) {
    const length = readLength(walk, end);
    walk.position += length;
  } else if (type === wire.eightBytes) walk.position += 8;
  else if (type === wire.fourBytes) walk.position += 4;
  else throw damaged(walk, `wire type ${type} is none that ONNX has`);
  if (walk.position > end) throw damaged(walk, "a number is cut short");
}

/** Seven bits a byte, the lowest first; exact up to 2^53, which no length or tag exceeds. */
function readVarint(walk: Walk, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 10; shift++) {
    const byte = walk.position < end ? walk.bytes[walk.position] : undefined;
    if (byte === undefined) throw damaged(walk, "a number is cut short");
    walk.position++;
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) return value;
  }
  throw damaged(walk, "a number has more than ten bytes");
}

function count(walk: Walk): void {
  if (++walk.pieces > pieceLimit) throw tooMuch(walk, `more than ${pieceLimit} nodes, attributes and texts`);
}

function countWide(walk: Walk, numbers: number): void {
  walk.wideIntegers += numbers;
  if (walk.wideIntegers > wideIntegerLimit)
    throw tooMuch(walk, `more than ${wideIntegerLimit} 64-bit integers`);
}

function tooMuch({ name }: Walk, what: string): FormatError {
  return new FormatError(`the file has ${what}`, {
    where: name,
    hint: "No image classifier has so many: the file is damaged or made to do harm.",
  });
}

function damaged({ name, position }: Walk, what: string): FormatError {
  return new FormatError(`not a valid ONNX file: ${what} (byte ${position})`, {
    where: name,
    hint: "The file is damaged, cut short or of another format: download or export it again.",
  });
}
