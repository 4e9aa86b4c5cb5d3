import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { decodePnm, isPnm } from "./pnm.ts";

function file(header: string, pixels: readonly number[]): Uint8Array {
  return Uint8Array.from([...new TextEncoder().encode(header), ...pixels]);
}

describe("decodePnm", () => {
  test("reads gray and RGB, with comments and any blanks", () => {
    const gray = decodePnm(file("P5 # made by hand\n2\t2\n255\n", [0, 1, 2, 255]), "a.pgm");
    expect(gray).toEqual({ width: 2, height: 2, channels: 1, pixels: Uint8Array.of(0, 1, 2, 255) });
    const colour = decodePnm(file("P6\n#one\n#two\n1 2 255\r", [1, 2, 3, 4, 5, 6]), "a.ppm");
    expect(colour).toEqual({ width: 1, height: 2, channels: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  });

  test("a pixel that looks like a blank is a pixel", () => {
    expect([...decodePnm(file("P5 1 1 255\n", [0x20]), "a").pixels]).toEqual([0x20]);
  });

  test("a smaller greatest value is scaled up, values above it are cut", () => {
    expect([...decodePnm(file("P5 4 1 15\n", [0, 7, 15, 99]), "a").pixels]).toEqual([0, 119, 255, 255]);
  });

  test.each([
    ["P4 1 1\n", [], 'the file does not begin with "P5" or "P6"'],
    ["P5 x", [], "the header has no width at byte 3"],
    ["P5 1", [], "the header has no width at byte 3"],
    ["P5 1 1 ", [], "the header has no greatest value at byte 7"],
    ["P5 0 1 255\n", [], "width 0 is not between 1 and 65536"],
    ["P5 1 65537 255\n", [], "height 65537 is not between 1 and 65536"],
    ["P5 1 1 65535\n", [0, 0], "greatest value 65535 is not between 1 and 255"],
    ["P6 2 1 255\n", [1, 2, 3], "2x1x3 pixels need 6 bytes, got 3"],
    ["P5 1 1 255\n", [1, 2], "1x1x1 pixels need 1 bytes, got 2"],
  ] as const)("refuses %j", (header, pixels, what) => {
    const decode = () => decodePnm(file(header, pixels), "bad.pgm");
    expect(decode).toThrow(FormatError);
    expect(decode).toThrow(`bad.pgm: not a binary PGM or PPM image: ${what}`);
    expect(decode).toThrow("Export the image again, as PNG, JPEG or 8-bit binary PGM or PPM.");
  });

  test("whatever the bytes, it is an image or a FormatError", () => {
    const header = fc.constantFrom("P5", "P6", "P5 1 1 255\n", "P6 1 2 9\n", "P5 # ");
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 24 }), (start, rest) => {
        const bytes = file(start, [...rest]);
        expect(isPnm(bytes)).toBe(true);
        try {
          const { width, height, channels, pixels } = decodePnm(bytes, "a");
          expect(pixels.length).toBe(width * height * channels);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});
