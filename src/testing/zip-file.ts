import { crc32 } from "../tensor/crc32.ts";

/** An entry of an archive made for a test; what is not given is right. */
export interface ZipDraft {
  readonly name: string;
  /** The bytes as they are stored. */
  readonly bytes: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** Size of the content, where it is not that of the bytes. */
  readonly size?: number;
  readonly crc?: number;
  /** Where the directory says that the entry begins. */
  readonly offset?: number;
  /** The name in the entry's own header. */
  readonly localName?: string;
  /** Whether sizes and offset stand in the 64-bit field. */
  readonly zip64?: boolean;
}

/** Makes a zip archive, right or wrong as the drafts say. */
export function zipFile(
  drafts: readonly ZipDraft[],
  options: { readonly zip64?: boolean; readonly comment?: string } = {},
): Uint8Array {
  const encode = (text: string) => [...new TextEncoder().encode(text)];
  const file = new ByteSink();
  const directory = new ByteSink();
  for (const draft of drafts) {
    const {
      name,
      bytes,
      method = 0,
      flags = 0,
      size = bytes.length,
      crc = crc32(bytes),
      zip64 = false,
    } = draft;
    const offset = draft.offset ?? file.length;
    const localName = encode(draft.localName ?? name);
    const common = [...le(20, 2), ...le(flags, 2), ...le(method, 2), ...le(0, 4), ...le(crc, 4)];
    file.push(0x50, 0x4b, 3, 4, ...common, ...le(bytes.length, 4), ...le(size, 4));
    file.push(...le(localName.length, 2), ...le(0, 2), ...localName);
    file.append(bytes);
    const wide = [size, bytes.length, offset].map((value) => (zip64 ? 0xffffffff : value));
    const extra = zip64
      ? [...le(1, 2), ...le(24, 2), ...le(size, 8), ...le(bytes.length, 8), ...le(offset, 8)]
      : [];
    directory.push(0x50, 0x4b, 1, 2, ...le(20, 2), ...common, ...le(wide[1], 4), ...le(wide[0], 4));
    directory.push(
      ...le(encode(name).length, 2),
      ...le(extra.length, 2),
      ...le(0, 2),
      ...le(0, 8),
      ...le(wide[2], 4),
    );
    directory.push(...encode(name), ...extra);
  }
  const start = file.length;
  file.append(directory.bytes());
  const comment = encode(options.comment ?? "");
  const count = drafts.length;
  if (options.zip64 === true) {
    const at = file.length;
    file.push(0x50, 0x4b, 6, 6, ...le(44, 8), ...le(45, 2), ...le(45, 2), ...le(0, 8));
    file.push(...le(count, 8), ...le(count, 8), ...le(directory.length, 8), ...le(start, 8));
    file.push(0x50, 0x4b, 6, 7, ...le(0, 4), ...le(at, 8), ...le(1, 4));
    file.push(0x50, 0x4b, 5, 6, ...le(0, 4), ...le(0xffff, 2), ...le(0xffff, 2));
    file.push(...le(0xffffffff, 4), ...le(0xffffffff, 4));
  } else {
    file.push(0x50, 0x4b, 5, 6, ...le(0, 4), ...le(count, 2), ...le(count, 2));
    file.push(...le(directory.length, 4), ...le(start, 4));
  }
  file.push(...le(comment.length, 2), ...comment);
  return file.bytes();
}

/** Bytes that become more. */
class ByteSink {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  push(...values: readonly number[]): void {
    this.append(Uint8Array.from(values));
  }

  append(part: Uint8Array): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let position = 0;
    for (const part of this.#parts) {
      whole.set(part, position);
      position += part.length;
    }
    return whole;
  }
}

/** The bytes of a whole number, the lowest first. */
function le(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) % 256);
}
