import { fileExists, folderExists, packageFolder } from "#host";
import { placeOf } from "../hub/index.ts";
import { debianFolder, fashionMnistFiles } from "./fashion-mnist.ts";
import { type IdxNames, idxNamesIn } from "./idx-folder.ts";
import { mnistPackage } from "./mnist.ts";

/** Where the four files of a data set lie on this machine, packed or not. */
export type IdxPlaces = { readonly [F in keyof IdxNames]: string };

/** Data sets in MNIST's manner that can be looked for. */
export type IdxName = "mnist" | "fashion-mnist";

/**
 * Where the files of a data set with a name lie on this machine; nothing is fetched.
 *
 * @returns `null` where they are not here
 */
export async function findIdxFiles(name: IdxName): Promise<IdxPlaces | null> {
  if (name === "mnist") {
    const folder = packageFolder(mnistPackage);
    return folder === undefined ? null : await idxPlacesIn(`${folder}/data`);
  }
  if (await folderExists(debianFolder)) return await idxPlacesIn(debianFolder);
  const fetched: IdxPlaces = {
    trainImages: placeOf(fashionMnistFiles.trainImages.url),
    trainLabels: placeOf(fashionMnistFiles.trainLabels.url),
    testImages: placeOf(fashionMnistFiles.testImages.url),
    testLabels: placeOf(fashionMnistFiles.testLabels.url),
  };
  const there = await Promise.all(Object.values(fetched).map(fileExists));
  return there.every(Boolean) ? fetched : null;
}

/** The four files of a folder; `null` where one is missing. */
export async function idxPlacesIn(folder: string): Promise<IdxPlaces | null> {
  const names = await idxNamesIn(folder);
  if (names === null) return null;
  const { trainImages, trainLabels, testImages, testLabels } = names;
  return {
    trainImages: `${folder}/${trainImages}`,
    trainLabels: `${folder}/${trainLabels}`,
    testImages: `${folder}/${testImages}`,
    testLabels: `${folder}/${testLabels}`,
  };
}
