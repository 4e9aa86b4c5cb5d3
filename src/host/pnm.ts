import { FormatError } from "../tensor/errors.ts";

/** An image as plain pixels. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1: gray; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** `height * width * channels` bytes, row by row from the top, channels innermost. */
  readonly pixels: Uint8Array;
  /** Of the image itself, where it was decoded at a fraction of its size. */
  readonly original?: { readonly width: number; readonly height: number };
}

/** Sides above this are taken for damage: no classifier's image is larger, and the product stays exact. */
const sideLimit = 65_536;

/** Whether the bytes begin as a binary PGM (`P5`) or PPM (`P6`) file. */
export function isPnm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x36);
}

/**
 * Reads a binary PGM or PPM image of 8 bits a sample (Netpbm's pgm(5) and ppm(5)). A greatest value below 255 is scaled
 * up to 255, and values above it are cut to it.
 *
 * @param name - the file's name, for errors
 * @throws FormatError when the header or the size is not that of such a file
 */
export function decodePnm(bytes: Uint8Array, name: string): DecodedImage {
  if (!isPnm(bytes)) throw pnmError(name, 'the file does not begin with "P5" or "P6"');
  const channels = bytes[1] === 0x35 ? 1 : 3;
  const cursor = { position: 2 };
  const width = readHeaderNumber(bytes, cursor, "width", name);
  const height = readHeaderNumber(bytes, cursor, "height", name);
  const greatest = readHeaderNumber(bytes, cursor, "greatest value", name);
  for (const [side, size] of [
    ["width", width],
    ["height", height],
  ] as const) {
    if (size < 1 || size > sideLimit)
      throw pnmError(name, `${side} ${size} is not between 1 and ${sideLimit}`);
  }
  if (greatest < 1 || greatest > 255) {
    throw pnmError(name, `greatest value ${greatest} is not between 1 and 255 (8 bits a sample)`);
  }
  // Exactly one blank separates the header from the pixels.
  const pixels = new Uint8Array(bytes.subarray(cursor.position + 1));
  const expected = width * height * channels;
  if (pixels.length !== expected) {
    throw pnmError(
      name,
      `${width}x${height}x${channels} pixels need ${expected} bytes, got ${pixels.length}`,
    );
  }
  if (greatest < 255) {
    for (let index = 0; index < pixels.length; index++) {
      pixels[index] = Math.round((Math.min(pixels[index], greatest) * 255) / greatest);
    }
  }
  return { width, height, channels, pixels };
}

function readHeaderNumber(
  bytes: Uint8Array,
  cursor: { position: number },
  what: string,
  name: string,
): number {
  while (isBlank(bytes[cursor.position]) || bytes[cursor.position] === 0x23) {
    // "#" begins a comment that goes to the end of the line.
    if (bytes[cursor.position] === 0x23) {
      while (cursor.position < bytes.length && bytes[cursor.position] !== 0x0a) cursor.position++;
    }
    cursor.position++;
  }
  let value = 0;
  const start = cursor.position;
  // Ten digits are more than any side has: the cap keeps the number exact.
  while (isDigit(bytes[cursor.position]) && cursor.position - start < 10) {
    value = value * 10 + bytes[cursor.position++] - 0x30;
  }
  if (cursor.position === start || !isBlank(bytes[cursor.position])) {
    throw pnmError(name, `the header has no ${what} at byte ${start}`);
  }
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function pnmError(name: string, what: string): FormatError {
  return new FormatError(`not a binary PGM or PPM image: ${what}`, {
    where: name,
    hint: "Export the image again, as PNG, JPEG or 8-bit binary PGM or PPM.",
  });
}
