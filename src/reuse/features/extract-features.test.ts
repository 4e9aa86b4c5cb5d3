import { appendFile, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { decodeImage } from "#host";
import { DecodePool, imageToInput } from "../../data/index.ts";
import { layers } from "../../layers/index.ts";
import { type Model, sequential } from "../../models/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { messageOf } from "../../testing/error-message.ts";
import { extractFeatures, featuresOfImages } from "./extract-features.ts";

const paths: string[] = [];
let folder: string;
let cacheFolder: string;
let decoders: DecodePool;
const at = (name: string) => join(folder, name);

/** A binary PPM of one colour that differs by index, with a stripe. */
function photo(index: number): Uint8Array {
  const [width, height] = [12 + (index % 3), 10];
  const pixels = Uint8Array.from(
    { length: width * height * 3 },
    (_, place) => (place * (index + 3) + 40 * index) % 256,
  );
  return new Uint8Array([...new TextEncoder().encode(`P6 ${width} ${height} 255\n`), ...pixels]);
}

function net(seed = 1): Model {
  const model = sequential(
    [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 5, kernelSize: 3, activation: "relu" }),
      layers.maxPool2d({ poolSize: 2 }),
    ],
    { seed, preprocessing: { resize: { size: [8, 8] } } },
  );
  vi.spyOn(model, "predict");
  return model;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fovea-features-"));
  decoders = new DecodePool({ workers: 0 });
  for (let index = 0; index < 9; index++) {
    paths.push(at(`photo ${index} ä.ppm`));
    await writeFile(paths[index], photo(index));
    // Long ago, so that times may be trusted.
    await utimes(paths[index], 1e9, 1e9 + index);
  }
});
beforeEach(async () => {
  cacheFolder = await mkdtemp(join(folder, "cache-"));
});
afterAll(async () => {
  decoders.close();
  await rm(folder, { recursive: true });
});

const options = () => ({ cacheFolder, decoders, batchSize: 4 });
const bin = async () =>
  join(
    cacheFolder,
    "features",
    (await readdir(join(cacheFolder, "features"))).find((name) => name !== "places.bin") ?? "",
  );

describe("featuresOfImages", () => {
  test("the same numbers of images that are decoded already", async () => {
    const model = net();
    const { values } = await extractFeatures(model, paths, options());
    const bytes: number[] = [];
    for (const path of paths) {
      const size = { height: 8, width: 8, channels: 3, resize: model.preprocessing.resize };
      bytes.push(...imageToInput(await decodeImage(path), size).input.data);
    }
    const images = new Tensor("uint8", [paths.length, 8, 8, 3], Uint8Array.from(bytes));
    expect(await featuresOfImages(model, images)).toEqual(values);
  });

  test("a network that takes no images is refused", async () => {
    const dense = sequential([layers.dense({ inputShape: [4], units: 2 })]);
    const nothing = new Tensor("uint8", [1, 4], new Uint8Array(4));
    expect(await messageOf(featuresOfImages(dense, nothing))).toContain(
      "the network takes [4], photos are [height, width, 1 or 3]",
    );
  });
});

