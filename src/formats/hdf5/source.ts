import { FormatError } from "../../tensor/errors.ts";
import { ByteReader } from "../byte-reader.ts";
import { clip, damageOf } from "../format-errors.ts";

/** The error for a file that breaks the format. */
export const damagedHdf5 = damageOf("HDF5 file");

/** The error for what the format allows and this reader does not follow. */
export function unsupportedHdf5(what: string, where: string): FormatError {
  return new FormatError(`${what} is not supported`, {
    where,
    hint: "Save the model again as Keras does by default, or copy its values into a new file with h5py.",
  });
}

/**
 * Blocks, messages and entries that may be looked at, whatever the size of the file: ResNet-152 takes 20,000. Several
 * names may lead to one object, so the file's size alone does not bound the work.
 */
const stepLimit = 300_000;

/**
 * An HDF5 file's bytes, and what its superblock says of them. All addresses in the file count from `base`; every one is
 * checked against the file's size when it is followed.
 */
export class Hdf5Source {
  readonly bytes: Uint8Array;
  /** The file's name, for errors. */
  readonly name: string;
  /** Bytes of an address and of a size. */
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly base: number;
  #steps = 0;
  #valueBytes = 0;

  constructor(
    bytes: Uint8Array,
    name: string,
    sizes: { readonly offsetSize: number; readonly lengthSize: number; readonly base: number },
  ) {
    this.bytes = bytes;
    this.name = name;
    this.offsetSize = sizes.offsetSize;
    this.lengthSize = sizes.lengthSize;
    this.base = sizes.base;
  }

  /** Reads from an address on. */
  at(address: number, where: string): Hdf5Cursor {
    const position = this.base + address;
    if (position > this.bytes.length) {
      throw damagedHdf5(`it points to byte ${position}, the file has ${this.bytes.length}`, where);
    }
    return new Hdf5Cursor(this, this.bytes, where, position);
  }

  /** Reads a stretch of bytes that has been taken from the file. */
  within(bytes: Uint8Array, where: string): Hdf5Cursor {
    return new Hdf5Cursor(this, bytes, where);
  }

  /** Counts one more piece of work. @throws FormatError when there is no end to it */
  step(): void {
    this.#steps++;
    if (this.#steps > stepLimit) {
      throw damagedHdf5(`its structure has more than ${stepLimit} parts`, this.name);
    }
  }

  /**
   * Counts bytes that values take once they are read. Values that lie in the file as they are come to less than the
   * file; compressed weights shrink by a tenth, those of one constant more, and small ones may.
   *
   * @throws FormatError for a bomb: a file that would come to many times its size
   */
  spend(bytes: number, where: string): void {
    this.#valueBytes += bytes;
    const limit = Math.max(64 * 2 ** 20, 20 * this.bytes.length);
    if (this.#valueBytes > limit) {
      throw new FormatError(
        `the values would take more than ${limit} bytes, the file has ${this.bytes.length}`,
        {
          where,
          hint: "If that is meant, save it without compression.",
        },
      );
    }
  }
}

/** A file and a path in it, as errors name them. */
export function placeOf(source: Hdf5Source, path: string): string {
  return path === "" ? source.name : `${source.name}, "${clip(path)}"`;
}

/** Reads the numbers of an HDF5 file, whose addresses and sizes have as many bytes as its superblock says. */
export class Hdf5Cursor extends ByteReader {
  readonly source: Hdf5Source;
  readonly where: string;

  constructor(source: Hdf5Source, bytes: Uint8Array, where: string, position = 0) {
    super(bytes, (what) => damagedHdf5(what, where), position);
    this.source = source;
    this.where = where;
  }

  /** An address; null for the undefined one, all bits set. */
  address(what: string): number | null {
    const { offsetSize } = this.source;
    const start = this.position;
    if (this.take(offsetSize, what).every((byte) => byte === 0xff)) return null;
    this.position = start;
    return this.#number(offsetSize, what);
  }

  /** An address that must be there. */
  definedAddress(what: string): number {
    const address = this.address(what);
    if (address === null) throw damagedHdf5(`${what} is not defined`, this.where);
    return address;
  }

  /** A size in bytes, or a number of elements. */
  length(what: string): number {
    return this.#number(this.source.lengthSize, what);
  }

  /** @throws FormatError when the next four bytes are not these letters */
  signature(letters: string, what: string): void {
    const found = String.fromCharCode(...this.take(letters.length, what));
    if (found !== letters) {
      throw damagedHdf5(`${what} should begin with "${letters}" at byte ${this.position - 4}`, this.where);
    }
  }

  /** Passes over bytes. */
  skip(count: number, what: string): void {
    this.take(count, what);
  }

  #number(size: number, what: string): number {
    if (size === 8) return this.uint64(what);
    return size === 4 ? this.uint32(what) : this.uint16(what);
  }
}
