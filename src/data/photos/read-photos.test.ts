import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeImage } from "#host";
import { messageOf } from "../../testing/error-message.ts";
import { drawPhoto, ppmOf, type TemporaryFolder, temporaryFolder } from "../../testing/photo-files.ts";
import { imageToInput } from "../image-input.ts";
import { DecodePool } from "./decode-pool.ts";
import { type PhotoReading, readPhotos } from "./read-photos.ts";

const options = { height: 16, width: 12, channels: 3 };
let folder: TemporaryFolder;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Pictures of different sizes, so that they are not done in the order in which they are begun. */
function drawFiles(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const side = 8 + ((index * 37) % 90);
    return folder.write(`${index} ä.ppm`, ppmOf(drawPhoto(index, side, side + 3)));
  });
}

async function readAll(paths: readonly string[], more = {}): Promise<PhotoReading[]> {
  const read: PhotoReading[] = [];
  for await (const photo of readPhotos(paths, { ...options, ...more })) read.push(photo);
  return read;
}

describe("readPhotos", () => {
  test("gives the bytes of imageToInput, in the order of the paths, with what identifies each", async () => {
    const paths = drawFiles(30);
    const read = await readAll(paths);
    expect(read.map(({ index, path }) => [index, path])).toEqual(paths.map((path, index) => [index, path]));
    for (const { path, pixels, problem, width, height, contentHash, likeness } of read) {
      const image = await decodeImage(path);
      expect(problem).toBeNull();
      expect(pixels).toEqual(imageToInput(image, options).input.data);
      expect([width, height]).toEqual([image.width, image.height]);
      expect(contentHash).toMatch(/^[0-9a-f]{64}$/);
      expect(likeness?.length).toBe(16);
    }
    expect(new Set(read.map(({ contentHash }) => contentHash)).size).toBe(30);
  });

  test("a photo's hash is the SHA-256 of its bytes", async () => {
    // The digest of "abc", from FIPS 180-4's examples; it is no image.
    const [photo] = await readAll([folder.write("abc.jpg", "abc")]);
    expect(photo).toEqual({
      index: 0,
      path: `${folder.path}/abc.jpg`,
      pixels: null,
      problem: "this is none of the images that are read",
      contentHash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      likeness: null,
      width: 0,
      height: 0,
    });
  });

  test.each([
    {
      name: "the model's resize",
      more: { resize: { size: 20, crop: [16, 12], interpolation: "bicubic", antialias: true } },
    },
    { name: "gray", more: { channels: 1 } },
    { name: "a crop to the model's shape", more: { fit: "crop" } },
  ] as const)("takes over $name", async ({ more }) => {
    const [path] = drawFiles(1);
    const [{ pixels }] = await readAll([path], more);
    expect(pixels).toEqual(imageToInput(await decodeImage(path), { ...options, ...more }).input.data);
  });

  test("photos that cannot be read are results: all else goes on", async () => {
    const [good] = drawFiles(1);
    const paths = [
      folder.write("empty.jpg", ""),
      `${folder.path}/missing.jpg`,
      folder.write("text.png", "no image"),
      folder.write("cut.ppm", ppmOf(drawPhoto(1)).subarray(0, 500)),
      folder.write("bomb.ppm", "P6\n60000 60000\n255\n"),
      folder.path,
      good,
    ];
    const read = await readAll(paths);
    expect(read.map(({ problem }) => problem)).toEqual([
      "the file is empty",
      "there is no such file",
      "this is none of the images that are read",
      "not a binary PGM or PPM image: 64x48x3 pixels need 9216 bytes, got 487",
      "not a binary PGM or PPM image: 60000x60000x3 pixels need 10800000000 bytes, got 0",
      "this is a folder, a file was expected",
      null,
    ]);
    expect(read.map(({ pixels }) => pixels?.length ?? 0)).toEqual([0, 0, 0, 0, 0, 0, 16 * 12 * 3]);
  });

  test("no more than `ahead` are on their way, however many there are", async () => {
    const paths = drawFiles(40);
    const pool = new DecodePool({ workers: 2 });
    let asked = 0;
    function* counted() {
      for (const path of paths) {
        asked++;
        yield path;
      }
    }
    let given = 0;
    for await (const _ of readPhotos(counted(), { ...options, pool, ahead: 5 })) {
      given++;
      // The one that was just given is asked for no more.
      expect(asked - given).toBeLessThanOrEqual(5);
      expect(pool.waiting + pool.running).toBeLessThanOrEqual(5);
    }
    expect([asked, given]).toEqual([40, 40]);
    pool.close();
  });

  test("who leaves the loop leaves nothing behind", async () => {
    const pool = new DecodePool({ workers: 1 });
    for await (const { index } of readPhotos(drawFiles(30), { ...options, pool, ahead: 20 })) {
      if (index === 2) break;
    }
    expect(pool.waiting).toBe(0);
    const again = await readAll(drawFiles(3), { pool });
    expect(again.map(({ problem }) => problem)).toEqual([null, null, null]);
    pool.close();
  });

  test("a signal ends it at once, with its reason", async () => {
    const leaving = new AbortController();
    const pool = new DecodePool({ workers: 1 });
    const reason = new Error("enough");
    let given = 0;
    const reading = (async () => {
      for await (const _ of readPhotos(drawFiles(30), { ...options, pool, signal: leaving.signal })) {
        given++;
        leaving.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(given).toBe(1);
    expect(pool.waiting).toBe(0);
    await expect(readAll(drawFiles(1), { pool, signal: leaving.signal })).rejects.toBe(reason);
    pool.close();
  });

  test("says what is wrong with its options", async () => {
    expect(await messageOf(() => readAll([], { channels: 4 }))).toBe(
      'OptionError: data.readPhotos: photos cannot have 4 channels. Give the channels of the model\'s input: 1 (gray) or 3 (RGB), as option "channels".',
    );
    expect(await messageOf(() => readAll([], { width: 0 }))).toBe(
      "OptionError: data.readPhotos: photos cannot become 0 x 16 pixels. Give the height and width of the model's input, whole numbers from 1 up.",
    );
    expect(await messageOf(() => readAll([], { ahead: 0 }))).toBe(
      'OptionError: data.readPhotos: option "ahead" must be at least 1, got 0.',
    );
  });
});
