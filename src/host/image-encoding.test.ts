import { inflateSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RandomStream } from "../tensor/random.ts";
import { messageOf } from "../testing/error-message.ts";
import * as browser from "./browser-encoding.ts";
import { encodeImage, encodeJpeg, type ImageFormat } from "./node-encoding.ts";
import { decodeImageBytes } from "./node-images.ts";
import type { DecodedImage } from "./pnm.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function drawImage(width: number, height: number, channels: 1 | 3): DecodedImage {
  const stream = new RandomStream(width * 1000 + height);
  // A slope with some noise: every filter is the best one for some row.
  const pixels = Uint8Array.from(
    { length: width * height * channels },
    (_, index) => (index * 3 + stream.integer(5)) & 255,
  );
  return { width, height, channels, pixels };
}

describe("PNG", () => {
  test.each([
    [1, 1, 1],
    [1, 1, 3],
    [5, 3, 3],
    [64, 47, 1],
    [33, 64, 3],
  ] as const)("%d x %d with %d channels comes back pixel by pixel", async (width, height, channels) => {
    const image = drawImage(width, height, channels);
    const png = await encodeImage(image.pixels, image, "png");
    expect(await decodeImageBytes(png, "a.png")).toEqual(image);
    // What a page in a browser does is the same.
    expect(await browser.encodeImage(image.pixels, image, "png")).toEqual(png);
  });

  test("byte by byte: one red pixel", async () => {
    const png = Buffer.from(
      await encodeImage(Uint8Array.of(255, 0, 0), { width: 1, height: 1, channels: 3 }, "png"),
    );
    const dataSize = png.readUInt32BE(33);
    expect(png.subarray(0, 33).toString("hex")).toBe(
      "89504e470d0a1a0a0000000d494844520000000100000001080200000090" + "7753de",
    );
    expect(png.subarray(37, 41).toString("latin1")).toBe("IDAT");
    expect([...inflateSync(png.subarray(41, 41 + dataSize))]).toEqual([0, 255, 0, 0]);
    expect(png.subarray(-12).toString("hex")).toBe("0000000049454e44ae426082");
  });

  test("filters make a slope small", async () => {
    const pixels = Uint8Array.from({ length: 256 * 256 }, (_, index) => index % 256);
    const png = await encodeImage(pixels, { width: 256, height: 256, channels: 1 }, "png");
    expect(png.length).toBeLessThan(700);
  });
});

describe("JPEG", () => {
  test.each([1, 3] as const)(
    "%d channels stay so, values stay close, and quality costs bytes",
    async (channels) => {
      const pixels = new Uint8Array(32 * 24 * channels).map(
        (_, index) => 40 + Math.floor(index / channels / 32) * 5,
      );
      const extent = { width: 32, height: 24, channels };
      const fine = await encodeImage(pixels, extent, "jpeg", { quality: 95 });
      const decoded = await decodeImageBytes(fine, "a.jpg");
      expect(decoded).toMatchObject(extent);
      const far = decoded.pixels.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - pixels[index])),
        0,
      );
      expect(far).toBeLessThanOrEqual(4);
      const noisy = drawImage(32, 24, channels);
      const sizes = [10, 95].map(
        async (quality) => (await encodeImage(noisy.pixels, noisy, "jpeg", { quality })).length,
      );
      const [coarse, sharp] = await Promise.all(sizes);
      expect(coarse).toBeLessThan(sharp / 2);
    },
  );

  test("says what to install when sharp is missing", async () => {
    const missing = () => Promise.reject(Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" }));
    expect(await messageOf(encodeJpeg(drawImage(1, 1, 1), 85, missing))).toBe(
      "FileError: encodeImage: writing JPEG images needs the package sharp, which is not installed. Run: npm install sharp. Or write PNG.",
    );
  });

  test("a browser's canvas gets opaque pixels", async () => {
    let drawn: unknown;
    const putImageData = (image: unknown) => {
      drawn = image;
    };
    let context: unknown = { putImageData };
    let asked: unknown;
    vi.stubGlobal(
      "ImageData",
      class {
        readonly data: Uint8ClampedArray;
        constructor(data: Uint8ClampedArray) {
          this.data = data;
        }
      },
    );
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        getContext() {
          return context;
        }
        async convertToBlob(options: unknown) {
          asked = options;
          return new Blob([Uint8Array.of(0xff, 0xd8)]);
        }
      },
    );
    const gray = { width: 2, height: 1, channels: 1 } as const;
    expect([...(await browser.encodeImage(Uint8Array.of(7, 9), gray, "jpeg", { quality: 50 }))]).toEqual([
      0xff, 0xd8,
    ]);
    expect(asked).toEqual({ type: "image/jpeg", quality: 0.5 });
    expect(drawn).toEqual({ data: Uint8ClampedArray.of(7, 7, 7, 255, 9, 9, 9, 255) });
    context = null;
    expect(await messageOf(browser.encodeImage(Uint8Array.of(7, 9), gray, "jpeg"))).toBe(
      "FileError: encodeImage: the browser gives no canvas to encode images with. Close other pages, or write PNG.",
    );
  });
});

test("wrong pixels and options", async () => {
  const extent = { width: 2, height: 2, channels: 1 } as const;
  const pixels = new Uint8Array(4);
  expect(await messageOf(encodeImage(new Uint8Array(5), extent, "png"))).toBe(
    "OptionError: encodeImage: an image of 2 x 2 pixels and 1 channels has 4 bytes, got 5.",
  );
  expect(await messageOf(encodeImage(pixels, { ...extent, width: 0 }, "png"))).toBe(
    "OptionError: encodeImage: the width must be a whole number from 1 to 65535, got 0.",
  );
  expect(await messageOf(encodeImage(pixels, { ...extent, channels: 2 as 1 }, "png"))).toBe(
    "OptionError: encodeImage: an image has 1 channel (gray) or 3 (RGB), got 2.",
  );
  expect(await messageOf(encodeImage(pixels, extent, "jpg" as ImageFormat))).toBe(
    'OptionError: encodeImage: the format must be "png" or "jpeg", got "jpg".',
  );
  expect(await messageOf(encodeImage(pixels, extent, "jpeg", { quality: 0 }))).toBe(
    "OptionError: encodeImage: the quality must be from 1 to 100, got 0.",
  );
});
