import { fileExists, folderExists, readFile } from "#host";
import { DataError, FileError } from "../tensor/errors.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type ImageDataset, numberedClasses } from "./dataset.ts";
import { checkLabels, decodeIdxImages, decodeIdxLabels, unpackIdx } from "./idx.ts";

/** A data set to train on and one to test with. */
export interface DatasetPair {
  readonly train: ImageDataset<"uint8">;
  readonly test: ImageDataset<"uint8">;
}

/** The unpacked bytes of a file, and where they came from. */
export interface IdxFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The four files of a data set in MNIST's manner. */
export interface IdxFiles {
  readonly trainImages: IdxFile;
  readonly trainLabels: IdxFile;
  readonly testImages: IdxFile;
  readonly testLabels: IdxFile;
}

/** What the four files are called, in a folder or at an address. */
export type IdxNames = { readonly [F in keyof IdxFiles]: string };

/** The usual names: what they begin with, and how many sizes their heads have. */
const usual = {
  trainImages: { stem: "train-images", rank: 3 },
  trainLabels: { stem: "train-labels", rank: 1 },
  testImages: { stem: "t10k-images", rank: 3 },
  testLabels: { stem: "t10k-labels", rank: 1 },
} as const satisfies { readonly [F in keyof IdxFiles]: { readonly stem: string; readonly rank: number } };

/** In the order in which they are looked for. */
function usualNames(key: keyof IdxFiles): readonly string[] {
  const { stem, rank } = usual[key];
  const plain = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];
  return plain.flatMap((name) => [name, `${name}.gz`]);
}

/**
 * Reads the four IDX files of a folder under their usual names: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 * `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, also with a dot before `idx`, each packed (`.gz`) or not.
 *
 * @param names - where it is known what they are called: over HTTP each name that is tried in vain is an error in the
 *   browser's console
 * @throws FileError naming the first file that is missing, and how it may be called
 */
export async function readIdxFiles(folder: string, names: IdxNames | null = null): Promise<IdxFiles> {
  const read = (key: keyof IdxFiles) => readOne(folder, key, names?.[key] ?? null);
  const reads = [read("trainImages"), read("trainLabels"), read("testImages"), read("testLabels")] as const;
  // Of several errors the first file's is told, whichever came first.
  await Promise.allSettled(reads);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(reads);
  return { trainImages, trainLabels, testImages, testLabels };
}

async function readOne(folder: string, key: keyof IdxFiles, name: string | null): Promise<IdxFile> {
  const path = `${folder}/${name ?? (await nameIn(folder, key)) ?? missing(folder, key)}`;
  return { path, bytes: await unpackIdx(await readFile(path), { name: path }) };
}

/** What the four files of a folder are called; `null` where one is missing. */
export async function idxNamesIn(folder: string): Promise<IdxNames | null> {
  const trainImages = await nameIn(folder, "trainImages");
  const trainLabels = await nameIn(folder, "trainLabels");
  const testImages = await nameIn(folder, "testImages");
  const testLabels = await nameIn(folder, "testLabels");
  if (trainImages === null || trainLabels === null || testImages === null || testLabels === null) return null;
  return { trainImages, trainLabels, testImages, testLabels };
}

async function nameIn(folder: string, key: keyof IdxFiles): Promise<string | null> {
  for (const name of usualNames(key)) if (await fileExists(`${folder}/${name}`)) return name;
  return null;
}

function missing(folder: string, key: keyof IdxFiles): never {
  const plain = usualNames(key).filter((name) => !name.endsWith(".gz"));
  throw new FileError(`there is no file ${plain.join(" or ")}, with or without .gz`, {
    where: folder,
    hint: "Check the path: the four IDX files (train-images, train-labels, t10k-images, t10k-labels) must be there.",
  });
}

/**
 * A data set from a folder of IDX files, of any image size and 2 to 256 classes. There are as many classes as the
 * greatest training label says; they are named by their numbers. Some may be without examples, but in a large set not most of them.
 *
 * @param folder - see {@link readIdxFiles} for the names of the files in it
 * @param files - what they are called, where that is known
 * @throws FileError when the folder or a file is missing
 * @throws FormatError when a file is not what its header says
 * @throws DataError when the files do not fit each other, or a test label does not occur among the training classes
 */
export async function loadIdxFolder(folder: string, files: IdxNames | null = null): Promise<DatasetPair> {
  const { train, test } = pairOf(await readIdxFiles(folder, files), folder, undefined);
  const [, ...trainShape] = train.images.shape;
  const [, ...testShape] = test.images.shape;
  if (!sameShape(trainShape, testShape)) {
    throw new DataError(
      `training images are ${formatShape(trainShape)}, test images ${formatShape(testShape)}`,
      {
        where: folder,
        hint: "Bring all images to one size and number of channels.",
      },
    );
  }
  return { train, test };
}

/**
 * Decodes the four files.
 *
 * @param names - the classes' names; as many numbers as the training labels say when undefined
 */
export function pairOf(files: IdxFiles, name: string, names: readonly string[] | undefined): DatasetPair {
  const trainLabels = decodeIdxLabels(files.trainLabels.bytes, { name: files.trainLabels.path });
  const testLabels = decodeIdxLabels(files.testLabels.bytes, { name: files.testLabels.path });
  const classNames = names ?? numberedClasses(classesOf(trainLabels.data, files.trainLabels.path));
  const count = classNames.length;
  checkLabels(trainLabels.data, count, files.trainLabels.path);
  checkLabels(testLabels.data, count, files.testLabels.path);
  const trainImages = decodeIdxImages(files.trainImages.bytes, { name: files.trainImages.path });
  const testImages = decodeIdxImages(files.testImages.bytes, { name: files.testImages.path });
  checkCounts(trainImages.shape[0], trainLabels.data.length, files.trainImages.path, files.trainLabels.path);
  checkCounts(testImages.shape[0], testLabels.data.length, files.testImages.path, files.testLabels.path);
  return {
    train: { name: `${name} train`, images: trainImages, labels: trainLabels, classNames },
    test: { name: `${name} test`, images: testImages, labels: testLabels, classNames },
  };
}

function classesOf(labels: Int32Array, where: string): number {
  const count = labels.reduce((greatest, label) => Math.max(greatest, label), -1) + 1;
  if (count < 2) {
    throw new DataError(count === 0 ? "there are no labels in it" : "all labels are 0", {
      where,
      hint: "A classifier needs at least two classes, numbered from 0.",
    });
  }
  const seen = new Set(labels);
  // A few labels leave classes out by chance; many that do come from one damaged byte, or from numbers with gaps.
  if (labels.length >= 2 * count && 2 * seen.size < count) {
    const greatest = labels.indexOf(count - 1);
    throw new DataError(
      `the label at index ${greatest} is ${count - 1}, but only ${seen.size} of the classes 0 to ${count - 1} have an example`,
      { where, hint: "Mend the label if the file is damaged; else number the classes from 0 without gaps." },
    );
  }
  return count;
}

function checkCounts(images: number, labels: number, imagesPath: string, labelsPath: string): void {
  if (images === labels) return;
  throw new DataError(`it holds ${images} images, ${labelsPath} holds ${labels} labels`, {
    where: imagesPath,
    hint: "Use two files that belong together.",
  });
}

/** Whether a name given for a data set means a folder: one that is there, or a path by its slashes. */
export async function isFolderName(name: string): Promise<boolean> {
  return /[\\/]|^\.{1,2}$/.test(name) || (await folderExists(name));
}
