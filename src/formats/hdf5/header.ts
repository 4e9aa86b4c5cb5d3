import { damagedHdf5, type Hdf5Cursor, type Hdf5Source, unsupportedHdf5 } from "./source.ts";

/** Kinds of messages in an object's header that are looked at. */
export const messageKinds = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** A message of an object's header: what the object is made of. */
export interface Message {
  readonly kind: number;
  readonly body: Uint8Array;
}

/** Messages of one object: attributes and links, mostly. */
const messageLimit = 100_000;

/**
 * All messages of an object.
 *
 * @param where - file and path, for errors
 */
export function readHeader(source: Hdf5Source, address: number, where: string): readonly Message[] {
  const cursor = source.at(address, where);
  const isSecond = cursor.uint8("the object's header") === 0x4f;
  cursor.position--;
  const messages: Message[] = [];
  // Blocks of messages yet to be read; a block may name others.
  const blocks: Block[] = [isSecond ? secondHeader(cursor) : firstHeader(cursor)];
  const seen = new Set<number>();
  for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
    const { start, end, headBytes } = block;
    if (seen.has(start)) throw damagedHdf5("its header runs in a circle", where);
    seen.add(start);
    const reader = source.within(source.bytes.subarray(0, end), where);
    reader.position = start;
    // What is too short for a message is a gap.
    while (reader.remaining >= headBytes) {
      source.step();
      const message = readMessage(reader, headBytes, where);
      if (message.kind === messageKinds.continuation) blocks.push(continued(source, message, block, where));
      else if (message.kind !== 0) messages.push(message);
      if (messages.length > messageLimit) throw damagedHdf5(`it has more than ${messageLimit} parts`, where);
    }
  }
  return messages;
}

/** A stretch of the file with messages, and the bytes before each message's body. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly headBytes: number;
}

function firstHeader(cursor: Hdf5Cursor): Block {
  const version = cursor.uint8("the object's header");
  if (version !== 1) throw damagedHdf5(`an object's header of version ${version} is not known`, cursor.where);
  cursor.skip(7, "the object's header");
  const length = cursor.uint32("the size of the object's header");
  cursor.skip(4, "the object's header");
  return blockOf(cursor, length, 8);
}

function secondHeader(cursor: Hdf5Cursor): Block {
  cursor.signature("OHDR", "the object's header");
  const version = cursor.uint8("the version of the object's header");
  if (version !== 2) throw damagedHdf5(`an object's header of version ${version} is not known`, cursor.where);
  const flags = cursor.uint8("the flags of the object's header");
  if (flags & 0x20) cursor.skip(16, "the object's times");
  if (flags & 0x10) cursor.skip(4, "the object's limits of attributes");
  const lengthBytes = 1 << (flags & 3);
  let length = 0;
  for (const [index, byte] of cursor.take(lengthBytes, "the size of the object's header").entries()) {
    length += byte * 256 ** index;
  }
  return blockOf(cursor, length, flags & 4 ? 6 : 4);
}

function blockOf(cursor: Hdf5Cursor, length: number, headBytes: number): Block {
  const start = cursor.position;
  cursor.take(length, "the object's header");
  return { start, end: start + length, headBytes };
}

/** A message's kind, size and flags, and in the newer form, where asked for, its place in the order of creation. */
function readMessage(reader: Hdf5Cursor, headBytes: number, where: string): Message {
  const isFirst = headBytes === 8;
  const kind = isFirst ? reader.uint16("a message") : reader.uint8("a message");
  const size = reader.uint16("the size of a message");
  const flags = reader.uint8("the flags of a message");
  reader.skip(isFirst ? 3 : headBytes - 4, "a message");
  const body = reader.take(size, "a message");
  const matters: readonly number[] = Object.values(messageKinds);
  if (flags & 2 && matters.includes(kind))
    throw unsupportedHdf5("a part that is shared between objects", where);
  return { kind, body };
}

function continued(source: Hdf5Source, message: Message, before: Block, where: string): Block {
  const target = source.within(message.body, where);
  const address = target.definedAddress("the rest of the object's header");
  const length = target.length("the size of the rest of the object's header");
  const cursor = source.at(address, where);
  const { position: start } = cursor;
  cursor.take(length, "the rest of the object's header");
  if (before.headBytes === 8) return { start, end: start + length, headBytes: 8 };
  cursor.position = start;
  cursor.signature("OCHK", "the rest of the object's header");
  // A checksum stands at the end.
  return { start: start + 4, end: Math.max(start + 4, start + length - 4), headBytes: before.headBytes };
}
