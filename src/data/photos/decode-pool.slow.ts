import { afterAll, describe, expect, test } from "vitest";
import { encodeImage } from "#host";
import { fuzzReader } from "../../testing/fuzz-reader.ts";
import { drawPhoto, ppmOf } from "../../testing/photo-files.ts";
import { DecodePool } from "./decode-pool.ts";

const sharp = await import("sharp").then(
  (module) => module.default,
  () => null,
);

describe.skipIf(sharp === null)("broken images (skipped where sharp is not installed)", () => {
  const pool = new DecodePool({ workers: 2 });
  afterAll(() => pool.close());

  test("are read or refused, never the end of a thread or of the wait", async () => {
    if (sharp === null) throw new Error("sharp is not installed");
    const image = drawPhoto(3, 24, 18);
    const picture = () => sharp(image.pixels, { raw: { width: 24, height: 18, channels: 3 } });
    const encoded = {
      "a.jpg": await picture().jpeg().toBuffer(),
      "progressive.jpg": await picture().jpeg({ progressive: true, mozjpeg: true }).toBuffer(),
      "a.webp": await picture().webp().toBuffer(),
      "a.gif": await picture().gif().toBuffer(),
      "a.tiff": await picture().tiff({ compression: "lzw" }).toBuffer(),
      "a.png": await encodeImage(image.pixels, image, "png"),
      "a.ppm": ppmOf(image),
    };
    const size = { height: 12, width: 12, channels: 3 };
    let [read, refused] = [0, 0];
    await fuzzReader({
      files: Object.fromEntries(
        Object.entries(encoded).map(([name, bytes]) => [name, new Uint8Array(bytes)]),
      ),
      runs: 150,
      read: async (bytes) => {
        const photo = await pool.decode(bytes.slice(), size);
        if (photo.problem === null) {
          read++;
          expect(photo.pixels?.length).toBe(432);
        } else {
          refused++;
          expect(photo.problem).not.toMatch(/decoder stopped|takes longer/);
          expect(photo.pixels).toBeNull();
        }
      },
    });
    expect(read).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
  }, 300_000);
});
