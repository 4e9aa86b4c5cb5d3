import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../tensor/errors.ts";
import { imageToInput } from "./image-input.ts";
import { type ImageResize, resizedSize, resizeImage } from "./image-resize.ts";
import { type ImageSize, type Interpolation, interpolations, resample } from "./resample.ts";

/** What golden/make-golden.py recorded of Pillow. */
interface GoldenCase {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly toWidth: number;
  readonly toHeight: number;
  readonly interpolation: Interpolation;
  readonly resized: readonly number[];
  readonly gray?: readonly number[];
}

/** What it recorded of torchvision's `Resize` and `CenterCrop`. */
interface TransformedCase {
  readonly width: number;
  readonly height: number;
  readonly size: ImageResize["size"];
  readonly crop: ImageResize["crop"];
  readonly toWidth: number;
  readonly toHeight: number;
  readonly result: readonly number[];
}

const golden: { resampled: readonly GoldenCase[]; transformed: readonly TransformedCase[] } = JSON.parse(
  readFileSync(new URL("golden/resampled.json", import.meta.url), "utf8"),
);

function sourceOf({ width, height, channels }: ImageSize): Uint8Array {
  return Uint8Array.from({ length: width * height * channels }, (_, i) => i * 37 + Math.floor(i / 5) * 11);
}

describe("against Pillow", () => {
  test.each(golden.resampled)(
    "$width x $height x $channels to $toWidth x $toHeight, $interpolation, is the same",
    (expected) => {
      const { interpolation } = expected;
      const resized = resample(sourceOf(expected), expected, expected.toHeight, expected.toWidth, {
        interpolation,
      });
      expect([...resized]).toEqual(expected.resized);
    },
  );

  test("conversion to gray is the same", () => {
    const colour = golden.resampled.filter(({ gray }) => gray !== undefined);
    expect(colour.length).toBe(4);
    for (const expected of colour) {
      const { width, height } = expected;
      const image = { ...expected, pixels: sourceOf(expected) };
      expect([...imageToInput(image, { width, height, channels: 1 }).input.data]).toEqual(expected.gray);
    }
  });
});

describe("against torchvision", () => {
  test.each(golden.transformed)(
    "$width x $height resized to $size and cropped to $crop is the same",
    ({ width, height, size, crop, toWidth, toHeight, result }) => {
      const image = { width, height, channels: 1 } as const;
      const resize = { size, crop, interpolation: "bilinear", antialias: true } as const;
      const { pixels, size: found } = resizeImage({ pixels: sourceOf(image), size: image }, resize);
      expect(found).toEqual({ width: toWidth, height: toHeight, channels: 1 });
      expect([...pixels]).toEqual(result);
      expect(resizedSize(resize)).toEqual(crop === null ? null : [toHeight, toWidth]);

      const options = { width: toWidth, height: toHeight, channels: 1, resize };
      const { input, notes } = imageToInput({ ...image, pixels: sourceOf(image) }, options);
      expect([...input.data]).toEqual(result);
      expect(notes).toEqual([]);
    },
  );

  test("a strip of a pixel's height is refused before it becomes gigabytes", () => {
    const strip = { width: 2000, height: 1, channels: 1 } as const;
    const resize = { size: 256, crop: 224, interpolation: "bilinear", antialias: true } as const;
    expect(() => resizeImage({ pixels: sourceOf(strip), size: strip }, resize)).toThrow(
      "an image of 2000x1 with 256 as its shorter side would be too large. Neither side may exceed 32768: cut the image first.",
    );
  });
});

test("a window of a resized image is that part of all of it", () => {
  const side = fc.integer({ min: 1, max: 40 });
  const case_ = fc.record({
    size: fc.record({ height: side, width: side, channels: fc.constantFrom(1, 3) }),
    target: fc.record({ height: side, width: side }),
    from: fc.tuple(
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
    ),
    interpolation: fc.constantFrom(...interpolations),
  });
  fc.assert(
    fc.property(case_, ({ size, target, from, interpolation }) => {
      const { channels } = size;
      const pixels = Uint8Array.from(
        { length: size.height * size.width * channels },
        (_, index) => (index * 7919 + (index >> 3)) % 256,
      );
      const [top, left] = [Math.floor(from[0] * target.height), Math.floor(from[1] * target.width)];
      const window = {
        top,
        left,
        height: Math.ceil((target.height - top) / 2),
        width: Math.ceil((target.width - left) / 2),
      };
      const all = resample(pixels, size, target.height, target.width, { interpolation });
      const part = resample(pixels, size, target.height, target.width, { interpolation, window });
      expect(part.length).toBe(window.height * window.width * channels);
      for (let row = 0; row < window.height; row++) {
        const at = ((top + row) * target.width + left) * channels;
        const rowSize = window.width * channels;
        expect(part.subarray(row * rowSize, (row + 1) * rowSize)).toEqual(all.subarray(at, at + rowSize));
      }
    }),
  );
});

