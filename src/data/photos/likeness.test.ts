import { describe, expect, test } from "vitest";
import type { DecodedImage } from "#host";
import { drawPhoto } from "../../testing/photo-files.ts";
import { cutOut } from "../image-resize.ts";
import { resample } from "../resample.ts";
import { areAlike, likenessDistance, likenessOf } from "./likeness.ts";

const count = 40;
const photos = Array.from({ length: count }, (_, seed) => drawPhoto(seed, 120, 90));
const likenesses = photos.map(likenessOf);

/** A photo as it looks after something was done to it. */
const changes: Readonly<Record<string, (photo: DecodedImage) => DecodedImage>> = {
  "made smaller": ({ pixels, ...size }) => ({
    ...size,
    width: 67,
    height: 50,
    pixels: resample(pixels, size, 50, 67),
  }),
  "made larger": ({ pixels, ...size }) => ({
    ...size,
    width: 250,
    height: 200,
    pixels: resample(pixels, size, 200, 250),
  }),
  brightened: ({ pixels, ...size }) => ({
    ...size,
    pixels: pixels.map((value) => Math.min(255, value * 1.1 + 4)),
  }),
  "with noise": ({ pixels, ...size }) => ({
    ...size,
    pixels: pixels.map((value, at) => value + ((at * 7919) % 13) - 6),
  }),
  "made gray": ({ pixels, width, height }) => ({
    ...{ width, height, channels: 1 },
    pixels: Uint8Array.from({ length: width * height }, (_, at) =>
      Math.round(0.25 * pixels[3 * at] + 0.625 * pixels[3 * at + 1] + 0.125 * pixels[3 * at + 2]),
    ),
  }),
  "with a hundredth of each edge cut off": ({ pixels, ...size }) => {
    const part = cutOut({ pixels, size }, [0.01, 0.01, 0.98, 0.98]);
    return { ...size, ...part.size, pixels: part.pixels } as DecodedImage;
  },
};

describe("likeness", () => {
  test.each(Object.entries(changes))("of a photo %s stays", (_, change) => {
    const distances = photos.map((photo, index) =>
      likenessDistance(likenesses[index], likenessOf(change(photo))),
    );
    expect(Math.max(...distances)).toBeLessThanOrEqual(12);
    for (const [index, photo] of photos.entries()) {
      expect(areAlike(likenesses[index], likenessOf(change(photo)))).toBe(true);
    }
  });

  test("of two photos differs", () => {
    const pairs = likenesses.flatMap((a, index) =>
      likenesses.slice(0, index).map((b) => likenessDistance(a, b)),
    );
    expect(pairs.length).toBe((count * (count - 1)) / 2);
    expect(Math.min(...pairs)).toBeGreaterThan(20);
  });

  test("is worked out as documented: a bit where the right, or the lower, neighbour is brighter", () => {
    const steps = Uint8Array.from({ length: 81 }, (_, at) => 20 * (at % 9));
    const brighterToTheRight = likenessOf({ width: 9, height: 9, channels: 1, pixels: steps });
    expect([...brighterToTheRight]).toEqual([...new Array(8).fill(255), ...new Array(8).fill(0)]);
  });

  test("flat pictures are alike only if they are flat in all places", () => {
    const flat = (value: number) =>
      likenessOf({ width: 20, height: 20, channels: 1, pixels: new Uint8Array(400).fill(value) });
    expect(areAlike(flat(0), flat(255))).toBe(true);
    // A single stroke: one bit of the few that there are.
    const stroke = new Uint8Array(16).fill(0);
    stroke[3] = 8;
    expect(areAlike(flat(0), stroke)).toBe(false);
  });
});
