import { fileExists, folderExists, readFile } from "#host";
import { type FetchOptions, fetchFile, fileNameOf, isAddress, type RemoteFile } from "../hub/index.ts";
import { FileError } from "../tensor/index.ts";
import { findWeights, isWeightsWord, models, type PublishedWeights, type ZooName } from "../zoo/index.ts";

/** Bytes of a file of weights, and a way to the files beside it. */
export interface WeightsFile {
  /** The file's path or address, for errors. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sibling: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
  /** What is published about it, if the word was the name of published weights, or the file has the name of theirs. */
  readonly published: PublishedWeights | null;
}

/**
 * Finds what a word for weights means, and reads it: published weights (`torchvision`, `keras`, `torchvision:v1`), an address,
 * a file, or a folder with a TensorFlow.js model in it.
 *
 * @throws OptionError for a name that there is not, FileError for a file that cannot be had
 */
export async function readWeightsFile(
  model: ZooName,
  word: string,
  options: FetchOptions,
): Promise<WeightsFile> {
  if (isWeightsWord(word) && !(await fileExists(word).catch(() => false))) {
    const published = findWeights(model, word);
    const { bytes } = await fetchFile(remoteFileOf(published), options);
    return { name: published.url, bytes, sibling: siblingOf(published.url, options), published };
  }
  if (isAddress(word)) {
    const known = models.publishedWeights(model).find(({ url }) => url === word) ?? null;
    const file = known === null ? unknownFile(word) : remoteFileOf(known);
    const { bytes } = await fetchFile(file, known === null ? withoutMirror(options) : options);
    return {
      name: word,
      bytes,
      sibling: siblingOf(word, options),
      published: known ?? byFileName(model, fileNameOf(word)),
    };
  }
  const path = await fileMeant(word);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw isWord(word) && error instanceof FileError ? unknownWord(model, word) : error;
  });
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
  return {
    name: path,
    bytes,
    sibling: (name) => readFile(path.slice(0, end) + name),
    published: byFileName(model, path.slice(end)),
  };
}

/** TensorFlow.js keeps a model in a folder of its own: the shards lie beside its model.json. */
async function fileMeant(word: string): Promise<string> {
  const inside = `${word.replace(/[\\/]+$/, "")}/model.json`;
  return (await folderExists(word)) && (await fileExists(inside)) ? inside : word;
}

/** No path and no ending: meant as a name. */
const isWord = (word: string) => /^[\w:-]+$/.test(word);

function unknownWord(model: ZooName, word: string): unknown {
  try {
    findWeights(model, word);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A file that was fetched by other means still has its name. */
export function byFileName(model: ZooName, name: string): PublishedWeights | null {
  return models.publishedWeights(model).find(({ url }) => fileNameOf(url) === name) ?? null;
}

/** What an address of the user's own choosing holds is theirs to judge; their mirror has published files. */
const withoutMirror = (options: FetchOptions): FetchOptions => ({ ...options, mirror: null });

const unknownFile = (url: string): RemoteFile => ({ url, checksum: null, bytes: null });

function siblingOf(url: string, options: FetchOptions): WeightsFile["sibling"] {
  return async (name) => {
    const address = new URL(name.split("/").map(encodeURIComponent).join("/"), url).href;
    return (await fetchFile(unknownFile(address), withoutMirror(options))).bytes;
  };
}

function remoteFileOf({ url, checksum, mebibytes }: PublishedWeights): RemoteFile {
  return { url, checksum, bytes: mebibytes === null ? null : sizesOf(mebibytes) };
}

/** The sizes that come to this number of 2^20 bytes, rounded to three decimals. */
function sizesOf(mebibytes: number): { readonly minimum: number; readonly maximum: number } {
  return {
    minimum: Math.floor((mebibytes - 0.0005) * 2 ** 20),
    maximum: Math.ceil((mebibytes + 0.0005) * 2 ** 20),
  };
}
