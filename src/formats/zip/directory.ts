/**
 * The directory of a zip archive (PKWARE's APPNOTE 6.3.9): what lies at its end and says which entries there are and
 * where. Readers that trust the headers before the entries instead, or entries that lie one over another, are how
 * archives show different things to different programs, or gigabytes in a few bytes: here both must agree, and no byte
 * belongs to two entries.
 */
import { ByteReader, hasBytes } from "../byte-reader.ts";
import { clip, type Damage, damageOf } from "../format-errors.ts";

/** An entry, once directory and local header have been found to agree. */
export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  /** Bytes of the content. */
  readonly size: number;
  readonly crc: number;
  /** Where its bytes lie in the archive, as they are stored. */
  readonly start: number;
  readonly end: number;
}

/** Most entries read: a network has two or three for a layer, and thousands of layers at most. */
const entryLimit = 100_000;
const endSize = 22;
const zip64LocatorSize = 20;
const signatures = {
  local: [0x50, 0x4b, 3, 4],
  central: [0x50, 0x4b, 1, 2],
  end: [0x50, 0x4b, 5, 6],
  zip64End: [0x50, 0x4b, 6, 6],
  zip64Locator: [0x50, 0x4b, 6, 7],
} as const;
const encryptedFlag = 1;
/** The value that sends the reader to the 64-bit field. */
const in64 = 0xffffffff;

const utf8 = new TextDecoder();

export const damagedZip: Damage = damageOf("zip archive");

/** Whether the bytes begin as an archive with at least one entry does. */
export function beginsAsZip(bytes: Uint8Array): boolean {
  return hasBytes(bytes, signatures.local);
}

/**
 * Reads the directory and checks it against the bytes of the archive.
 *
 * @param name - the file's name, for errors
 * @throws FormatError when anything does not fit, an entry is encrypted, or its method is neither stored nor deflated
 */
export function readZipDirectory(bytes: Uint8Array, name: string): Map<string, ZipEntry> {
  const { count, start, end } = findDirectory(bytes, name);
  if (count > entryLimit) throw damagedZip(`${count} entries are more than ${entryLimit}`, name);
  const reader = new ByteReader(bytes.subarray(0, end), (what) => damagedZip(what, name), start);
  const entries = new Map<string, ZipEntry>();
  const places: { readonly from: number; readonly to: number; readonly name: string }[] = [];
  for (let index = 0; index < count; index++) {
    const record = readRecord(reader, name);
    const entry = locate(record, bytes, start, name);
    if (entries.has(entry.name)) throw damagedZip(`the entry "${clip(entry.name)}" is there twice`, name);
    entries.set(entry.name, entry);
    places.push({ from: record.offset, to: entry.end, name: entry.name });
  }
  places.sort((a, b) => a.from - b.from);
  for (let index = 1; index < places.length; index++) {
    const [before, after] = [places[index - 1], places[index]];
    if (after.from < before.to) {
      throw damagedZip(
        `the entries "${clip(before.name)}" and "${clip(after.name)}" lie one over another`,
        name,
      );
    }
  }
  return entries;
}

interface DirectoryPlace {
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

function findDirectory(bytes: Uint8Array, name: string): DirectoryPlace {
  const at = findEnd(bytes);
  if (at === undefined) throw damagedZip("its directory, which should be at its end, is not there", name);
  const reader = new ByteReader(bytes, (what) => damagedZip(what, name), at + 4);
  const disks = [reader.uint16("a disk number"), reader.uint16("a disk number")];
  const counts = [reader.uint16("the number of entries"), reader.uint16("the number of entries")];
  const size = reader.uint32("the directory's size");
  const start = reader.uint32("the directory's place");
  if (hasBytes(bytes, signatures.zip64Locator, at - zip64LocatorSize)) return findZip64(bytes, at, name);
  if (disks[0] !== 0 || disks[1] !== 0 || counts[0] !== counts[1]) {
    throw damagedZip("it is one part of several", name);
  }
  return checkPlace({ count: counts[0], start, end: start + size }, at, name);
}

/** The position of the end record: the last one whose comment reaches exactly to the end of the file. */
function findEnd(bytes: Uint8Array): number | undefined {
  const last = bytes.length - endSize;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (!hasBytes(bytes, signatures.end, at)) continue;
    if (bytes[at + 20] + 256 * bytes[at + 21] === last - at) return at;
  }
  return undefined;
}

function findZip64(bytes: Uint8Array, end: number, name: string): DirectoryPlace {
  const locator = new ByteReader(bytes, (what) => damagedZip(what, name), end - zip64LocatorSize + 8);
  const at = locator.uint64("the place of the 64-bit end record");
  if (at > end - zip64LocatorSize || !hasBytes(bytes, signatures.zip64End, at)) {
    throw damagedZip(`there is no 64-bit end record at byte ${at}`, name);
  }
  const reader = new ByteReader(bytes, (what) => damagedZip(what, name), at + 16);
  const disks = [reader.uint32("a disk number"), reader.uint32("a disk number")];
  const counts = [reader.uint64("the number of entries"), reader.uint64("the number of entries")];
  const size = reader.uint64("the directory's size");
  const start = reader.uint64("the directory's place");
  if (disks[0] !== 0 || disks[1] !== 0 || counts[0] !== counts[1]) {
    throw damagedZip("it is one part of several", name);
  }
  return checkPlace({ count: counts[0], start, end: start + size }, at, name);
}

