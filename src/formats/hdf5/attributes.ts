import { sizeOf } from "../../tensor/shape.ts";
import { clip } from "../format-errors.ts";
import { type Message, messageKinds } from "./header.ts";
import { damagedHdf5, type Hdf5Source, unsupportedHdf5 } from "./source.ts";
import { type ElementType, readDataspace, readElementType } from "./types.ts";

/** Attributes of an object that are texts or lists of them; what else there is, Keras does not need. */
export interface TextAttributes {
  texts(name: string): readonly string[] | null;
}

/** An attribute, before its value is looked at. */
interface Attribute {
  readonly type: ElementType;
  readonly count: number;
  readonly value: Uint8Array;
}

/** Reads the attributes in an object's header; values only when asked for. */
export function readAttributes(
  source: Hdf5Source,
  messages: readonly Message[],
  where: string,
): TextAttributes {
  const attributes = new Map<string, Attribute>();
  for (const { kind, body } of messages) {
    if (kind === messageKinds.attribute) {
      const [name, attribute] = readAttribute(source, body, where);
      if (attributes.has(name)) throw damagedHdf5(`the attribute "${clip(name)}" is there twice`, where);
      attributes.set(name, attribute);
    } else if (kind === messageKinds.attributeInfo) refuseDenseAttributes(source, body, where);
  }
  return {
    texts: (name) => {
      const attribute = attributes.get(name);
      return attribute === undefined
        ? null
        : decodeTexts(source, attribute, `${where}, attribute "${clip(name)}"`);
    },
  };
}

function readAttribute(source: Hdf5Source, body: Uint8Array, where: string): [string, Attribute] {
  const cursor = source.within(body, where);
  const version = cursor.uint8("an attribute");
  if (version < 1 || version > 3) throw unsupportedHdf5(`version ${version} of attributes`, where);
  const flags = cursor.uint8("an attribute");
  if (version > 1 && flags !== 0) throw unsupportedHdf5("an attribute with a shared type", where);
  const sizes = ["name", "type", "shape"].map((part) => cursor.uint16(`the size of an attribute's ${part}`));
  if (version === 3) cursor.skip(1, "an attribute's alphabet");
  // The first version fills each part up to a multiple of 8.
  const part = (size: number, what: string) => {
    const bytes = cursor.take(size, what);
    if (version === 1) cursor.skip((8 - (size % 8)) % 8, what);
    return bytes;
  };
  const nameBytes = part(sizes[0], "an attribute's name");
  const end = nameBytes.indexOf(0);
  const name = new TextDecoder().decode(end < 0 ? nameBytes : nameBytes.subarray(0, end));
  const type = readElementType(source.within(part(sizes[1], "an attribute's type"), where));
  const count = sizeOf(readDataspace(source.within(part(sizes[2], "an attribute's shape"), where)));
  return [name, { type, count, value: cursor.take(count * type.bytes, `the value of "${clip(name)}"`) }];
}

function refuseDenseAttributes(source: Hdf5Source, body: Uint8Array, where: string): void {
  const cursor = source.within(body, where);
  cursor.skip(1, "an object's attributes");
  if (cursor.uint8("an object's attributes") & 1) cursor.skip(2, "an object's attributes");
  if (cursor.address("an object's attributes") !== null) {
    throw unsupportedHdf5("an object with its attributes in a fractal heap", where);
  }
}

function decodeTexts(source: Hdf5Source, { type, count, value }: Attribute, where: string): string[] {
  // An empty list has no texts of which it could have the type.
  if (count === 0) return [];
  if (type.kind !== "text" && type.kind !== "longText") {
    throw damagedHdf5(
      `it should be a text, it is of ${type.kind === "other" ? type.what : type.kind}`,
      where,
    );
  }
  // Several objects may have the same header, and so the same attribute.
  source.spend(value.length, where);
  return Array.from({ length: count }, (_, index) => {
    source.step();
    const element = value.subarray(index * type.bytes, (index + 1) * type.bytes);
    return decodeText(type.kind === "text" ? element : longText(source, element, where), where);
  });
}

/** A text up to its first zero; blanks that fill it up are dropped. */
function decodeText(bytes: Uint8Array, where: string): string {
  const end = bytes.indexOf(0);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
    return text.trimEnd();
  } catch (cause) {
    throw damagedHdf5("it is not UTF-8 text", where, cause);
  }
}

/** A text in the file's heap: its length, the address of a collection, and its number there. */
function longText(source: Hdf5Source, element: Uint8Array, where: string): Uint8Array {
  const cursor = source.within(element, where);
  const length = cursor.uint32("the length of a text");
  const address = cursor.address("the place of a text");
  const wanted = cursor.uint32("the number of a text");
  if (length === 0 || address === null || address === 0) return new Uint8Array(0);
  source.spend(length, where);
  const collection = source.at(address, where);
  const start = collection.position;
  collection.signature("GCOL", "a collection of texts");
  collection.skip(4, "a collection of texts");
  const end = start + collection.length("the size of a collection of texts");
  while (collection.position + 8 + source.lengthSize <= end) {
    source.step();
    const index = collection.uint16("a text's number");
    collection.skip(6, "a text");
    const size = collection.length("a text's size");
    // Number 0 is the room that is left.
    if (index === 0) break;
    if (index === wanted) {
      if (length > size) throw damagedHdf5(`a text of ${length} bytes lies in ${size}`, where);
      return collection.take(length, "a text");
    }
    collection.skip(Math.ceil(size / 8) * 8, "a text");
  }
  throw damagedHdf5(`its text ${wanted} is not in the collection that it names`, where);
}
