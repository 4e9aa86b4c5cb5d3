import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FormatError } from "../tensor/errors.ts";
import { sendRange, startServer, type TestServer } from "../testing/http-server.ts";
import { type TarDraft, tarFile } from "../testing/tar-file.ts";
import { type CifarSet, cifarInFolder, cifarSets, loadCifar } from "./cifar.ts";
import { loadDataset } from "./registry.ts";

let folder = "";
let server: TestServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-cifar-"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Two records a file instead of ten thousand. */
const small = { trainRecords: 2, testRecords: 1 };
const ten: CifarSet = { ...cifarSets.cifar10, ...small };
const hundred: CifarSet = { ...cifarSets.cifar100, ...small };

/** A record whose planes hold 1, 2 and 3 plus its label, and in their second pixel ten times that. */
function record(labels: readonly number[]): number[] {
  const label = labels.at(-1) ?? 0;
  const planes = [1, 2, 3].flatMap((plane) => {
    const values = new Array<number>(1024).fill(plane + label);
    values[1] = 10 * (plane + label);
    return values;
  });
  return [...labels, ...planes];
}

const lines = (names: readonly string[]) => new TextEncoder().encode(`${names.join("\n")}\n\n`);
const tenNames = Array.from({ length: 10 }, (_, index) => `class ${index}`);
const hundredNames = Array.from({ length: 100 }, (_, index) => `fine_${index}`);

/** The files of a small CIFAR-10: labels 0 to 9 to train on, 7 to test with. */
function tenFiles(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([["batches.meta.txt", lines(tenNames)]]);
  for (let file = 0; file < 5; file++) {
    const records = [...record([2 * file]), ...record([2 * file + 1])];
    files.set(`data_batch_${file + 1}.bin`, Uint8Array.from(records));
  }
  return files.set("test_batch.bin", Uint8Array.from(record([7])));
}

