import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { sharedData } from "../testing/shared-data.ts";
import { imageToInput } from "./image-input.ts";
import { type ImageResize, resizeImage } from "./image-resize.ts";

interface Recorded {
  readonly resize: ImageResize;
  readonly sha256: string;
  readonly corner: readonly number[];
}

interface Golden {
  readonly cases: readonly (Recorded & { readonly width: number; readonly height: number })[];
  readonly photos: readonly (Recorded & { readonly name: string; readonly pixels: string })[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("./golden/photo-resize.json", import.meta.url), "utf8"),
);

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The golden file's formula. */
function imageOf(width: number, height: number): Uint8Array {
  return Uint8Array.from(
    { length: width * height * 3 },
    (_, index) => (Math.imul(index, 0x9e3779b1) ^ Math.imul(index >>> 5, 0x85ebca77)) >>> 24,
  );
}

describe("photo-sized images, resized and cropped, are Pillow's bytes", () => {
  test.each(golden.cases)("$width x $height, $resize.size, $resize.interpolation", (recorded) => {
    const { width, height, resize, corner } = recorded;
    const size = { width, height, channels: 3 };
    const { pixels, size: after } = resizeImage({ pixels: imageOf(width, height), size }, resize);
    expect(after).toEqual({ width: 224, height: 224, channels: 3 });
    expect([...pixels.subarray(0, 6)]).toEqual(corner);
    expect(sha256(pixels)).toBe(recorded.sha256);
  });
});

const photos = sharedData("photos");
describe.skipIf(photos === null)("photos (skipped where ../shared/data is not there)", () => {
  test.each(golden.photos)(
    "$name: decoded, then resized, to Pillow's bytes",
    async ({ name, ...recorded }) => {
      const image = await decodeImage(join(photos ?? "", name));
      expect(sha256(image.pixels)).toBe(recorded.pixels);
      const { input } = imageToInput(image, {
        width: 224,
        height: 224,
        channels: 3,
        resize: recorded.resize,
      });
      expect(sha256(input.data)).toBe(recorded.sha256);
    },
  );
});