function checkPlace(place: DirectoryPlace, limit: number, name: string): DirectoryPlace {
  if (place.end > limit) {
    throw damagedZip(
      `its directory is said to lie at bytes ${place.start} to ${place.end}, beyond ${limit}`,
      name,
    );
  }
  return place;
}

/** An entry as the directory describes it. */
interface Record {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly storedSize: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

function readRecord(reader: ByteReader, file: string): Record {
  const at = reader.position;
  if (!hasBytes(reader.take(4, "an entry of the directory"), signatures.central)) {
    throw damagedZip(`there is no entry of the directory at byte ${at}`, file);
  }
  reader.take(4, "an entry's versions");
  const flags = reader.uint16("an entry's flags");
  const method = reader.uint16("an entry's method");
  reader.take(4, "an entry's time");
  const crc = reader.uint32("an entry's checksum");
  const storedSize = reader.uint32("an entry's size");
  const size = reader.uint32("an entry's size");
  const nameLength = reader.uint16("an entry's name length");
  const extraLength = reader.uint16("an entry's extra length");
  const commentLength = reader.uint16("an entry's comment length");
  reader.take(8, "an entry's attributes");
  const offset = reader.uint32("an entry's place");
  const rawName = reader.take(nameLength, "an entry's name");
  const extra = reader.take(extraLength, "an entry's extra fields");
  reader.take(commentLength, "an entry's comment");
  const name = utf8.decode(rawName);
  const wide = {
    size,
    storedSize,
    offset,
    ...readZip64Sizes(extra, { size, storedSize, offset }, file, name),
  };
  return { name, rawName, flags, method, crc, ...wide };
}

interface Sizes {
  readonly size: number;
  readonly storedSize: number;
  readonly offset: number;
}

/** The sizes that did not fit into 32 bits, from the extra field 1; those that did are not in it. */
function readZip64Sizes(extra: Uint8Array, narrow: Sizes, file: string, name: string): Partial<Sizes> {
  const missing = (["size", "storedSize", "offset"] as const).filter((field) => narrow[field] === in64);
  if (missing.length === 0) return {};
  const where = `${file}, entry "${clip(name)}"`;
  const reader = new ByteReader(extra, (what) => damagedZip(what, where));
  while (reader.remaining >= 4) {
    const kind = reader.uint16("an extra field");
    const field = reader.take(reader.uint16("an extra field"), "an extra field");
    if (kind !== 1) continue;
    const values = new ByteReader(field, (what) => damagedZip(what, where));
    return Object.fromEntries(missing.map((key) => [key, values.uint64("a 64-bit size")]));
  }
  throw damagedZip("its 64-bit sizes are not there", where);
}

/** Where the bytes of an entry lie, once its local header has been found to agree with the directory. */
function locate(record: Record, bytes: Uint8Array, directoryStart: number, file: string): ZipEntry {
  const { name, size, storedSize, crc, offset } = record;
  const where = `${file}, entry "${clip(name)}"`;
  const method = methodOf(record, where);
  // Everything up to the directory: what an entry needs beyond that is not there.
  const reader = new ByteReader(bytes.subarray(0, directoryStart), (what) => damagedZip(what, where));
  if (offset > directoryStart)
    throw damagedZip(`it is said to begin at byte ${offset}, beyond the entries`, where);
  reader.position = offset;
  if (!hasBytes(reader.take(4, "its header"), signatures.local)) {
    throw damagedZip(`there is no entry at byte ${offset}`, where);
  }
  reader.take(4, "its header");
  const localMethod = reader.uint16("its header");
  // Time, checksum and sizes: writers that stream leave the latter two empty here.
  reader.take(16, "its header");
  const nameLength = reader.uint16("its header");
  const extraLength = reader.uint16("its header");
  const rawName = reader.take(nameLength, "its name");
  reader.take(extraLength, "its extra fields");
  const agrees = localMethod === record.method && hasBytes(rawName, [...record.rawName]);
  if (!agrees || rawName.length !== record.rawName.length) {
    throw damagedZip("the directory and the entry's own header differ", where);
  }
  const start = reader.position;
  reader.take(storedSize, "its content");
  return { name, method, size, crc, start, end: reader.position };
}

function methodOf({ flags, method, size, storedSize }: Record, where: string): ZipEntry["method"] {
  if (flags & encryptedFlag) throw damagedZip("it is encrypted", where);
  if (method !== 0 && method !== 8) {
    throw damagedZip(`compression method ${method} is neither stored (0) nor deflated (8)`, where);
  }
  if (method === 0 && size !== storedSize) {
    throw damagedZip(`stored as it is, it has sizes ${size} and ${storedSize}`, where);
  }
  return method === 0 ? "stored" : "deflated";
}
