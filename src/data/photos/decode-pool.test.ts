import { afterEach, describe, expect, test, vi } from "vitest";
import { encodeImage } from "#host";
import { messageOf } from "../../testing/error-message.ts";
import { drawPhoto, ppmOf } from "../../testing/photo-files.ts";
import { imageToInput } from "../image-input.ts";
import { cutOut } from "../image-resize.ts";
import { resample } from "../resample.ts";
import { DecodePool, sharedDecodePool } from "./decode-pool.ts";
import { areAlike } from "./likeness.ts";

/** What is put before a worker's source: photos of these names are the end of it, or keep it busy for ever. */
const traps = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ name }) => {
  if (name === "deadly") process.exit(3);
  if (name === "throwing") throw new Error("out of luck");
  if (name === "endless") for (;;);
});
`;
let starts = 0;
let mangle = (source: string) => source;

vi.mock("#host", async (original) => {
  const host = await original<typeof import("#host")>();
  return {
    ...host,
    startWorker: (source: string) => {
      starts++;
      return host.startWorker(mangle(source));
    },
  };
});

const options = { height: 8, width: 8, channels: 3 };
const image = drawPhoto(1);
const bytes = ppmOf(image);
const pixels = imageToInput(image, options).input.data;
let pool = new DecodePool();

afterEach(() => {
  pool.close();
  mangle = (source) => source;
  starts = 0;
});

const sharp = await import("sharp").then(
  (module) => module.default,
  () => null,
);

describe("a decode pool", () => {
  test("takes bytes and starts no more threads than it needs", async () => {
    pool = new DecodePool({ workers: 3 });
    expect(starts).toBe(0);
    const photo = await pool.decode(bytes, options);
    expect(photo).toMatchObject({ pixels, problem: null, width: 64, height: 48 });
    expect(starts).toBe(1);
    await Promise.all(Array.from({ length: 12 }, () => pool.decode(bytes, options)));
    expect(starts).toBe(3);
  });

  test("takes bytes that lie among others", async () => {
    pool = new DecodePool({ workers: 1 });
    const among = new Uint8Array(bytes.length + 20);
    among.set(bytes, 7);
    const photo = await pool.decode(among.subarray(7, 7 + bytes.length), options);
    expect(photo).toMatchObject({ pixels, problem: null });
    expect(among.length).toBe(bytes.length + 20);
  });

  test("without threads, the calling one gives the same", async () => {
    const threaded = new DecodePool({ workers: 1 });
    pool = new DecodePool({ workers: 0 });
    const [own, theirs] = await Promise.all([pool.decode(bytes, options), threaded.decode(bytes, options)]);
    expect(own).toEqual(theirs);
    threaded.close();
  });

  test("cuts a part out of the upright photo", async () => {
    const crop = [0.25, 0.5, 0.5, 0.25] as const;
    const part = cutOut({ pixels: image.pixels, size: image }, crop);
    expect(part.size).toEqual({ height: 24, width: 16, channels: 3 });
    expect(part.pixels.subarray(0, 3)).toEqual(
      image.pixels.subarray(3 * (12 * 64 + 32), 3 * (12 * 64 + 32) + 3),
    );
    pool = new DecodePool({ workers: 1 });
    const photo = await pool.decode(bytes, { ...options, crop });
    expect(photo.pixels).toEqual(resample(part.pixels, part.size, 8, 8));
  });

  test("identifies without pixels where only that is wanted, and not at all where it is not", async () => {
    pool = new DecodePool({ workers: 1 });
    const only = await pool.decode(bytes, { ...options, identify: "only" });
    expect(only).toMatchObject({ pixels: new Uint8Array(), problem: null });
    const without = await pool.decode(bytes, { ...options, identify: false });
    expect(without).toMatchObject({ pixels, contentHash: "", likeness: null });
    expect((await pool.decode(bytes, options)).likeness).toEqual(only.likeness);
  });

  test("refuses more than may wait", async () => {
    pool = new DecodePool({ workers: 1, waiting: 2 });
    const taken = [0, 1].map(() => pool.decode(bytes, options));
    expect(await messageOf(() => pool.decode(bytes, { ...options, name: "third.jpg" }))).toBe(
      "DataError: third.jpg: 2 photos wait to be decoded, no more are taken. Try again later.",
    );
    expect((await Promise.all(taken)).map(({ problem }) => problem)).toEqual([null, null]);
    expect((await pool.decode(bytes, options)).problem).toBeNull();
  });

  test("replaces a thread that dies; the photo that it died of is told", async () => {
    mangle = (source) => traps + source;
    pool = new DecodePool({ workers: 1 });
    const names = ["a", "b", "deadly", "c", "throwing", "d", "e"];
    const photos = await Promise.all(names.map((name) => pool.decode(bytes, { ...options, name })));
    expect(photos.map(({ problem }) => problem)).toEqual([
      null,
      null,
      "its decoder stopped (the thread ended by itself (exit code 3))",
      null,
      "its decoder stopped (out of luck)",
      null,
      null,
    ]);
    expect(photos.filter((photo) => photo.problem === null).map((photo) => photo.pixels)).toEqual(
      Array.from({ length: 5 }, () => pixels),
    );
  });

  test("gives up what takes too long, and goes on", async () => {
    mangle = (source) => traps + source;
    pool = new DecodePool({ workers: 1, patience: 1.5 });
    const names = ["a", "endless", "b", "c"];
    const photos = await Promise.all(names.map((name) => pool.decode(bytes, { ...options, name })));
    expect(photos.map(({ problem }) => problem)).toEqual([
      null,
      "decoding it takes longer than 1.5 s",
      null,
      null,
    ]);
  });

  test.each([
    { name: "cannot be started", broken: () => "}{" },
    { name: "throws at once", broken: () => "throw new Error('no')" },
  ])("decodes on the calling thread where a worker $name", async ({ broken }) => {
    mangle = broken;
    pool = new DecodePool({ workers: 2 });
    const photos = await Promise.all(Array.from({ length: 5 }, () => pool.decode(bytes, options)));
    for (const photo of photos) expect(photo.pixels).toEqual(pixels);
  });

  test("a signal ends the wait for its photos alone", async () => {
    pool = new DecodePool({ workers: 1 });
    const leaving = new AbortController();
    const left = Array.from({ length: 20 }, () => pool.decode(bytes, { ...options, signal: leaving.signal }));
    const kept = pool.decode(bytes, options);
    leaving.abort(new Error("enough"));
    const results = await Promise.allSettled(left);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    expect((await kept).pixels).toEqual(pixels);
  });

  test("closing rejects what is on its way, and what comes later", async () => {
    pool = new DecodePool({ workers: 1 });
    await pool.decode(bytes, options);
    const onTheirWay = Array.from({ length: 5 }, () => messageOf(() => pool.decode(bytes, options)));
    pool.close();
    const closed = "EngineError: the decode pool is closed. Create another one.";
    expect(new Set(await Promise.all(onTheirWay))).toEqual(new Set([closed]));
    expect(await messageOf(() => pool.decode(bytes, options))).toBe(closed);
  });

  test("says what is wrong with its options", async () => {
    expect(await messageOf(() => new DecodePool({ workers: 1.5 }))).toBe(
      'OptionError: decode pool: option "workers" must be a whole number from 0 to 256, got 1.5.',
    );
    expect(await messageOf(() => new DecodePool({ waiting: 0 }))).toBe(
      'OptionError: decode pool: option "waiting" must be at least 1, got 0.',
    );
    expect(await messageOf(() => new DecodePool({ patience: 0 }))).toBe(
      'OptionError: decode pool: option "patience" must be above 0 seconds, got 0.',
    );
  });

  test("one serves all who bring none", () => {
    expect(sharedDecodePool()).toBe(sharedDecodePool());
    const first = sharedDecodePool();
    first.close();
    expect(sharedDecodePool()).not.toBe(first);
  });
});

describe.skipIf(sharp === null)("with sharp (skipped where it is not installed)", () => {
  test("a fast JPEG is nearly the exact one, in size, turn, likeness and pixels", async () => {
    if (sharp === null) throw new Error("sharp is not installed");
    const large = drawPhoto(2, 403, 302);
    const raw = { raw: { width: 403, height: 302, channels: 3 as const } };
    const jpeg = new Uint8Array(
      await sharp(large.pixels, raw).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer(),
    );
    pool = new DecodePool({ workers: 1 });
    for (const crop of [null, [0.25, 0.25, 0.5, 0.5] as const]) {
      const wanted = { height: 20, width: 16, channels: 3, crop };
      const exact = await pool.decode(jpeg, wanted);
      const fast = await pool.decode(jpeg, { ...wanted, fast: true });
      expect([fast.width, fast.height, fast.contentHash]).toEqual([302, 403, exact.contentHash]);
      expect(fast.pixels).not.toEqual(exact.pixels);
      const apart = Array.from(exact.pixels ?? [], (value, at) =>
        Math.abs(value - (fast.pixels?.[at] ?? 999)),
      );
      expect(Math.max(...apart)).toBeLessThanOrEqual(10);
      expect(apart.reduce((sum, value) => sum + value, 0) / apart.length).toBeLessThan(2);
      expect(areAlike(exact.likeness ?? new Uint8Array(16), fast.likeness ?? new Uint8Array(16))).toBe(true);
    }
    // Twice what is needed is not there: nothing is left to save.
    const wanted = { height: 200, width: 160, channels: 3 };
    expect(await pool.decode(jpeg, { ...wanted, fast: true })).toEqual(await pool.decode(jpeg, wanted));
  });

  test("PNG and JPEG come to the same bytes as on the calling thread, upright by EXIF", async () => {
    if (sharp === null) throw new Error("sharp is not installed");
    const raw = { raw: { width: 64, height: 48, channels: 3 as const } };
    const jpeg = new Uint8Array(
      await sharp(image.pixels, raw).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    const png = await encodeImage(image.pixels, image, "png");
    pool = new DecodePool({ workers: 1 });
    const own = new DecodePool({ workers: 0 });
    const turned = await pool.decode(jpeg, options);
    expect([turned.width, turned.height]).toEqual([48, 64]);
    expect(turned).toEqual(await own.decode(jpeg, options));
    expect(turned.problem).toBeNull();
    expect((await pool.decode(png, options)).pixels).toEqual(pixels);
    const cut = await pool.decode(jpeg.slice(0, jpeg.length / 2), options);
    expect(cut.problem).toMatch(/^this is not an image that can be read \(/);
  });
});
