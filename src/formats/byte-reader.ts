import type { FormatError } from "../tensor/errors.ts";

/**
 * Reads numbers, texts and stretches of bytes one after another, and never outside the bytes it was given: what would
 * go beyond them is an error that says what was to be read and where.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Of the next byte to be read. */
  position: number;
  readonly #view: DataView;
  readonly #fail: (what: string) => FormatError;

  /** @param fail - makes the error of the format for what is wrong */
  constructor(bytes: Uint8Array, fail: (what: string) => FormatError, position = 0) {
    this.bytes = bytes;
    this.position = position;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.bytes.length - this.position;
  }

  uint8(what: string): number {
    return this.#view.getUint8(this.#advance(1, what));
  }

  uint16(what: string): number {
    return this.#view.getUint16(this.#advance(2, what), true);
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.#advance(4, what), true);
  }

  int32(what: string): number {
    return this.#view.getInt32(this.#advance(4, what), true);
  }

  /** A 64-bit size or offset. @throws FormatError for one above 2^53, which no file reaches */
  uint64(what: string): number {
    const value = this.#view.getBigUint64(this.#advance(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.#fail(`${what} is ${value}, more than any file has`);
    return Number(value);
  }

  float64(what: string, littleEndian = true): number {
    return this.#view.getFloat64(this.#advance(8, what), littleEndian);
  }

  /** The next bytes, as a view. */
  take(length: number, what: string): Uint8Array {
    const start = this.#advance(length, what);
    return this.bytes.subarray(start, start + length);
  }

  /** The bytes up to a line feed, which is passed over, as Latin-1 text. */
  line(what: string, limit: number): string {
    const start = this.position;
    const window = this.bytes.subarray(start, start + limit + 1);
    const length = window.indexOf(0x0a);
    if (length < 0) {
      if (window.length > limit) throw this.#fail(`${what} at byte ${start} is longer than ${limit} bytes`);
      throw this.#fail(`the file ends inside ${what} that begins at byte ${start}`);
    }
    this.position += length + 1;
    return latin1(window.subarray(0, length));
  }

  #advance(length: number, what: string): number {
    const start = this.position;
    if (!(length >= 0 && length <= this.remaining)) {
      throw this.#fail(`${what} needs ${length} bytes from byte ${start} on, there are ${this.remaining}`);
    }
    this.position += length;
    return start;
  }
}

/** Bytes as characters of the same number. */
export function latin1(bytes: Uint8Array): string {
  // In pieces: the parameters of a call are laid on the stack.
  const piece = 8192;
  let text = "";
  for (let start = 0; start < bytes.length; start += piece) {
    text += String.fromCharCode(...bytes.subarray(start, start + piece));
  }
  return text;
}

/** Whether the bytes at a position are these. */
export function hasBytes(bytes: Uint8Array, wanted: readonly number[], position = 0): boolean {
  return wanted.every((byte, index) => bytes[position + index] === byte);
}
