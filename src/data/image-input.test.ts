import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../tensor/errors.ts";
import { imageToInput } from "./image-input.ts";
import { resample } from "./resample.ts";

/** What golden/make-golden.py recorded of Pillow. */
interface GoldenCase {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly toWidth: number;
  readonly toHeight: number;
  readonly resized: readonly number[];
  readonly gray?: readonly number[];
}

const cases: readonly GoldenCase[] = JSON.parse(
  readFileSync(new URL("golden/resampled.json", import.meta.url), "utf8"),
);

function sourceOf({ width, height, channels }: GoldenCase): Uint8Array {
  return Uint8Array.from({ length: width * height * channels }, (_, i) => i * 37 + Math.floor(i / 5) * 11);
}

describe("against Pillow", () => {
  test.each(cases)("$width x $height x $channels to $toWidth x $toHeight", (golden) => {
    const resized = resample(sourceOf(golden), golden, golden.toHeight, golden.toWidth);
    expect(resized.length).toBe(golden.resized.length);
    // Pillow rounds to 8 bits between rows and columns: one step of difference is its error, not ours.
    const greatest = Math.max(...resized.map((value, index) => Math.abs(value - golden.resized[index])));
    expect(greatest).toBeLessThanOrEqual(1);
  });

  test("conversion to gray is the same", () => {
    const colour = cases.filter((golden) => golden.gray !== undefined);
    expect(colour.length).toBe(2);
    for (const golden of colour) {
      const { width, height } = golden;
      const image = { ...golden, pixels: sourceOf(golden) };
      expect([...imageToInput(image, { width, height, channels: 1 }).input.data]).toEqual(golden.gray);
    }
  });
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
