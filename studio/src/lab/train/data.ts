import { data, type ImageDataset, RandomStream, Tensor } from "fovea";
import { messageOf } from "../../errors.ts";
import { datasetOf, datasets } from "../datasets.ts";
import type { ClassInfo, DataInfo, FileProblem, FolderFile, FolderOptions } from "./types.ts";

/** What a run trains on and is judged by. */
export interface LabData {
  readonly info: DataInfo;
  readonly train: ImageDataset<"uint8">;
  readonly validation: ImageDataset<"uint8">;
}

/** Images of each class that are shown. */
const samplesOfClass = 8;
/** Images of a folder that are in memory at once as bytes: what a page of a phone still bears. */
const mostBytes = 600e6;
/** Files that are decoded at a time: their bytes are in memory. */
const decodedAtOnce = 8;

const ready = new Map<string, LabData>();

/** Data by the id that the page has. @throws Error when they are gone */
export function dataOf(id: string): LabData {
  const found = ready.get(id);
  if (found === undefined) throw new Error("These data are not in the lab any more: choose data again.");
  return found;
}

/** A data set that this site serves. */
export async function servedData(name: string): Promise<DataInfo> {
  const known = ready.get(name);
  if (known !== undefined) return known.info;
  const entry = (await datasets.served()).find((served) => served.name === name);
  const { train, test } = await datasetOf(name);
  return keep(name, entry?.title ?? name, "test images", train, test, []);
}

/**
 * A data set of image files: the folder that a file lies in is its class. Files that cannot be read are listed and left out.
 *
 * @throws Error when there are not two classes with images to train on
 */
export async function folderData(
  files: readonly FolderFile[],
  options: FolderOptions,
  onProgress: (done: number) => void,
): Promise<DataInfo> {
  const { size, channels, title, seed, validationShare } = options;
  const rowBytes = size * size * channels;
  if (files.length * rowBytes > mostBytes) {
    const most = Math.floor(Math.sqrt(mostBytes / files.length / channels));
    throw new Error(
      `${files.length} images of ${size} × ${size} pixels are more than a page should hold. Take at most ${most} × ${most} pixels, or fewer images.`,
    );
  }
  const classes = [...new Set(files.map(({ path }) => classOf(path)))].sort(inNaturalOrder);
  if (classes.length < 2) {
    throw new Error(
      `Images of at least two classes are needed, in a folder each, and ${classes.length === 0 ? "no image was found" : `all are in "${classes[0]}"`}. Choose the folder that holds the folders of the classes.`,
    );
  }
  const { pixels, problems } = await decodeAll(files, size, channels, onProgress);
  const good = files.flatMap(({ path }, index) => {
    const own = pixels[index];
    return own === null ? [] : [{ pixels: own, label: classes.indexOf(classOf(path)) }];
  });
  const parts = split(good, classes.length, validationShare, seed);
  for (const [label, name] of classes.entries()) {
    if (parts.train.some((one) => one.label === label)) continue;
    const why = problems.find(({ path }) => classOf(path) === name)?.problem ?? "there is none";
    throw new Error(
      `No image of the class "${name}" can be trained on: ${why}. Add images, or take the folder out.`,
    );
  }
  if (parts.validation.length === 0) {
    throw new Error("Every class has a single image, and none can be held back to judge by. Add images.");
  }
  const toDataset = (part: string, examples: readonly (typeof good)[number][]) =>
    data.fromArrays({
      images: new Tensor("uint8", [examples.length, size, size, channels], joined(examples, rowBytes)),
      labels: examples.map(({ label }) => label),
      classes,
      name: `${title} (${part})`,
    });
  return keep(
    `folder-${ready.size + 1}`,
    title,
    "validation images",
    toDataset("train", parts.train),
    toDataset("validation", parts.validation),
    problems,
  );
}

function keep(
  id: string,
  title: string,
  validationTitle: string,
  train: ImageDataset<"uint8">,
  validation: ImageDataset<"uint8">,
  problems: readonly FileProblem[],
): DataInfo {
  const info: DataInfo = {
    id,
    title,
    imageShape: train.images.shape.slice(1),
    trainCount: train.labels.data.length,
    validationCount: validation.labels.data.length,
    validationTitle,
    classes: train.classNames.map((_, label) => classInfo(label, train, validation)),
    problems,
  };
  ready.set(id, { info, train, validation });
  return info;
}

function classInfo(
  label: number,
  train: ImageDataset<"uint8">,
  validation: ImageDataset<"uint8">,
): ClassInfo {
  const own = [...train.labels.data.keys()].filter((index) => train.labels.data[index] === label);
  const some = data.subset(train, own.slice(0, samplesOfClass));
  return {
    name: train.classNames[label],
    trainCount: own.length,
    validationCount: validation.labels.data.filter((one) => one === label).length,
    samples: Uint8Array.from(some.images.data),
  };
}

/** The folder that a file lies in: "cats" of "photos/cats/1.jpg". */
function classOf(path: string): string {
  return path.split("/").at(-2) ?? "";
}

function inNaturalOrder(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

/** The pixels of each file, `null` where it cannot be read. */
async function decodeAll(
  files: readonly FolderFile[],
  size: number,
  channels: 1 | 3,
  onProgress: (done: number) => void,
): Promise<{ readonly pixels: readonly (Uint8Array | null)[]; readonly problems: readonly FileProblem[] }> {
  const pool = data.sharedDecodePool();
  const pixels: (Uint8Array | null)[] = files.map(() => null);
  const problems: FileProblem[] = [];
  let next = 0;
  let done = 0;
  let told = performance.now();
  const readNext = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      if (index >= files.length) return;
      const { path, file } = files[index];
      try {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const options = { height: size, width: size, channels, fit: "crop", identify: false } as const;
        const photo = await pool.decode(bytes, { ...options, name: path });
        pixels[index] = photo.pixels;
        if (photo.problem !== null) problems.push({ path, problem: photo.problem });
      } catch (error) {
        problems.push({ path, problem: messageOf(error) });
      }
      done++;
      if (performance.now() - told < 100) continue;
      told = performance.now();
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: decodedAtOnce }, readNext));
  // In the order of the files, whoever was done first.
  problems.sort((one, other) => inNaturalOrder(one.path, other.path));
  return { pixels, problems };
}

/** Holds the same share of each class back, at least one image of those that have two. */
function split<Example extends { readonly label: number }>(
  examples: readonly Example[],
  classes: number,
  share: number,
  seed: number,
): { readonly train: readonly Example[]; readonly validation: readonly Example[] } {
  const train: Example[] = [];
  const validation: Example[] = [];
  const random = new RandomStream(seed).split("validation");
  for (let label = 0; label < classes; label++) {
    const own = examples.filter((example) => example.label === label);
    for (let index = own.length - 1; index > 0; index--) {
      const other = random.integer(index + 1);
      [own[index], own[other]] = [own[other], own[index]];
    }
    const back = own.length < 2 ? 0 : Math.max(1, Math.min(own.length - 1, Math.round(own.length * share)));
    validation.push(...own.slice(0, back));
    train.push(...own.slice(back));
  }
  return { train, validation };
}

function joined(
  examples: readonly { readonly pixels: Uint8Array }[],
  rowBytes: number,
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(examples.length * rowBytes);
  for (const [index, { pixels }] of examples.entries()) all.set(pixels, index * rowBytes);
  return all;
}
