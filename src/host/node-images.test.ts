import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crc32 } from "../tensor/crc32.ts";
import { messageOf } from "../testing/error-message.ts";
import { decodeImage } from "./node-files.ts";
import { decodeImageBytes } from "./node-images.ts";

let folder = "";
const text = (value: string) => new TextEncoder().encode(value);
/** How a PNG file begins. */
const pngMark = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-images-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("decodeImage", () => {
  test("reads binary PGM without any package", async () => {
    const path = join(folder, "gray.pgm");
    writeFileSync(path, Buffer.concat([Buffer.from("P5\n2 1\n255\n"), Uint8Array.of(7, 9)]));
    expect(await decodeImage(path)).toEqual({
      width: 2,
      height: 1,
      channels: 1,
      pixels: Uint8Array.of(7, 9),
    });
  });

  test("says what to install when sharp is missing or broken", async () => {
    const missing = () => Promise.reject(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }));
    expect(await messageOf(decodeImageBytes(pngMark, "a.png", missing))).toBe(
      "FileError: a.png: reading PNG images needs the package sharp, which is not installed. Run: npm install sharp. Or convert the image to BMP, or binary PGM or PPM.",
    );
    const broken = () => Promise.reject(new Error("bad binary"));
    expect(await messageOf(decodeImageBytes(pngMark, "a.png", broken))).toContain(
      "a.png: the package sharp, which reads PNG images, does not load (Error: bad binary). Run: npm install sharp.",
    );
  });

  test("hands nothing to a decoder but images that are read", async () => {
    const never = () => Promise.reject(new Error("a decoder was asked for"));
    const known =
      "this is none of the images that are read. Known: JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP, and binary PGM and PPM.";
    for (const other of [
      "<svg xmlns='http://www.w3.org/2000/svg'/>",
      "%PDF-1.7",
      "\0\0\0\x18ftypmp42",
      "x",
    ]) {
      expect(await messageOf(decodeImageBytes(text(other), "a", never))).toBe(`FormatError: a: ${known}`);
    }
    expect(await messageOf(decodeImageBytes(new Uint8Array(), "a", never))).toContain(
      "a: the file is empty.",
    );
  });

  test("decodes large images one after the other, whatever becomes of each", async () => {
    let [underWay, most, count] = [0, 0, 0];
    const pipeline = {
      metadata: async () => ({ space: "srgb", width: 8000, height: 8000 }),
      toColourspace: () => pipeline,
      removeAlpha: () => pipeline,
      raw: () => pipeline,
      toBuffer: async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay--;
        if (++count === 2) throw new Error("no memory");
        return { data: Buffer.alloc(3), info: { width: 1, height: 1, channels: 3 } };
      },
    };
    const load = async () => ({ default: () => pipeline });
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => decodeImageBytes(pngMark, "a.png", load)),
    );
    expect(most).toBe(1);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  });

  test("refuses odd channels, and what sharp refuses", async () => {
    function fakeSharp(result: () => Promise<unknown>) {
      const pipeline = {
        metadata: async () => ({ space: "srgb", width: 1, height: 1 }),
        toColourspace: () => pipeline,
        removeAlpha: () => pipeline,
        raw: () => pipeline,
        toBuffer: result,
      };
      return async () => ({ default: () => pipeline });
    }
    const two = fakeSharp(async () => ({
      data: Buffer.alloc(2),
      info: { width: 1, height: 1, channels: 2 },
    }));
    expect(await messageOf(decodeImageBytes(pngMark, "a.png", two))).toBe(
      "FormatError: a.png: the image decodes to 2 channels, 1 (gray) or 3 (RGB) were expected. Save it as a gray or RGB image.",
    );
    const failing = fakeSharp(() => Promise.reject(new Error("unsupported image format\nVips: again")));
    expect(await messageOf(decodeImageBytes(pngMark, "a.png", failing))).toBe(
      "FormatError: a.png: this is not an image that can be read (unsupported image format). Check that it opens in an image viewer, and save it again as PNG or JPEG.",
    );
  });
});

const sharp = await import("sharp").then(
  (module) => module.default,
  () => null,
);

