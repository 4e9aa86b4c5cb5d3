/** Writes zip archives: the same entries give the same bytes, as every entry has the first date that the format knows. */
import { FormatError } from "../../tensor/errors.ts";
import { crc32 } from "./crc32.ts";

/** An entry to be written. */
export interface ZipContent {
  readonly name: string;
  readonly bytes: Uint8Array;
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

/** An entry as it will lie in the archive. */
interface Placed {
  readonly name: Uint8Array;
  readonly stored: Uint8Array;
  readonly size: number;
  readonly crc: number;
  readonly method: number;
  readonly padding: number;
  readonly offset: number;
}

/**
 * An archive of these entries, in their order.
 *
 * @param options - `compress`: deflates them; otherwise they are stored, each beginning at a multiple of 64 bytes
 * @param name - of the file, for errors
 * @throws FormatError when the archive would have more than 4 GiB or 65,535 entries
 */
export async function writeZip(
  contents: readonly ZipContent[],
  { compress }: { readonly compress: boolean },
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const deflate = compress ? (await import("fflate")).deflateSync : null;
  const entries: Placed[] = [];
  let position = 0;
  for (const { name: entryName, bytes } of contents) {
    const encoded = new TextEncoder().encode(entryName);
    const stored = deflate === null ? bytes : deflate(bytes);
    const padding = compress ? 0 : paddingFor(position + localSize + encoded.length);
    const method = compress ? 8 : 0;
    entries.push({
      name: encoded,
      stored,
      size: bytes.length,
      crc: crc32(bytes),
      method,
      padding,
      offset: position,
    });
    position += localSize + encoded.length + padding + stored.length;
  }
  const directorySize = entries.reduce((sum, entry) => sum + centralSize + entry.name.length, 0);
  if (entries.length > countLimit || position + directorySize > sizeLimit) {
    throw new FormatError(
      `${entries.length} arrays of ${position} bytes are more than an archive of 4 GiB holds`,
      {
        where: name,
        hint: "Write a safetensors file.",
      },
    );
  }
  const file = new Uint8Array(position + directorySize + endSize);
  const view = new DataView(file.buffer);
  for (const entry of entries) writeLocal(file, view, entry);
  let at = position;
  for (const entry of entries) at += writeCentral(file, view, at, entry);
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, directorySize, true);
  view.setUint32(at + 16, position, true);
  return file;
}

/** Bytes of an extra field, its head included, behind which content is aligned; 0 where it is so by itself. */
function paddingFor(position: number): number {
  const missing = (alignment - (position % alignment)) % alignment;
  // An extra field has at least its head of four bytes and two that say the alignment.
  return missing === 0 || missing >= 6 ? missing : missing + alignment;
}

function writeLocal(file: Uint8Array, view: DataView, entry: Placed): void {
  const { offset, name, padding, stored } = entry;
  view.setUint32(offset, 0x04034b50, true);
  writeCommon(view, offset + 4, entry);
  view.setUint16(offset + 28, padding, true);
  const extra = offset + localSize + name.length;
  file.set(name, offset + localSize);
  if (padding > 0) {
    view.setUint16(extra, paddingId, true);
    view.setUint16(extra + 2, padding - 4, true);
    view.setUint16(extra + 4, alignment, true);
  }
  file.set(stored, extra + padding);
}

function writeCentral(file: Uint8Array, view: DataView, at: number, entry: Placed): number {
  view.setUint32(at, 0x02014b50, true);
  view.setUint16(at + 4, 20, true);
  writeCommon(view, at + 6, entry);
  view.setUint32(at + 42, entry.offset, true);
  file.set(entry.name, at + centralSize);
  return centralSize + entry.name.length;
}

/** What an entry's own header and the directory both say: version, flags, method, date, checksum, sizes, name length. */
function writeCommon(view: DataView, at: number, { method, crc, stored, size, name }: Placed): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, utf8Names, true);
  view.setUint16(at + 4, method, true);
  view.setUint16(at + 8, firstDate, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, stored.length, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
}
