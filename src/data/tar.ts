/**
 * Tar archives (POSIX 1003.1, "ustar", and GNU's), read as they arrive. Only plain files are handed out, by name; links,
 * devices and folders are passed over, and nothing is ever written to a disk, so that names cannot lead anywhere.
 */
import { FormatError } from "../tensor/errors.ts";

/** Everything in an archive comes in multiples of it. */
const blockSize = 512;
/** The most entries: archives of data sets have about ten. */
const entryLimit = 10_000;
const again = "It is damaged or cut short: download it again.";

/** A file in an archive. */
export interface TarEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The file's bytes, piece by piece; to be taken before the next entry is asked for. What is not taken is skipped. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * The files of an archive in their order.
 *
 * @param chunks - the archive's bytes, in pieces of any size
 * @param name - the archive's name, for errors
 * @throws FormatError when a header is damaged, the archive is cut short, or has more entries than any data set's
 */
export async function* tarEntries(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<TarEntry, void, void> {
  const source = new BlockSource(chunks, name);
  try {
    for (let count = 0; ; count++) {
      const header = await source.header();
      // A block of zeros ends an archive.
      if (header === null || header.every((byte) => byte === 0)) return;
      if (count === entryLimit) throw source.failure(`it has more than ${entryLimit} entries`);
      const { path, size, isFile } = readHeader(header, source);
      const content = source.content(size);
      if (isFile) yield { name: path, size, chunks: () => content };
      for await (const _ of content) {
        // The next header lies behind.
      }
    }
  } finally {
    await source.close();
  }
}

/** Deals out an archive's bytes as blocks and stretches. */
class BlockSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string;
  /** What has come and is not used up. */
  #rest: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  failure(what: string): FormatError {
    return new FormatError(`not a valid tar archive: ${what}`, { where: this.#name, hint: again });
  }

  /** Of the byte that comes next. */
  get position(): number {
    return this.#position;
  }

  /** The next block; null at the archive's end. */
  async header(): Promise<Uint8Array | null> {
    const block = new Uint8Array(blockSize);
    let filled = 0;
    while (filled < blockSize) {
      const piece = await this.#take(blockSize - filled);
      if (piece === null) {
        if (filled === 0) return null;
        throw this.failure(`it ends inside a header, after ${this.#position} bytes`);
      }
      block.set(piece, filled);
      filled += piece.length;
    }
    return block;
  }

  /** The next bytes; those that fill up the last block are dropped behind them. */
  async *content(size: number): AsyncGenerator<Uint8Array> {
    let left = size;
    let padding = (blockSize - (size % blockSize)) % blockSize;
    while (left + padding > 0) {
      const piece = await this.#take(left > 0 ? left : padding);
      if (piece === null) throw this.failure(`it ends inside a file, after ${this.#position} bytes`);
      if (left === 0) padding -= piece.length;
      else {
        left -= piece.length;
        yield piece;
      }
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** At most so many bytes, as they come; null at the end. */
  async #take(limit: number): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return null;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    this.#position += piece.length;
    return piece;
  }
}

/** Where the fields of a header lie: first byte, and the one behind the last. */
const fields = {
  name: [0, 100],
  size: [124, 136],
  checksum: [148, 156],
  type: [156, 157],
  magic: [257, 262],
  prefix: [345, 500],
} as const;

function readHeader(
  block: Uint8Array,
  source: BlockSource,
): { readonly path: string; readonly size: number; readonly isFile: boolean } {
  const at = `at byte ${source.position - blockSize}`;
  const field = ([begin, end]: readonly [number, number]) => block.subarray(begin, end);
  const [begin, end] = fields.checksum;
  // The checksum is worked out with spaces in its own place.
  const sum = block.reduce((total, byte, index) => total + (index >= begin && index < end ? 32 : byte), 0);
  if (readOctal(field(fields.checksum)) !== sum) {
    throw source.failure(`there is no header ${at}, or it is damaged (its checksum is wrong)`);
  }
  const size = readOctal(field(fields.size));
  if (size === null) throw source.failure(`the header ${at} has no size`);
  const isUstar = readText(field(fields.magic)) === "ustar";
  const prefix = isUstar && block[262] === 0 ? readText(field(fields.prefix)) : "";
  const ownName = readText(field(fields.name));
  const [type] = field(fields.type);
  const path = prefix === "" ? ownName : `${prefix}/${ownName}`;
  // "0", or as archives from before 1988 have it, nothing; "7" is a file that is to lie in one piece.
  return { path, size, isFile: type === 0x30 || type === 0 || type === 0x37 };
}

/** Digits up to a space or zero; null when there are none, or others. Sizes of 8 GiB and more are written otherwise. */
function readOctal(bytes: Uint8Array): number | null {
  const text = readText(bytes).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

/** Text up to the first zero. */
function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}
