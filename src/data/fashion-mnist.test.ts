import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { folderExists } from "#host";
import type { RemoteFile } from "../hub/index.ts";
import { sendRange, startServer, type TestServer } from "../testing/http-server.ts";
import { idxFile } from "../testing/idx-file.ts";
import { fashionMnistFiles, fetchIdxFiles, loadFashionMnist } from "./fashion-mnist.ts";
import { pairOf } from "./idx-folder.ts";
import { loadDataset } from "./registry.ts";

const debianFolder = "/usr/share/datasets/fashion-mnist";
const isInstalled = await folderExists(debianFolder);

const host = vi.hoisted(() => ({ withoutDebian: false }));
vi.mock("#host", async (importOriginal) => {
  const actual = await importOriginal<typeof import("#host")>();
  const folderExists = async (path: string) =>
    (!host.withoutDebian || path !== "/usr/share/datasets/fashion-mnist") &&
    (await actual.folderExists(path));
  return { ...actual, folderExists };
});

let folder = "";
let server: TestServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fovea-fashion-"));
});
afterEach(async () => {
  host.withoutDebian = false;
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const patience = { stall: 20_000, pause: 1, attempts: 2, others: 20_000 };

// Debian's package is not everywhere; the 30 MB are not fetched for a test.
test.skipIf(!isInstalled)("the real files, where Debian puts them", async () => {
  const { train, test: held } = await loadDataset("fashion-mnist");
  expect(train.name).toBe("fashion-mnist train");
  expect(train.images.shape).toEqual([60000, 28, 28, 1]);
  expect(held.images.shape).toEqual([10000, 28, 28, 1]);
  expect([...train.labels.data.subarray(0, 10)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
  expect(train.classNames[train.labels.data[0]]).toBe("Ankle boot");
  const counts = new Array<number>(10).fill(0);
  for (const label of [...train.labels.data, ...held.labels.data]) counts[label]++;
  expect(counts).toEqual(new Array(10).fill(7000));
  // The mean that every Fashion-MNIST example normalises by: 0.2860.
  const sum = train.images.data.reduce((total, value) => total + value, 0);
  expect(sum / train.images.data.length / 255).toBeCloseTo(0.286, 4);
});

test("files of a folder that are others are refused", async () => {
  const write = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes);
  write("train-images-idx3-ubyte", idxFile([1, 2, 2], [1, 2, 3, 4]));
  write("train-labels-idx1-ubyte", idxFile([1], [0]));
  write("t10k-images-idx3-ubyte", idxFile([1, 2, 2], [1, 2, 3, 4]));
  write("t10k-labels-idx1-ubyte", idxFile([1], [0]));
  await expect(loadFashionMnist({ folder })).rejects.toThrow(
    /train-images-idx3-ubyte: this is not Fashion-MNIST's file: its SHA-256 is [0-9a-f]{64}, expected c59f468a[0-9a-f]{56}\. Delete it, and let it be fetched again \(or apt install dataset-fashion-mnist\), or pass/,
  );
});

describe("without Debian's package", () => {
  test("files are fetched by their addresses, and the error says what else there is", async () => {
    host.withoutDebian = true;
    server = await startServer((_, response) => response.writeHead(404).end());
    const fetch = { cacheFolder: folder, mirror: server.origin, patience };
    await expect(loadFashionMnist({ fetch })).rejects.toThrow(
      /t10k-labels-idx1-ubyte\.gz: the server answers 404 Not Found\. .* put it at .*t10k-labels-idx1-ubyte\.gz\. On Debian and Ubuntu: apt install dataset-fashion-mnist\.$/,
    );
    expect(server.paths).toEqual([
      "/zalandoresearch/fashion-mnist/master/data/fashion/t10k-labels-idx1-ubyte.gz",
    ]);
  });

  test("four packed files become a data set", async () => {
    const contents = {
      trainImages: idxFile([2, 1, 2], [1, 2, 3, 4]),
      trainLabels: idxFile([2], [1, 0]),
      testImages: idxFile([1, 1, 2], [5, 6]),
      testLabels: idxFile([1], [1]),
    };
    const packed = new Map(
      Object.entries(contents).map(([key, bytes]): [string, Uint8Array] => [`/${key}.gz`, gzipSync(bytes)]),
    );
    server = await startServer((request, response) =>
      sendRange(request, response, packed.get(request.url ?? "") ?? new Uint8Array(0)),
    );
    const { origin } = server;
    const remote = (key: string): RemoteFile => {
      const bytes = packed.get(`/${key}.gz`) ?? new Uint8Array(0);
      const hex = createHash("md5").update(bytes).digest("hex");
      const size = { minimum: bytes.length, maximum: bytes.length };
      return { url: `${origin}/${key}.gz`, checksum: { algorithm: "md5", hex }, bytes: size };
    };
    const files = {
      trainImages: remote("trainImages"),
      trainLabels: remote("trainLabels"),
      testImages: remote("testImages"),
      testLabels: remote("testLabels"),
    };
    const { train, test: held } = pairOf(await fetchIdxFiles(files, { cacheFolder: folder }), "small", [
      "a",
      "b",
    ]);
    expect([...train.images.data, ...train.labels.data]).toEqual([1, 2, 3, 4, 1, 0]);
    expect([...held.images.data, ...held.labels.data]).toEqual([5, 6, 1]);
    expect(server.paths).toEqual(["/testLabels.gz", "/trainLabels.gz", "/testImages.gz", "/trainImages.gz"]);
  });

  test("each file has three addresses under its own name", () => {
    for (const { url, mirrors } of Object.values(fashionMnistFiles)) {
      const name = new URL(url).pathname.split("/").at(-1);
      expect(mirrors?.map((address) => new URL(address).pathname.split("/").at(-1))).toEqual([name, name]);
    }
  });
});