function writeAll(path: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(path, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
}

/** Files in an archive as it is published: first the folder, the files in an order of their own, a page of notes. */
function archiveOf(
  set: CifarSet,
  files: ReadonlyMap<string, Uint8Array>,
  more: TarDraft[] = [],
): Uint8Array<ArrayBuffer> {
  const drafts = [...files].reverse().map(([name, bytes]) => ({ name: `${set.folder}/${name}`, bytes }));
  const notes = { name: `${set.folder}/readme.html`, bytes: lines(["<html>"]) };
  return new Uint8Array(
    gzipSync(tarFile([{ name: `${set.folder}/`, type: "5" }, ...drafts, notes, ...more])),
  );
}

/** What the small CIFAR-10 must come to, wherever it is read from. */
async function expectTen(loading: ReturnType<typeof loadCifar>): Promise<void> {
  const { train, test: held } = await loading;
  expect(train.name).toBe("cifar10 train");
  expect(held.name).toBe("cifar10 test");
  expect(train.classNames).toEqual(tenNames);
  expect(train.images.shape).toEqual([10, 32, 32, 3]);
  expect([...train.labels.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (let image = 0; image < 10; image++) {
    const pixels = [...train.images.data.subarray(image * 3072, image * 3072 + 9)];
    const [red, green, blue] = [1 + image, 2 + image, 3 + image];
    expect(pixels).toEqual([red, green, blue, 10 * red, 10 * green, 10 * blue, red, green, blue]);
  }
  expect(held.images.shape).toEqual([1, 32, 32, 3]);
  expect([...held.labels.data]).toEqual([7]);
  expect([...held.images.data.subarray(3069)]).toEqual([8, 9, 10]);
}

describe("CIFAR from a folder", () => {
  test("unpacked, unpacked with its own folder, and as an archive", async () => {
    writeAll(join(folder, "a"), tenFiles());
    writeAll(join(folder, "b", "cifar-10-batches-bin"), tenFiles());
    writeAll(join(folder, "c"), new Map([["cifar-10-binary.tar.gz", archiveOf(ten, tenFiles())]]));
    for (const name of ["a", "b", "c"]) {
      await expectTen(loadCifar(ten, { folder: join(folder, name) }));
      expect((await cifarInFolder(join(folder, name)))?.name).toBe("cifar10");
    }
    expect(await cifarInFolder(folder)).toBeNull();
  });

  test("CIFAR-100 has two labels, of which the fine one counts", async () => {
    const files = new Map<string, Uint8Array>([
      ["train.bin", Uint8Array.from([...record([19, 99]), ...record([0, 5])])],
      ["test.bin", Uint8Array.from(record([3, 42]))],
      ["fine_label_names.txt", lines(hundredNames)],
      ["coarse_label_names.txt", lines(["never read"])],
    ]);
    writeAll(folder, files);
    const { train, test: held } = await loadCifar(hundred, { folder });
    expect([...train.labels.data, ...held.labels.data]).toEqual([99, 5, 42]);
    expect([...train.images.data.subarray(0, 4)]).toEqual([100, 101, 102, 1000 % 256]);
    expect(train.classNames).toEqual(hundredNames);
    // By the folder alone; the real form has 50,000 records.
    await expect(loadDataset(folder)).rejects.toThrow(
      "train.bin: 50000 records of 3074 bytes make a file of 153700000, got 6148. It is damaged, or another file",
    );
  });

  test.each<[string, (files: Map<string, Uint8Array>) => void, string]>([
    [
      "a short file",
      (files) => files.set("data_batch_2.bin", new Uint8Array(6145)),
      "data_batch_2.bin: 2 records of 3073 bytes make a file of 6146, got 6145",
    ],
    [
      "a long file",
      (files) => files.set("test_batch.bin", new Uint8Array(3074)),
      "test_batch.bin: 1 records of 3073 bytes make a file of 3073, got 3074",
    ],
    [
      "a label that is no class",
      (files) => files.set("data_batch_1.bin", Uint8Array.from([...record([0]), ...record([10])])),
      "cifar10 train: the label at index 1 is 10, with 10 classes labels are 0 to 9",
    ],
    [
      "too few names",
      (files) => files.set("batches.meta.txt", lines(["cat"])),
      "batches.meta.txt: 10 names of classes were expected, a line each, got 1",
    ],
    ["a missing file", (files) => files.delete("data_batch_4.bin"), "data_batch_4.bin"],
  ])("%s is told, in a folder and in an archive", async (_, change, message) => {
    const files = tenFiles();
    change(files);
    writeAll(folder, files);
    await expect(loadCifar(ten, { folder })).rejects.toThrow(message);
    rmSync(join(folder, "test_batch.bin"));
    writeAll(folder, new Map([["cifar-10-binary.tar.gz", archiveOf(ten, files)]]));
    await expect(loadCifar(ten, { folder })).rejects.toThrow(message);
  });

  test("a folder without the files says what was looked for", async () => {
    await expect(loadCifar(ten, { folder })).rejects.toThrow(
      `${folder}: there is no test_batch.bin and no cifar-10-binary.tar.gz. Give the folder of the binary version of cifar10, unpacked or not; or no folder, and it is fetched.`,
    );
  });

  test("an archive that unpacks to more than the data set has is given up", async () => {
    const bomb = { name: "zeros", bytes: new Uint8Array(2 ** 21) };
    writeAll(folder, new Map([["cifar-10-binary.tar.gz", archiveOf(ten, tenFiles(), [bomb])]]));
    const loading = loadCifar(ten, { folder });
    await expect(loading).rejects.toThrow(FormatError);
    await expect(loading).rejects.toThrow("the gzip data unpack to more than the 1082379 bytes allowed");
  });
});

test("CIFAR is fetched, checked and kept", async () => {
  const archive = archiveOf(ten, tenFiles());
  server = await startServer((request, response) => sendRange(request, response, archive));
  const hex = createHash("md5").update(archive).digest("hex");
  const set: CifarSet = {
    ...ten,
    archive: {
      url: `${server.origin}/kriz/cifar-10-binary.tar.gz`,
      checksum: { algorithm: "md5", hex },
      bytes: { minimum: archive.length, maximum: archive.length },
    },
  };
  await expectTen(loadCifar(set, { fetch: { cacheFolder: folder } }));
  await expectTen(loadCifar(set, { fetch: { cacheFolder: folder } }));
  expect(server.paths).toEqual(["/kriz/cifar-10-binary.tar.gz"]);
  const other = { ...set, archive: { ...set.archive, checksum: cifarSets.cifar10.archive.checksum } };
  await expect(loadCifar(other, { fetch: { cacheFolder: folder } })).rejects.toThrow(
    `this is not the published file: its md5 is ${hex}, c32a1d4ab5d03f1284b67883e8d87530 was expected. Delete it, and it is fetched again.`,
  );
});
