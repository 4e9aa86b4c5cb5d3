/** Pickles made by hand, an operation at a time, for tests of what no writer writes. */

/** An operation, or bytes as they are. */
export type PicklePart = string | readonly number[] | Uint8Array;

/** Concatenates: texts stand for the bytes of their characters. */
export function pickleBytes(...parts: readonly PicklePart[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : [...part],
    ),
  );
}

/** A text, by an operation with a length of four bytes. */
export function pickleText(text: string): Uint8Array {
  return pickleBytes("X", littleEndian(text.length, 4), text);
}

/** A class or function by name. */
export function pickleName(module: string, name: string): Uint8Array {
  return pickleBytes("c", `${module}\n`, `${name}\n`);
}

/** The bytes of a whole number, the lowest first. */
export function littleEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) % 256);
}
