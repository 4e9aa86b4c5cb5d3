import { describe, expect, test } from "vitest";
import { decodeBmp } from "./bmp.ts";

interface Parts {
  readonly width: number;
  /** Negative from the top down. */
  readonly height: number;
  readonly bits: number;
  readonly pixels: readonly number[];
  readonly compression?: number;
  /** Between header and pixels: palette or masks. */
  readonly between?: readonly number[];
  readonly colours?: number;
}

/** A bitmap with Windows 3's header of 40 bytes. */
function bmp({ width, height, bits, pixels, compression = 0, between = [], colours = 0 }: Parts): Uint8Array {
  const start = 54 + between.length;
  const bytes = new Uint8Array(start + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, start, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  view.setUint32(46, colours, true);
  bytes.set(between, 54);
  bytes.set(pixels, start);
  return bytes;
}

const read = (parts: Parts) => [...decodeBmp(bmp(parts), "a.bmp").pixels];
const words = (...values: readonly number[]) => values.flatMap((value) => [value & 255, value >> 8]);
const mask = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

describe("decodeBmp", () => {
  test("24 bits, rows padded, from the bottom up and from the top down", () => {
    const below = [3, 2, 1, 6, 5, 4, 0, 0];
    const above = [9, 8, 7, 12, 11, 10, 0, 0];
    const pixels = [...below, ...above];
    expect(read({ width: 2, height: 2, bits: 24, pixels })).toEqual([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]);
    expect(read({ width: 2, height: -2, bits: 24, pixels })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("1, 4 and 8 bits with a palette of blue, green, red", () => {
    const between = [0, 0, 0, 0, 30, 20, 10, 0];
    const one = { width: 9, height: 1, bits: 1, between, colours: 2 };
    expect(read({ ...one, pixels: [0b01000000, 0b10000000, 0, 0] })).toEqual([
      ...[0, 0, 0, 10, 20, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30],
    ]);
    expect(read({ width: 3, height: 1, bits: 4, between, colours: 2, pixels: [0x10, 0x10, 0, 0] })).toEqual([
      ...[10, 20, 30, 0, 0, 0, 10, 20, 30],
    ]);
    expect(read({ width: 1, height: 1, bits: 8, between, colours: 2, pixels: [1, 0, 0, 0] })).toEqual([
      10, 20, 30,
    ]);
  });

  test("16 bits, five a colour or by masks, and 32 bits, whose transparency is dropped", () => {
    const two = { width: 2, height: 1, bits: 16 };
    expect(read({ ...two, pixels: words(0x7c00, 0x03ff) })).toEqual([255, 0, 0, 0, 255, 255]);
    const between = [...mask(0xf800), ...mask(0x07e0), ...mask(0x001f)];
    expect(read({ ...two, compression: 3, between, pixels: words(0xf800, 0x0410) })).toEqual([
      ...[255, 0, 0, 0, Math.floor((255 * 32) / 63), Math.floor((255 * 16) / 31)],
    ]);
    expect(read({ width: 1, height: 1, bits: 32, pixels: [3, 2, 1, 0] })).toEqual([1, 2, 3]);
    const swapped = [...mask(0xff), ...mask(0xff00), ...mask(0xff0000)];
    const wide = { width: 1, height: 1, bits: 32, compression: 3, between: swapped };
    expect(read({ ...wide, pixels: [1, 2, 3, 255] })).toEqual([1, 2, 3]);
    const high = [...mask(0xff000000), ...mask(0xff0000), ...mask(0xff00)];
    expect(read({ ...wide, between: high, pixels: [255, 3, 2, 200] })).toEqual([200, 2, 3]);
  });

  const small: Parts = { width: 1, height: 1, bits: 24, pixels: [1, 2, 3, 0] };
  test.each<[string, Uint8Array]>([
    ["the header is cut short", bmp(small).subarray(0, 20)],
    ["the header is cut short", bmp(small).subarray(0, 40)],
    ["a header of 41 bytes is not known", bmp(small).map((byte, index) => (index === 14 ? 41 : byte))],
    ["0 x 1 pixels are no image", bmp({ ...small, width: 0 })],
    ["-5 x 1 pixels are no image", bmp({ ...small, width: -5 })],
    ["3 bits a pixel are not known", bmp({ ...small, bits: 3 })],
    ["pixels are compressed (1), which is not read", bmp({ ...small, bits: 8, compression: 1 })],
    ["a palette of 300 colours does not fit 8 bits", bmp({ ...small, bits: 8, colours: 300 })],
    ["the palette is cut short", bmp({ ...small, bits: 8, colours: 200 })],
    [
      "a pixel has colour 2, the palette has 1",
      bmp({ ...small, bits: 8, colours: 1, between: [0, 0, 0, 0], pixels: [2, 0, 0, 0] }),
    ],
    [
      "9 x 9 pixels of 24 bits need 252 bytes from byte 54 on, the file has 58",
      bmp({ ...small, width: 9, height: 9 }),
    ],
    ["the masks of the colours are missing", bmp({ ...small, bits: 32, compression: 3 })],
    [
      "the colours' masks 0, 1, 2 do not fit 16 bits",
      bmp({ ...small, bits: 16, compression: 3, between: [...mask(0), ...mask(1), ...mask(2)] }),
    ],
  ])("%s", (what, bytes) => {
    expect(() => decodeBmp(bytes, "a.bmp")).toThrow(
      `a.bmp: not a bitmap that can be read: ${what}. Save the image again, as PNG or JPEG.`,
    );
  });

  test("an image that claims to be larger than memory", () => {
    expect(() => decodeBmp(bmp({ ...small, width: 2 ** 20, height: 2 ** 20 }), "a.bmp")).toThrow(
      "a.bmp: the image has 1048576 x 1048576 pixels, at most 268435456 are read.",
    );
  });
});
