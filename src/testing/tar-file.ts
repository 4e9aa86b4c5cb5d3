/** An entry of a tar archive that a test makes. */
export interface TarDraft {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** `0` for a file, `5` for a folder, `2` for a link. */
  readonly type?: string;
  /** The first part of a long name, in a field of its own. */
  readonly prefix?: string;
  /** What the header says instead of the bytes' number. */
  readonly size?: string;
}

const blockSize = 512;

/** The bytes of a tar archive (POSIX 1003.1, "ustar") with two blocks of zeros at its end. */
export function tarFile(entries: readonly TarDraft[]): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const { bytes = new Uint8Array(0) } = entry;
    const padded = new Uint8Array(Math.ceil(bytes.length / blockSize) * blockSize);
    padded.set(bytes);
    return [headerOf(entry, bytes.length), padded];
  });
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(2 * blockSize)]));
}

function headerOf({ name, type = "0", prefix = "", size }: TarDraft, length: number): Uint8Array {
  const header = new Uint8Array(blockSize);
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put(`${size ?? length.toString(8).padStart(11, "0")} `, 124);
  put("        ", 148);
  put(type, 156);
  put("ustar\0", 257);
  put(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
