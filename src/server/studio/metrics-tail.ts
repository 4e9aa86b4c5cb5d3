/** The lines of a run's `metrics.jsonl` as they are written. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { crc32 } from "../../tensor/crc32.ts";

/** Where a reader stands in a file. */
export interface Place {
  /** Which file it is: one that took its place has another. */
  readonly file: string;
  /** Behind the last line that was read. */
  readonly offset: number;
}

/** A line, and where one stands behind it; or that all lines so far are void, as the file was cut short or replaced. */
export type TailEvent =
  | { readonly kind: "line"; readonly text: string; readonly place: Place }
  | { readonly kind: "anew" };

/** Bytes that are read at a time. */
const pieceSize = 2 ** 16;
/** A line that does not end within so many bytes is none of ours, and is left out. */
const lineLimit = 2 ** 20;
/** So much of the first line tells files apart: it has the moment in which the run began. */
const headSize = 512;
const lineFeed = 10;

/** Reads whole lines of a file that grows, that is cut short or replaced, and that may not be there yet. */
export class MetricsTail {
  readonly #path: string;
  #place: Place | null;
  /** Of the file when it was last read to its end: while it is the same, there is nothing to read. */
  #stamp = "";

  /** @param place - where an earlier reader stood */
  constructor(path: string, place: Place | null = null) {
    this.#path = path;
    this.#place = place;
  }

  /** All that is new since the last call. What has no end yet is read next time. */
  async *read(): AsyncGenerator<TailEvent> {
    const stamp = await stampOf(this.#path);
    if (stamp !== null && stamp === this.#stamp) return;
    const handle = stamp === null ? null : await open(this.#path, "r").catch(() => null);
    if (handle === null) {
      this.#stamp = "";
      if (this.#begin(null)) yield { kind: "anew" };
      return;
    }
    try {
      const file = await identityOf(handle);
      if (!(await this.#stands(file, handle)) && this.#begin(file)) yield { kind: "anew" };
      yield* this.#lines(handle, file);
      this.#stamp = stamp ?? "";
    } finally {
      await handle.close();
    }
  }

  /** Whether what was read so far is what the file begins with. */
  async #stands(file: string, handle: FileHandle): Promise<boolean> {
    if (this.#place?.file !== file) return false;
    const { offset } = this.#place;
    if (offset === 0) return true;
    const [last, ...more] = await bytesAt(handle, offset - 1, 1);
    return last === lineFeed && more.length === 0;
  }

  /** @returns whether lines had been read */
  #begin(file: string | null): boolean {
    const hadLines = (this.#place?.offset ?? 0) > 0;
    this.#place = file === null ? null : { file, offset: 0 };
    return hadLines;
  }

  async *#lines(handle: FileHandle, file: string): AsyncGenerator<TailEvent> {
    let position = this.#place?.offset ?? 0;
    let rest = new Uint8Array(0);
    let skips = false;
    for (;;) {
      const piece = await bytesAt(handle, position, pieceSize);
      if (piece.length === 0) return;
      position += piece.length;
      const bytes = joined(rest, piece);
      let from = 0;
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
        const text = skips ? "" : new TextDecoder().decode(bytes.subarray(from, end)).trim();
        from = end + 1;
        skips = false;
        this.#place = { file, offset: position - bytes.length + from };
        if (text !== "") yield { kind: "line", text, place: this.#place };
      }
      rest = bytes.slice(from);
      if (rest.length <= lineLimit) continue;
      skips = true;
      rest = new Uint8Array(0);
    }
  }
}

async function stampOf(path: string): Promise<string | null> {
  const status = await stat(path).catch(() => null);
  return status?.isFile() ? `${status.ino} ${status.size} ${status.mtimeMs}` : null;
}

/** Numbers of files are given again; the first line tells their owners apart. */
async function identityOf(handle: FileHandle): Promise<string> {
  const { ino } = await handle.stat();
  const head = await bytesAt(handle, 0, headSize);
  const end = head.indexOf(lineFeed);
  const first =
    end < 0 && head.length < headSize ? head.subarray(0, 0) : head.subarray(0, end < 0 ? headSize : end);
  return `${ino.toString(36)}.${crc32(first).toString(36)}`;
}

async function bytesAt(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
