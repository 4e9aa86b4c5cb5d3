import { type GrowingFile, openGrowingFile } from "#host";
import { crc32 } from "../../tensor/crc32.ts";

/** "FVR1": how a record begins. */
const mark = [0x46, 0x56, 0x52, 0x31] as const;
/** Mark, size of the payload, its CRC-32: four bytes each, little-endian. */
const headSize = 12;
/** Bytes that are looked through at a time. */
const windowSize = 2 ** 20;

/**
 * Records of one size in a file that several processes add to. Each record says by its mark, size and checksum that it is
 * whole: what a killed process or a full disk has left behind is passed over, and so is what is no record at all.
 */
export class RecordFile {
  readonly #file: GrowingFile;
  readonly #payloadSize: number;
  /** Up to where it has been looked through. */
  #seen = 0;

  private constructor(file: GrowingFile, payloadSize: number) {
    this.#file = file;
    this.#payloadSize = payloadSize;
  }

  /** @throws FileError when it can be neither opened nor made */
  static async open(path: string, payloadSize: number): Promise<RecordFile> {
    return new RecordFile(await openGrowingFile(path), payloadSize);
  }

  /**
   * Looks through what has come since the last time.
   *
   * @param visit - is given each whole record's payload, as a view that is gone afterwards, and its offset
   */
  async scan(visit: (payload: Uint8Array, offset: number) => void): Promise<void> {
    const recordSize = headSize + this.#payloadSize;
    const end = await this.#file.size();
    if (this.#seen + recordSize > end) return;
    const buffer = new Uint8Array(Math.min(end - this.#seen, Math.max(windowSize, 2 * recordSize)));
    while (this.#seen + recordSize <= end) {
      const got = await this.#file.read(
        this.#seen,
        buffer.subarray(0, Math.min(buffer.length, end - this.#seen)),
      );
      const window = buffer.subarray(0, got);
      if (got < recordSize) return;
      let at = 0;
      while (at + recordSize <= window.length) {
        const payload = this.#payloadAt(window, at);
        if (payload === null) at = nextMark(window, at + 1);
        else {
          visit(payload, this.#seen + at);
          at += recordSize;
        }
      }
      this.#seen += at;
    }
  }

  /** The payload of the record at an offset; `null` when it is not whole any more. */
  async read(offset: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const record = new Uint8Array(headSize + this.#payloadSize);
    if ((await this.#file.read(offset, record)) < record.length) return null;
    return this.#payloadAt(record, 0);
  }

  /** Puts records at the end, in one piece. @throws FileError when the disk is full, or cannot be written */
  async append(payloads: readonly Uint8Array[]): Promise<void> {
    const recordSize = headSize + this.#payloadSize;
    const bytes = new Uint8Array(payloads.length * recordSize);
    const view = new DataView(bytes.buffer);
    for (const [index, payload] of payloads.entries()) {
      const at = index * recordSize;
      bytes.set(mark, at);
      view.setUint32(at + 4, this.#payloadSize, true);
      view.setUint32(at + 8, crc32(payload), true);
      bytes.set(payload, at + headSize);
    }
    await this.#file.append(bytes);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #payloadAt(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> | null {
    if (!isMark(bytes, at)) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, headSize);
    if (view.getUint32(4, true) !== this.#payloadSize) return null;
    const payload = bytes.subarray(at + headSize, at + headSize + this.#payloadSize);
    return view.getUint32(8, true) === crc32(payload) ? payload : null;
  }
}

function isMark(bytes: Uint8Array, at: number): boolean {
  return mark.every((byte, index) => bytes[at + index] === byte);
}

/** Where the next mark begins, or might behind the end of the window. */
function nextMark(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(mark[0], from); at !== -1; at = bytes.indexOf(mark[0], at + 1)) {
    if (at + mark.length > bytes.length || isMark(bytes, at)) return at;
  }
  return bytes.length;
}
