/** Writes zip archives: the same entries give the same bytes, as every entry has the first date that the format knows. */

import { crc32 } from "../../tensor/crc32.ts";
import { FormatError } from "../../tensor/errors.ts";

/** An entry to be written: its bytes, in parts. */
export interface ZipContent {
  readonly name: string;
  readonly parts: readonly Uint8Array[];
}

const localSize = 30;
const centralSize = 46;
const endSize = 22;
/** Content begins at a multiple of this, so that arrays in it can be used as they lie. */
const alignment = 64;
/** The extra field that fills up to it: the id that Android's archives have for that, the alignment, then zeros. */
const paddingId = 0xd935;
/** 1 January 1980, in the two words of MS-DOS. */
const firstDate = 0x0021;
const utf8Names = 0x0800;
/** Sizes and offsets have 32 bits, counts 16, unless 64-bit fields are added, which not every reader takes. */
const sizeLimit = 0xffffffff;
const countLimit = 0xffff;

/** An entry that has been written. */
interface Placed {
  readonly name: Uint8Array;
  readonly method: number;
  readonly crc: number;
  readonly storedSize: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The bytes of an archive of these entries, in their order, piece by piece: what is stored is not copied.
 *
 * @param options - `compress`: deflates them; otherwise they are stored, each beginning at a multiple of 64 bytes
 * @param file - its name, for errors
 * @throws FormatError when the archive would have more than 4 GiB or 65,535 entries, before the first of them is written
 */
export async function* zipPieces(
  contents: readonly ZipContent[],
  { compress }: { readonly compress: boolean },
  file: string,
): AsyncGenerator<Uint8Array<ArrayBufferLike>, void, undefined> {
  checkSize(contents, file);
  const deflate = compress ? (await import("fflate")).deflateSync : null;
  const entries: Placed[] = [];
  let position = 0;
  for (const { name: text, parts } of contents) {
    const name = new TextEncoder().encode(text);
    const stored = deflate === null ? parts : [deflate(joined(parts))];
    const entry = {
      name,
      method: compress ? 8 : 0,
      crc: parts.reduce((crc, part) => crc32(part, crc), 0),
      storedSize: lengthOf(stored),
      size: lengthOf(parts),
      offset: position,
    };
    const header = localHeader(entry, compress ? 0 : paddingFor(position + localSize + name.length));
    entries.push(entry);
    position += header.length + entry.storedSize;
    yield header;
    yield* stored;
  }
  yield directory(entries, position);
}

/** Names take up to three bytes a letter, twice; what deflate makes may be larger by five bytes for each 16 kB. */
function checkSize(contents: readonly ZipContent[], file: string): void {
  const bytes = contents.reduce((sum, { name, parts }) => sum + 6 * name.length + 256 + lengthOf(parts), 0);
  if (contents.length <= countLimit && bytes * 1.001 <= sizeLimit) return;
  throw new FormatError(
    `${contents.length} arrays of ${bytes} bytes are more than an archive of 4 GiB holds`,
    {
      where: file,
      hint: "Write a safetensors file.",
    },
  );
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Parts as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(lengthOf(parts));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** Bytes of an extra field, its head included, behind which content is aligned; 0 where it is so by itself. */
function paddingFor(position: number): number {
  const missing = (alignment - (position % alignment)) % alignment;
  // An extra field has at least its head of four bytes and two that say the alignment.
  return missing === 0 || missing >= 6 ? missing : missing + alignment;
}

function localHeader(entry: Placed, padding: number): Uint8Array {
  const { name } = entry;
  const header = new Uint8Array(localSize + name.length + padding);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  writeCommon(view, 4, entry);
  view.setUint16(28, padding, true);
  header.set(name, localSize);
  if (padding > 0) {
    const extra = localSize + name.length;
    view.setUint16(extra, paddingId, true);
    view.setUint16(extra + 2, padding - 4, true);
    view.setUint16(extra + 4, alignment, true);
  }
  return header;
}

/** The directory, and the record at the end that says where it begins. */
function directory(entries: readonly Placed[], position: number): Uint8Array {
  const size = entries.reduce((sum, { name }) => sum + centralSize + name.length, 0);
  const bytes = new Uint8Array(size + endSize);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, 20, true);
    writeCommon(view, at + 6, entry);
    view.setUint32(at + 42, entry.offset, true);
    bytes.set(entry.name, at + centralSize);
    at += centralSize + entry.name.length;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, position, true);
  return bytes;
}

/** What an entry's own header and the directory both say: version, flags, method, date, checksum, sizes, name length. */
function writeCommon(view: DataView, at: number, { method, crc, storedSize, size, name }: Placed): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, utf8Names, true);
  view.setUint16(at + 4, method, true);
  view.setUint16(at + 8, firstDate, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, storedSize, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
}