test("without antialias only the pixels around each point count", () => {
  const pixels = Uint8Array.of(0, 100, 200, 40, 80, 120, 10, 30);
  const size = { height: 1, width: 8, channels: 1 };
  const shrunk = (interpolation: Interpolation) => [
    ...resample(pixels, size, 1, 2, { interpolation, antialias: false }),
  ];
  // Middles are at 2 and 6: half of each neighbour, or -1/16, 9/16, 9/16, -1/16 of four.
  expect(shrunk("bilinear")).toEqual([150, 65]);
  expect(shrunk("bicubic")).toEqual([
    Math.round((9 * (100 + 200) - (0 + 40)) / 16),
    Math.round((9 * 130 - 110) / 16),
  ]);
  expect(shrunk("nearest")).toEqual([200, 10]);
});

describe("imageToInput", () => {
  const gray = {
    width: 4,
    height: 2,
    channels: 1,
    pixels: Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70),
  } as const;

  test("an image that fits is passed on as it is", () => {
    const { input, notes } = imageToInput(gray, { width: 4, height: 2, channels: 1 });
    expect(input.shape).toEqual([1, 2, 4, 1]);
    expect([...input.data]).toEqual([...gray.pixels]);
    expect(notes).toEqual([]);
  });

  test("stretch, crop and conversion say what they did", () => {
    const stretched = imageToInput(gray, { width: 2, height: 2, channels: 3, name: "a.pgm" });
    expect(stretched.input.shape).toEqual([1, 2, 2, 3]);
    // Weights 3, 3, 1 of 7 over columns 0 to 2, and mirrored.
    expect([...stretched.input.data]).toEqual([7, 7, 7, 23, 23, 23, 47, 47, 47, 63, 63, 63]);
    expect(stretched.notes).toEqual([
      "a.pgm: converted from gray to RGB",
      "a.pgm: resized from 4x2 to 2x2, which changes its proportions",
    ]);
    const cropped = imageToInput(gray, { width: 2, height: 2, channels: 1, fit: "crop" });
    expect([...cropped.input.data]).toEqual([10, 20, 50, 60]);
    expect(cropped.notes).toEqual(["image: cut to the middle 2x2 of 4x2"]);
    const halved = imageToInput(gray, { width: 2, height: 1, channels: 1, fit: "crop" });
    expect(halved.notes).toEqual(["image: resized from 4x2 to 2x1"]);
    const colour = { width: 1, height: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0) } as const;
    const { input, notes } = imageToInput(colour, { width: 1, height: 1, channels: 1 });
    expect([...input.data]).toEqual([76]);
    expect(notes).toEqual(["image: converted from RGB to gray (luma of Rec. 601)"]);
  });

  test("a plain area stays plain whatever the sizes", () => {
    for (const size of [1, 3, 28, 100]) {
      const plain = {
        width: 31,
        height: 17,
        channels: 1,
        pixels: new Uint8Array(31 * 17).fill(200),
      } as const;
      const { input } = imageToInput(plain, { width: size, height: size, channels: 1 });
      expect(input.data.every((value) => value === 200)).toBe(true);
    }
  });

  test("what cannot be an input is refused", () => {
    const refuse = () =>
      imageToInput(gray, { width: 28, height: 28, channels: 1, fit: "refuse", name: "a.png" });
    expect(refuse).toThrow(DataError);
    expect(refuse).toThrow(
      "a.png: the image is 4x2, the model takes 28x28. Resize it first, or let it be stretched or cropped.",
    );
    const odd = () => imageToInput(gray, { width: 4, height: 2, channels: 2, name: "a.png" });
    expect(odd).toThrow(ShapeError);
    expect(odd).toThrow(
      "a.png: a model with 2 input channels takes no images. Images have 1 channel (gray) or 3 (RGB): pass such an input as a .npy file.",
    );
    const short = { ...gray, width: 5 };
    expect(() => imageToInput(short, { width: 4, height: 2, channels: 1 })).toThrow(
      "image: 2x5x1 pixels were expected, got 8 bytes. Give height * width * channels bytes.",
    );
  });
});
