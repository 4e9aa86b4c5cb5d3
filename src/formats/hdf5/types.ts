import type { Shape } from "../../tensor/shape.ts";
import type { StoredType } from "../elements.ts";
import { damagedHdf5, type Hdf5Cursor, unsupportedHdf5 } from "./source.ts";

/** What one element of an attribute or a data set is. */
export type ElementType =
  | {
      readonly kind: "number";
      readonly type: StoredType;
      readonly bytes: number;
      readonly bigEndian: boolean;
    }
  /** A text of fixed size, filled up with zeros or blanks. */
  | { readonly kind: "text"; readonly bytes: number }
  /** A text elsewhere in the file. */
  | { readonly kind: "longText"; readonly bytes: number }
  /** Bytes of no meaning to the format: h5py stores bfloat16 so. */
  | { readonly kind: "opaque"; readonly bytes: number }
  | { readonly kind: "other"; readonly bytes: number; readonly what: string };

const integers: { readonly [bytes: number]: readonly [unsigned: StoredType, signed: StoredType] } = {
  1: ["u8", "i8"],
  2: ["u16", "i16"],
  4: ["u32", "i32"],
  8: ["u64", "i64"],
};

/** Exponent and fraction bits of IEEE 754, and of bfloat16. */
const floats: { readonly [layout: string]: StoredType } = {
  "16 5 10": "f16",
  "16 8 7": "bf16",
  "32 8 23": "f32",
  "64 11 52": "f64",
};

const classNames = [
  ...["integers", "floating-point numbers", "times", "texts", "bit fields", "opaque values"],
  ...["compound values", "references", "enumerations", "lists of any length", "arrays"],
];

/** Reads the description of an element. */
export function readElementType(cursor: Hdf5Cursor): ElementType {
  const first = cursor.uint8("an element type");
  const bits = cursor.uint8("an element type");
  cursor.skip(2, "an element type");
  const bytes = cursor.uint32("the size of an element");
  if (bytes === 0) throw damagedHdf5("an element has 0 bytes", cursor.where);
  switch (first & 0x0f) {
    case 0: {
      const type = integers[bytes]?.[(bits >> 3) & 1];
      if (type === undefined) return { kind: "other", bytes, what: `integers of ${bytes} bytes` };
      return { kind: "number", type, bytes, bigEndian: (bits & 1) === 1 };
    }
    case 1:
      return readFloat(cursor, bits, bytes);
    case 3:
      return { kind: "text", bytes };
    case 5:
      return { kind: "opaque", bytes };
    case 8: {
      // Booleans of h5py: FALSE and TRUE over bytes.
      const base = readElementType(cursor);
      const isByte = base.kind === "number" && base.bytes === 1 && bytes === 1;
      return isByte ? { ...base, type: "bool" } : { kind: "other", bytes, what: "enumerations" };
    }
    case 9:
      return (bits & 0x0f) === 1
        ? { kind: "longText", bytes }
        : { kind: "other", bytes, what: "lists of any length" };
    default:
      return { kind: "other", bytes, what: classNames[first & 0x0f] ?? "elements of an unknown class" };
  }
}

function readFloat(cursor: Hdf5Cursor, bits: number, bytes: number): ElementType {
  cursor.skip(2, "the bits of a number");
  const precision = cursor.uint16("the bits of a number");
  cursor.skip(1, "the bits of a number");
  const exponent = cursor.uint8("the bits of a number");
  cursor.skip(1, "the bits of a number");
  const fraction = cursor.uint8("the bits of a number");
  const layout = `${precision} ${exponent} ${fraction}`;
  if (!Object.hasOwn(floats, layout) || bytes * 8 !== precision) {
    return {
      kind: "other",
      bytes,
      what: `floating-point numbers of ${precision} bits (${exponent}, ${fraction})`,
    };
  }
  return { kind: "number", type: floats[layout], bytes, bigEndian: (bits & 1) === 1 };
}

/** Most axes of a data set: the format's own limit. */
const rankLimit = 32;

/** Reads a shape; an empty space (h5py.Empty) has no elements. */
export function readDataspace(cursor: Hdf5Cursor): Shape {
  const version = cursor.uint8("a shape");
  const rank = cursor.uint8("a number of axes");
  const hasMaximum = (cursor.uint8("a shape") & 1) === 1;
  if (rank > rankLimit) throw damagedHdf5(`${rank} axes are more than ${rankLimit}`, cursor.where);
  if (version === 1) cursor.skip(5, "a shape");
  else if (version !== 2) throw unsupportedHdf5(`version ${version} of shapes`, cursor.where);
  else if (cursor.uint8("a shape") === 2) return [0];
  const shape = Array.from({ length: rank }, () => cursor.length("the size of an axis"));
  if (hasMaximum) cursor.skip(rank * cursor.source.lengthSize, "the largest sizes of axes");
  return shape;
}
