import { crc32 } from "../../tensor/crc32.ts";
import { FormatError } from "../../tensor/errors.ts";
import { clip } from "../format-errors.ts";
import { beginsAsZip, damagedZip, readZipDirectory, type ZipEntry } from "./directory.ts";

/** How much an archive may hold beyond what it takes itself. */
export interface ZipLimits {
  /** Bytes that deflated entries may come to together, whatever the archive's size. */
  readonly inflated: number;
  /** How often its own size they may come to beyond that. */
  readonly ratio: number;
}

/**
 * Weights shrink by a tenth, hardly ever to a twentieth; arrays of one constant do, and 64 MB let those of any usual
 * layer pass. Deflate alone would let a file of 10 MB ask for 10 GB.
 */
const usualLimits: ZipLimits = { inflated: 64 * 2 ** 20, ratio: 20 };
/** Deflate makes at most 258 bytes of 2 bits: no entry is larger than this many times what is stored. */
const deflateRatio = 1032;
/** Compressed bytes given to the inflater at a time: at most 17 MB come out of them before its size is looked at. */
const piece = 2 ** 14;

/**
 * A zip archive of unknown origin. Stored entries are views of the archive's bytes, deflated ones are inflated when asked
 * for, into exactly the size that the directory promises; checksums are verified where there are any.
 */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  /** What may still be inflated. */
  #budget: number;

  /**
   * @param options - `name`: the file's name, for errors; `limits`: other caps than the usual
   * @throws FormatError when the directory does not fit the bytes (zip/directory.ts)
   */
  constructor(bytes: Uint8Array, options: { readonly name: string; readonly limits?: ZipLimits }) {
    const { name, limits = usualLimits } = options;
    this.#bytes = bytes;
    this.#name = name;
    this.#entries = readZipDirectory(bytes, name);
    this.#budget = Math.max(limits.inflated, limits.ratio * bytes.length);
  }

  /** Names of the entries, in the order of the directory. Folders, whose names end in a slash, are left out. */
  get names(): string[] {
    return [...this.#entries.keys()].filter((name) => !name.endsWith("/"));
  }

  has(entry: string): boolean {
    return this.#entries.has(entry);
  }

  /**
   * The content of an entry.
   *
   * @throws FormatError when there is no such entry, its checksum is wrong, or inflating it would exceed the limits
   */
  async read(entry: string): Promise<Uint8Array> {
    const found = this.#entries.get(entry);
    if (found === undefined) throw damagedZip(`it has no entry "${clip(entry)}"`, this.#name);
    const where = `${this.#name}, entry "${clip(entry)}"`;
    const stored = this.#bytes.subarray(found.start, found.end);
    const content = found.method === "stored" ? stored : await this.#inflate(stored, found, where);
    // PyTorch can be told to leave checksums out, which then are 0.
    if (found.crc !== 0 && crc32(content) !== found.crc) throw damagedZip("its checksum is wrong", where);
    return content;
  }

  async #inflate(stored: Uint8Array, { size }: ZipEntry, where: string): Promise<Uint8Array> {
    if (size > stored.length * deflateRatio) {
      throw damagedZip(`${stored.length} deflated bytes cannot hold the ${size} that are promised`, where);
    }
    if (size > this.#budget) {
      throw new FormatError(
        `the archive would come to more than ${usualLimits.ratio} times its size of ${this.#bytes.length} bytes`,
        { where, hint: "If that is meant, save it without compression: numpy.savez, for example." },
      );
    }
    this.#budget -= size;
    return await inflate(stored, size, where);
  }
}

async function inflate(stored: Uint8Array, size: number, where: string): Promise<Uint8Array> {
  const { Inflate } = await import("fflate");
  const content = new Uint8Array(size);
  let length = 0;
  const inflater = new Inflate((chunk) => {
    if (length + chunk.length > size)
      throw damagedZip(`more comes of it than the promised ${size} bytes`, where);
    content.set(chunk, length);
    length += chunk.length;
  });
  try {
    for (let start = 0; start < stored.length; start += piece) {
      inflater.push(stored.subarray(start, start + piece), start + piece >= stored.length);
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw damagedZip("its deflated bytes make no sense", where, cause);
  }
  if (length !== size) throw damagedZip(`${length} bytes come of it, ${size} are promised`, where);
  return content;
}

/**
 * The names in an archive, to tell formats that are archives from one another: null for bytes that are none, or whose
 * directory is damaged.
 */
export function zipNames(bytes: Uint8Array): readonly string[] | null {
  if (!beginsAsZip(bytes)) return null;
  try {
    return [...readZipDirectory(bytes, "").keys()];
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
