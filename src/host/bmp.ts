/**
 * Windows bitmaps, without compression: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits a pixel, also by bit masks, from the
 * bottom up or from the top down. Transparency is dropped. (Microsoft: "Bitmap storage", BITMAPINFOHEADER, BITMAPV5HEADER.)
 */
import { FormatError } from "../tensor/errors.ts";
import { checkPixels } from "./image-kinds.ts";
import type { DecodedImage } from "./pnm.ts";

/** What the header says. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  /** Where the pixels begin, in bytes. */
  readonly pixels: number;
  /** Three bytes a colour: red, green, blue; empty without a palette. */
  readonly palette: Uint8Array;
  /** Which bits of a pixel are red, green and blue; null where bytes are. */
  readonly masks: readonly [red: number, green: number, blue: number] | null;
}

/** How pixels are stored: as they are, or with masks behind the header. */
const uncompressed = 0;
const masked = new Set([3, 6]);

/** Bytes of the headers that there are: OS/2's, Windows 3's, and its longer ones. */
const headerSizes = new Set([12, 40, 52, 56, 64, 108, 124]);
const fileHeader = 14;

/** Masks of 16 bits without masks of their own: five bits a colour. */
const fiveBits = [0x7c00, 0x03e0, 0x001f] as const;

/**
 * Reads a bitmap as RGB.
 *
 * @param name - the file's name, for errors
 * @throws FormatError when it is damaged, compressed or too large
 */
export function decodeBmp(bytes: Uint8Array, name: string): DecodedImage {
  const header = readHeader(bytes, name);
  const { width, height, bits, topDown } = header;
  // Rows end at multiples of four bytes.
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (header.pixels + rowBytes * height > bytes.length) {
    throw bmpError(
      name,
      `${width} x ${height} pixels of ${bits} bits need ${rowBytes * height} bytes from byte ${header.pixels} on, the file has ${bytes.length}`,
    );
  }
  const pixels = new Uint8Array(width * height * 3);
  const read = rowReader(header, bytes, name);
  for (let row = 0; row < height; row++) {
    const from = header.pixels + (topDown ? row : height - 1 - row) * rowBytes;
    read(from, pixels.subarray(row * width * 3, (row + 1) * width * 3));
  }
  return { width, height, channels: 3, pixels };
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < fileHeader + 12) throw bmpError(name, "the header is cut short");
  const pixels = view.getUint32(10, true);
  const size = view.getUint32(fileHeader, true);
  if (!headerSizes.has(size)) throw bmpError(name, `a header of ${size} bytes is not known`);
  if (bytes.length < fileHeader + size) throw bmpError(name, "the header is cut short");
  const isOld = size === 12;
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? uncompressed : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw bmpError(name, `${width} x ${height} pixels are no image`);
  checkPixels(width, height, name);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw bmpError(name, `${bits} bits a pixel are not known`);
  if (compression !== uncompressed && !(masked.has(compression) && bits >= 16 && bits !== 24)) {
    throw bmpError(name, `pixels are compressed (${compression}), which is not read`);
  }
  const masks = readMasks(view, size, bits, compression, name);
  const colours = bits > 8 ? 0 : countColours(view, isOld, bits, name);
  // Behind the header, and behind masks that are not part of it.
  const paletteAt = fileHeader + size;
  const palette = readPalette(bytes, paletteAt, colours, isOld ? 3 : 4, name);
  return { width, height, topDown: signedHeight < 0, bits, pixels, palette, masks };
}

function readMasks(
  view: DataView,
  size: number,
  bits: number,
  compression: number,
  name: string,
): Header["masks"] {
  if (!masked.has(compression)) return bits === 16 ? fiveBits : null;
  // Longer headers hold them at the place where they follow the short one.
  const at = fileHeader + 40;
  if (size === 64 || view.byteLength < at + 12) throw bmpError(name, "the masks of the colours are missing");
  const masks = [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
  const limit = 2 ** bits - 1;
  if (masks.some((mask) => mask === 0 || mask > limit)) {
    throw bmpError(
      name,
      `the colours' masks ${masks.map((mask) => mask.toString(16)).join(", ")} do not fit ${bits} bits`,
    );
  }
  const [red, green, blue] = masks;
  return [red, green, blue];
}

function countColours(view: DataView, isOld: boolean, bits: number, name: string): number {
  const said = isOld ? 0 : view.getUint32(46, true);
  if (said > 2 ** bits) throw bmpError(name, `a palette of ${said} colours does not fit ${bits} bits`);
  return said === 0 ? 2 ** bits : said;
}

/** Colours stand as blue, green, red, and a byte of nothing but in the oldest files. */
function readPalette(bytes: Uint8Array, at: number, colours: number, step: number, name: string): Uint8Array {
  if (at + colours * step > bytes.length) throw bmpError(name, "the palette is cut short");
  const palette = new Uint8Array(colours * 3);
  for (let colour = 0; colour < colours; colour++) {
    for (let channel = 0; channel < 3; channel++) {
      palette[colour * 3 + channel] = bytes[at + colour * step + 2 - channel];
    }
  }
  return palette;
}

type RowReader = (from: number, to: Uint8Array) => void;

function rowReader({ bits, palette, masks }: Header, bytes: Uint8Array, name: string): RowReader {
  if (bits <= 8) return paletteReader(bits, palette, bytes, name);
  if (masks !== null) return maskReader(bits, masks, bytes);
  const step = bits / 8;
  return (from, to) => {
    for (let pixel = 0; pixel * 3 < to.length; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        to[pixel * 3 + channel] = bytes[from + pixel * step + 2 - channel];
      }
    }
  };
}

/** The leftmost pixel is in the highest bits of a byte. */
function paletteReader(bits: number, palette: Uint8Array, bytes: Uint8Array, name: string): RowReader {
  const perByte = 8 / bits;
  return (from, to) => {
    for (let pixel = 0; pixel * 3 < to.length; pixel++) {
      const shift = 8 - bits * ((pixel % perByte) + 1);
      const colour = (bytes[from + Math.floor(pixel / perByte)] >> shift) & (2 ** bits - 1);
      if (colour * 3 >= palette.length) {
        throw bmpError(name, `a pixel has colour ${colour}, the palette has ${palette.length / 3}`);
      }
      for (let channel = 0; channel < 3; channel++) {
        to[pixel * 3 + channel] = palette[colour * 3 + channel];
      }
    }
  };
}

/** A colour of n bits, from 0 to 2^n - 1, becomes floor(255 value / (2^n - 1)), as in Pillow. */
function maskReader(bits: number, masks: readonly number[], bytes: Uint8Array): RowReader {
  const step = bits / 8;
  const colours = masks.map((mask) => {
    const shift = 31 - Math.clz32(mask & -mask);
    return { mask, shift, greatest: mask >>> shift };
  });
  return (from, to) => {
    for (let pixel = 0; pixel * 3 < to.length; pixel++) {
      let value = 0;
      for (let byte = step - 1; byte >= 0; byte--) value = (value << 8) | bytes[from + pixel * step + byte];
      for (let channel = 0; channel < 3; channel++) {
        const { mask, shift, greatest } = colours[channel];
        to[pixel * 3 + channel] = Math.floor((255 * ((value & mask) >>> shift)) / greatest);
      }
    }
  };
}

function bmpError(name: string, what: string): FormatError {
  return new FormatError(`not a bitmap that can be read: ${what}`, {
    where: name,
    hint: "Save the image again, as PNG or JPEG.",
  });
}