describe("extractFeatures", () => {
  test("a row for each photo: the mean of the net's output over the grid", async () => {
    const model = net();
    const { values, photos, cached, cacheProblem } = await extractFeatures(model, paths, options());
    expect(values.shape).toEqual([9, 5]);
    expect({ cached, cacheProblem }).toEqual({ cached: 0, cacheProblem: null });
    for (const [index, path] of paths.entries()) {
      const image = await decodeImage(path);
      const { input } = imageToInput(image, {
        height: 8,
        width: 8,
        channels: 3,
        resize: model.preprocessing.resize,
      });
      const output = await model.predict(input);
      const means = Array.from({ length: 5 }, (_, channel) =>
        [...output.data]
          .filter((_, place) => place % 5 === channel)
          .reduce((sum, value) => sum + value / 9, 0),
      );
      for (const [channel, mean] of means.entries())
        expect(values.data[index * 5 + channel]).toBeCloseTo(mean, 5);
      expect(photos[index]).toMatchObject({
        index,
        path,
        row: index,
        problem: null,
        cached: false,
        width: image.width,
        height: 10,
      });
      expect(photos[index].contentHash).toMatch(/^[0-9a-f]{64}$/);
      expect(photos[index].likeness).toHaveLength(16);
    }
  });

  test("all of the grid when it is kept", async () => {
    const model = net();
    const { values } = await extractFeatures(model, paths.slice(0, 2), { ...options(), spatial: "keep" });
    expect(values.shape).toEqual([2, 45]);
  });

  test("the second time nothing is decoded and the net is not asked, and all is the same", async () => {
    const first = await extractFeatures(net(), paths, options());
    const model = net();
    const decode = vi.spyOn(decoders, "decode");
    const progress: unknown[] = [];
    const second = await extractFeatures(model, paths, {
      ...options(),
      onProgress: (step) => progress.push(step),
    });
    expect(model.predict).not.toHaveBeenCalled();
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
    expect(second.cached).toBe(9);
    expect(second.values).toEqual(first.values);
    expect(second.photos).toEqual(first.photos.map((one) => ({ ...one, cached: true })));
    expect(progress.at(-1)).toEqual({ done: 9, photos: 9, cached: 9 });
  });

  test("a photo is known by its content, wherever it is; one with other content under its name is not", async () => {
    const copies = await mkdtemp(join(folder, "copies-"));
    await extractFeatures(net(), paths.slice(0, 3), options());
    await writeFile(join(copies, "moved.ppm"), photo(1));
    await writeFile(join(copies, "changed.ppm"), photo(2));
    const moved = [join(copies, "moved.ppm"), join(copies, "changed.ppm")];
    expect((await extractFeatures(net(), moved, options())).cached).toBe(2);
    await writeFile(moved[1], photo(5));
    const { photos } = await extractFeatures(net(), moved, options());
    expect(photos.map(({ cached }) => cached)).toEqual([true, false]);
  });

  test("another net, other weights or another way to make inputs have features of their own", async () => {
    await extractFeatures(net(), paths, options());
    expect((await extractFeatures(net(2), paths, options())).cached).toBe(0);
    expect((await extractFeatures(net(), paths, { ...options(), spatial: "keep" })).cached).toBe(0);
    expect((await extractFeatures(net(), paths, options())).cached).toBe(9);
  });

  test("without the cache nothing is written", async () => {
    await extractFeatures(net(), paths, { ...options(), cache: false });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  test("photos that cannot be read have a problem and no row", async () => {
    await writeFile(at("empty.jpg"), "");
    await writeFile(at("text.jpg"), "no image");
    const list = [paths[0], at("empty.jpg"), at("text.jpg"), at("none.jpg"), paths[1]];
    const { values, photos } = await extractFeatures(net(), list, options());
    expect(values.shape).toEqual([2, 5]);
    expect(photos.map(({ row, problem }) => [row, problem])).toEqual([
      [0, null],
      [-1, "the file is empty"],
      [-1, "this is none of the images that are read"],
      [-1, "there is no such file"],
      [1, null],
    ]);
  });

  test("no photos", async () => {
    expect((await extractFeatures(net(), [], options())).values.shape).toEqual([0, 5]);
  });

  test("a folder that cannot be written to costs the cache alone", async () => {
    await writeFile(join(cacheFolder, "features"), "a file in the way");
    const { values, cacheProblem } = await extractFeatures(net(), paths, options());
    expect(values.shape).toEqual([9, 5]);
    expect(cacheProblem).toMatch(/^FileError|in the way of the folder/);
  });

  test("it ends when it is told to, and what was done is kept", async () => {
    const controller = new AbortController();
    const stopping = extractFeatures(net(), paths, {
      ...options(),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopping).rejects.toThrow("enough");
    const { cached } = await extractFeatures(net(), paths, options());
    expect(cached).toBeGreaterThanOrEqual(4);
  });

  test("wrong options and nets", async () => {
    const dense = sequential([layers.dense({ inputShape: [4], units: 2 })]);
    expect(await messageOf(() => extractFeatures(dense, paths))).toBe(
      'ShapeError: model "model": the network takes [4], photos are [height, width, 1 or 3]. Cut a network that takes images, such as model.tap("global_pool").',
    );
    // @ts-expect-error: as from JavaScript
    expect(await messageOf(() => extractFeatures(net(), paths, { spatial: "max" }))).toMatch(/mean or keep/);
    // @ts-expect-error: as from JavaScript
    expect(await messageOf(() => extractFeatures(net(), paths, { batch: 4 }))).toMatch(
      /unknown option "batch"/,
    );
  });
});

describe("the cache's files", () => {
  test("a tail that was cut, foreign bytes and flipped bits cost the photos that they hit", async () => {
    await extractFeatures(net(), paths, options());
    const path = await bin();
    const whole = new Uint8Array(await readFile(path));
    const record = whole.length / 9;
    const damaged = whole.slice(0, whole.length - 7);
    damaged[record + 30] ^= 1;
    await writeFile(path, damaged);
    await appendFile(path, "FVR1 and what is none");
    const { photos } = await extractFeatures(net(), paths, options());
    expect(photos.map(({ cached }) => cached)).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    // What was worked out again lies behind the damage, and is found.
    expect((await extractFeatures(net(), paths, options())).cached).toBe(9);
  });

  test("a file of records of another size has none", async () => {
    await extractFeatures(net(), paths, options());
    const path = await bin();
    await extractFeatures(net(), paths, { ...options(), spatial: "keep" });
    const other = (await readdir(join(cacheFolder, "features"))).map((name) =>
      join(cacheFolder, "features", name),
    );
    const kept = other.find((name) => name !== path && !name.endsWith("places.bin")) ?? "";
    await rename(kept, path);
    expect((await extractFeatures(net(), paths, options())).cached).toBe(0);
    expect((await extractFeatures(net(), paths, options())).cached).toBe(9);
  });

  test("several at the same time", async () => {
    const all = await Promise.all([0, 1, 2].map(() => extractFeatures(net(), paths, options())));
    for (const { values } of all) expect(values).toEqual(all[0].values);
    expect((await extractFeatures(net(), paths, options())).cached).toBe(9);
  });

  test("a place of which the content is lost leads nowhere", async () => {
    await extractFeatures(net(), paths, options());
    await writeFile(await bin(), "");
    expect((await extractFeatures(net(), paths, options())).cached).toBe(0);
  });
});
