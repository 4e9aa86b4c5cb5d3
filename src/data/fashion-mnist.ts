import { folderExists } from "#host";
import { type FetchOptions, fetchFile, fileNameOf, type RemoteFile } from "../hub/index.ts";
import { FileError } from "../tensor/errors.ts";
import type { DatasetOptions } from "./dataset-options.ts";
import { unpackIdx } from "./idx.ts";
import { type DatasetPair, type IdxFile, type IdxFiles, readIdxFiles } from "./idx-folder.ts";
import { type PublishedIdx, publishedPair } from "./published-idx.ts";

/** The Debian package that carries the four files, and where it puts them. */
const debianPackage = "dataset-fashion-mnist";
export const debianFolder = "/usr/share/datasets/fashion-mnist";

/** Names and order of the classes are those of the publication's table. */
const fashionMnist: PublishedIdx = {
  name: "fashion-mnist",
  whose: "Fashion-MNIST's",
  hashes: {
    trainImages: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    trainLabels: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    testImages: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    testLabels: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
  classNames: [
    ...["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"],
    ...["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  ],
  remedy: `Delete it, and let it be fetched again (or apt install ${debianPackage})`,
};

/** Servers of the four files: the authors' repository, their bucket, and the copy that Keras fetches. */
const servers = [
  "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
] as const;

/** The packed files with their sizes and MD5, as the authors publish them. */
export const fashionMnistFiles: { readonly [F in keyof IdxFiles]: RemoteFile } = {
  trainImages: remoteFile("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
  trainLabels: remoteFile("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
  testImages: remoteFile("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
  testLabels: remoteFile("t10k-labels-idx1-ubyte.gz", 5148, "bb300cfdad3c16e7a12a480ee83cd310"),
};

function remoteFile(name: string, bytes: number, md5: string): RemoteFile {
  const [url, ...mirrors] = servers.map((server) => server + name);
  return {
    url,
    mirrors,
    checksum: { algorithm: "md5", hex: md5 },
    bytes: { minimum: bytes, maximum: bytes },
  };
}

/**
 * Fashion-MNIST: 60,000 pictures of articles of clothing to train on and 10,000 to test with, gray, 28x28, 10 classes, in
 * the form of MNIST (H. Xiao, K. Rasul, R. Vollgraf: "Fashion-MNIST: a novel image dataset for benchmarking machine learning
 * algorithms", 2017, arXiv:1708.07747; MIT licence). The bytes are checked to be exactly those of the original.
 *
 * Shapes: images `[60000, 28, 28, 1]` and `[10000, 28, 28, 1]`, labels `[60000]` and `[10000]`.
 *
 * @param options - `folder`: where the four IDX files are, packed or not; by default where Debian's package
 *   `dataset-fashion-mnist` puts them, and without it they are fetched (31 MB) and kept
 * @throws FileError when a file is missing, or cannot be fetched
 * @throws FormatError when a file is not Fashion-MNIST's
 */
export async function loadFashionMnist(options: DatasetOptions = {}): Promise<DatasetPair> {
  return publishedPair(fashionMnist, await filesOf(options));
}

async function filesOf({ folder, files, fetch = {} }: DatasetOptions): Promise<IdxFiles> {
  if (folder !== undefined) return readIdxFiles(folder, files);
  if (await folderExists(debianFolder)) return readIdxFiles(debianFolder);
  try {
    return await fetchIdxFiles(fashionMnistFiles, fetch);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { what, where, hint = "" } = error;
    throw new FileError(what, {
      ...(where === undefined ? {} : { where }),
      hint: `${hint} On Debian and Ubuntu: apt install ${debianPackage}.`.trim(),
      cause: error,
    });
  }
}

/** Fetches four files one after another, the small ones first: who is offline learns of it at once. */
export async function fetchIdxFiles(
  files: { readonly [F in keyof IdxFiles]: RemoteFile },
  options: FetchOptions,
): Promise<IdxFiles> {
  const testLabels = await fetchIdx(files.testLabels, options);
  const trainLabels = await fetchIdx(files.trainLabels, options);
  const testImages = await fetchIdx(files.testImages, options);
  const trainImages = await fetchIdx(files.trainImages, options);
  return { trainImages, trainLabels, testImages, testLabels };
}

async function fetchIdx(file: RemoteFile, options: FetchOptions): Promise<IdxFile> {
  const { bytes, place } = await fetchFile(file, options);
  return { path: place, bytes: await unpackIdx(bytes, { name: fileNameOf(file.url) }) };
}