describe.skipIf(sharp === null)("with sharp (skipped where it is not installed)", () => {
  const decode = (bytes: Uint8Array) => decodeImageBytes(bytes, "image");
  const raw = (values: readonly number[], width: number, channels: 1 | 2 | 3 | 4) => {
    if (sharp === null) throw new Error("sharp is not installed");
    const height = values.length / width / channels;
    return sharp(Uint8Array.from(values), { raw: { width, height, channels } });
  };

  test("PNG, WebP, GIF, TIFF and AVIF: colours come out as they went in", async () => {
    const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];
    const exact = [
      await raw(colours, 2, 3).png().toBuffer(),
      await raw(colours, 2, 3).webp({ lossless: true }).toBuffer(),
      await raw(colours, 2, 3).gif().toBuffer(),
      await raw(colours, 2, 3).tiff({ compression: "lzw" }).toBuffer(),
    ];
    for (const bytes of exact) {
      expect(await decode(bytes)).toEqual({
        width: 2,
        height: 2,
        channels: 3,
        pixels: Uint8Array.from(colours),
      });
    }
    const flat = Array.from({ length: 64 }, () => [200, 100, 50]).flat();
    for (const bytes of [await raw(flat, 8, 3).jpeg().toBuffer(), await raw(flat, 8, 3).avif().toBuffer()]) {
      const { pixels } = await decode(bytes);
      for (const [index, value] of pixels.entries())
        expect(Math.abs(value - flat[index])).toBeLessThanOrEqual(3);
    }
  });

  test("gray stays gray, with 8 and with 16 bits", async () => {
    const gray = await raw([7, 200], 2, 1).toColourspace("b-w").png().toBuffer();
    expect(await decode(gray)).toEqual({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(7, 200) });
    const sixteen = await raw([7, 200], 2, 1).toColourspace("grey16").png().toBuffer();
    expect(await decode(sixteen)).toMatchObject({ channels: 1, pixels: Uint8Array.of(7, 200) });
    const colour = await raw([1, 2, 3, 250, 251, 252], 2, 3).toColourspace("rgb16").png().toBuffer();
    expect(await decode(colour)).toMatchObject({
      channels: 3,
      pixels: Uint8Array.of(1, 2, 3, 250, 251, 252),
    });
  });

  test("transparency is dropped: colours under it show, as Pillow has it", async () => {
    const half = [10, 20, 30, 128, 200, 100, 50, 255];
    expect((await decode(await raw(half, 2, 4).png().toBuffer())).pixels).toEqual(
      Uint8Array.of(10, 20, 30, 200, 100, 50),
    );
    const hidden = await raw([10, 20, 30, 0], 1, 4).png().toBuffer();
    expect((await decode(hidden)).pixels).toEqual(Uint8Array.of(10, 20, 30));
    const gray = await raw([9, 0, 8, 255], 2, 2).toColourspace("b-w").png().toBuffer();
    expect(await decode(gray)).toMatchObject({ channels: 1, pixels: Uint8Array.of(9, 8) });
  });

  test("CMYK becomes RGB", async () => {
    const white = Array.from({ length: 256 }, () => [255, 255, 255]).flat();
    const bytes = await raw(white, 16, 3).toColourspace("cmyk").jpeg().toBuffer();
    const { channels, pixels } = await decode(bytes);
    expect(channels).toBe(3);
    expect(Math.min(...pixels)).toBeGreaterThan(248);
  });

  test.each([
    [1, [1, 2, 3, 4, 5, 6]],
    [2, [3, 2, 1, 6, 5, 4]],
    [3, [6, 5, 4, 3, 2, 1]],
    [4, [4, 5, 6, 1, 2, 3]],
    [5, [1, 4, 2, 5, 3, 6]],
    [6, [4, 1, 5, 2, 6, 3]],
    [7, [6, 3, 5, 2, 4, 1]],
    [8, [3, 6, 2, 5, 1, 4]],
  ])("EXIF orientation %d turns it upright", async (orientation, upright) => {
    const lying = [1, 2, 3, 4, 5, 6].flatMap((value) => [value, value, value]);
    const bytes = await raw(lying, 3, 3).withMetadata({ orientation }).png().toBuffer();
    const { width, height, channels, pixels } = await decode(bytes);
    expect([width, height]).toEqual(orientation < 5 ? [3, 2] : [2, 3]);
    expect([...pixels].filter((_, index) => index % channels === 0)).toEqual(upright);
  });

  test("of moving images the first frame", async () => {
    if (sharp === null) return;
    const frames = [
      ...Array.from({ length: 4 }, () => [255, 0, 0]),
      ...Array.from({ length: 4 }, () => [0, 0, 255]),
    ];
    const input = { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } } as const;
    for (const kind of ["gif", "webp"] as const) {
      const bytes = await sharp(Uint8Array.from(frames.flat()), input)
        .toFormat(kind, { lossless: true })
        .toBuffer();
      const { width, height, pixels } = await decode(bytes);
      expect([width, height]).toEqual([2, 2]);
      expect([...pixels.subarray(0, 3)]).toEqual([255, 0, 0]);
    }
  });

  test("what is cut short is an error, and so is a size that would fill the memory", async () => {
    const noise = Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251);
    for (const kind of ["jpeg", "png", "webp"] as const) {
      const bytes = await raw(noise, 64, 3).toFormat(kind).toBuffer();
      const cut = new Uint8Array(bytes).subarray(0, Math.floor(bytes.length * 0.6));
      expect(await messageOf(decode(cut))).toMatch(
        /^FormatError: image: this is not an image that can be read \(/,
      );
    }
    const small = new Uint8Array(await raw([1, 2, 3], 1, 3).png().toBuffer());
    const view = new DataView(small.buffer);
    view.setUint32(16, 40_000);
    view.setUint32(20, 40_000);
    view.setUint32(29, crc32(small.subarray(12, 29)));
    expect(await messageOf(decode(small))).toBe(
      "FormatError: image: the image has 40000 x 40000 pixels, at most 268435456 are read. Make it smaller first: models look at a few hundred pixels a side.",
    );
  });
});
