import { fileExists, folderExists, listFolder } from "#host";
import {
  type Augmentation,
  augmentations,
  augmentImages,
  datasets,
  imageFolder,
  loadDataset,
  readPhotos,
} from "../../data/index.ts";
import { DataError, OptionError, RandomStream, Tensor } from "../../tensor/index.ts";
import type { AugmentOption } from "../augmentation.ts";
import type { AugmentFlags } from "../commands/augment.ts";
import { contactSheet } from "../contact-sheet.ts";
import { writeOutput } from "../output-file.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** An image of the sheet. */
interface Shown {
  /** Path, or place in the data set. */
  readonly name: string;
  /** `null` where there are no classes. */
  readonly label: number | null;
  readonly pixels: Uint8Array;
}

/** Images to choose from: all of one size. */
interface Album {
  readonly shown: readonly Shown[];
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly classNames: readonly string[];
  /** Photos that could not be read, and why. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

/** What `fovea augment --json` prints. */
export interface AugmentDocument {
  readonly preview: string;
  readonly width: number;
  readonly height: number;
  /** From top to bottom. */
  readonly images: readonly { readonly name: string; readonly class: string | null }[];
  readonly problems: Album["problems"];
  readonly seed: number;
  readonly augment: readonly Augmentation[];
}

const usual = { count: 4, draws: 7, size: 160, seed: 1, preview: "augment.png" } as const;

const usualChanges = [
  augmentations.randomResizedCrop({ scale: [0.4, 1] }),
  augmentations.flip(),
  augmentations.rotation({ degrees: 10 }),
  augmentations.colorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05 }),
];

/** Writes a sheet of images and of what random changes make of them. */
export async function augment(data: string, flags: AugmentFlags, terminal: Terminal): Promise<void> {
  const { preview, seed, draws } = { ...usual, ...flags };
  if (!/\.png$/i.test(preview)) {
    throw new OptionError(`"${preview}" does not end in .png`, {
      where: "--preview",
      hint: "The sheet is a PNG file.",
    });
  }
  const changes = changesOf(flags);
  const album = await openAlbum(data, { ...usual, ...flags });
  const rows = drawRows(album, changes, seed, draws);
  const sheet = contactSheet({ ...album, rows });
  await writeOutput(preview, sheet);
  const { shown, classNames, problems } = album;
  const classOf = (label: number | null) => (label === null ? null : classNames[label]);
  if (flags.json === true) {
    const document: AugmentDocument = {
      preview,
      width: sheet.width,
      height: sheet.height,
      images: shown.map(({ name, label }) => ({ name, class: classOf(label) })),
      problems,
      seed,
      augment: changes,
    };
    printJson(terminal, document);
    return;
  }
  for (const { path, problem } of problems) terminal.err(`${path}: ${problem}; left out\n`);
  shown.forEach(({ name, label }, row) => {
    terminal.out(`row ${row + 1}: ${name}${label === null ? "" : ` (${classOf(label)})`}\n`);
  });
  terminal.out(`${preview}: ${sheet.width} x ${sheet.height} pixels, each row an image and ${draws} draws\n`);
}

function changesOf({ augment: given }: AugmentFlags): readonly Augmentation[] {
  if (given === undefined) return usualChanges;
  if (given === null) return [];
  return isShift(given) ? [augmentations.shift({ pixels: given.shift })] : given;
}

function isShift(given: AugmentOption): given is { readonly shift: number } {
  return !Array.isArray(given);
}

/** For each image itself, then a draw of one step after the other. */
function drawRows(
  { shown, height, width, channels, classNames }: Album,
  changes: readonly Augmentation[],
  seed: number,
  draws: number,
): readonly (readonly Uint8Array[])[] {
  const size = height * width * channels;
  const images = Tensor.zeros("uint8", [shown.length, height, width, channels]);
  shown.forEach(({ pixels }, index) => {
    images.data.set(pixels, index * size);
  });
  // Without classes, changes that are limited to some do nothing.
  const known = shown.flatMap(({ label }) => (label === null ? [] : [label]));
  const labels = known.length === shown.length ? known : null;
  const steps = Array.from(
    { length: draws },
    (_, step) => augmentImages(images, changes, { seed, step, labels, classNames }).images.data,
  );
  return shown.map(({ pixels }, index) => [
    pixels,
    ...steps.map((step) => step.subarray(index * size, (index + 1) * size)),
  ]);
}

interface AlbumOptions {
  readonly count: number;
  readonly size: number;
  readonly seed: number;
}

async function openAlbum(data: string, options: AlbumOptions): Promise<Album> {
  const known: readonly string[] = Object.keys(datasets);
  const isPath = (await folderExists(data)) || (await fileExists(data));
  if (known.includes(data) && !isPath) return await albumOfDataset(data, options);
  if (!isPath) {
    throw new DataError("there is no such folder or file", {
      where: data,
      hint: `Give a folder of photos, or a data set by name: ${known.join(", ")}.`,
    });
  }
  return await albumOfPhotos(await photosOf(data), data, options);
}

/** Some of the images of a data set by name. */
async function albumOfDataset(name: string, { count, seed }: AlbumOptions): Promise<Album> {
  const { train } = await loadDataset(name);
  const { images, labels, classNames } = train;
  const [total, height, width, channels] = images.shape;
  const size = height * width * channels;
  const chosen = new RandomStream(seed).split("album").permutation(total).subarray(0, count);
  const shown = Array.from(chosen, (index): Shown => {
    const pixels = Uint8Array.from(images.data.subarray(index * size, (index + 1) * size));
    return { name: `${name} ${index}`, label: labels.data[index], pixels };
  });
  return { shown, height, width, channels: channels === 1 ? 1 : 3, classNames, problems: [] };
}

/** Photos to choose from, with their classes if there are any. */
interface Choice {
  readonly photos: readonly { readonly path: string; readonly file: string; readonly label: number | null }[];
  readonly classNames: readonly string[];
}

/** Photos by class, else those that lie in the folder itself, else the file. */
async function photosOf(path: string): Promise<Choice> {
  const isFolder = await folderExists(path);
  const isTable = /\.(csv|tsv|txt)$/i.test(path);
  if (!isFolder && !isTable) return { photos: [{ path, file: path, label: null }], classNames: [] };
  const loose = isFolder ? await imagesIn(path) : [];
  if (loose.length > 0) {
    return { photos: loose.map((file) => ({ path: file, file, label: null })), classNames: [] };
  }
  const { photos, classNames } = await imageFolder(path);
  return { photos, classNames };
}

const imageName = /^[^.].*\.(jpe?g|png|webp|gif|avif|tiff?|bmp|p[gp]m)$/i;

async function imagesIn(folder: string): Promise<string[]> {
  const names = (await listFolder(folder)).filter((name) => imageName.test(name)).sort();
  return names.map((name) => `${folder.replace(/(?<=.)[\\/]+$/, "")}/${name}`);
}

/** Reads photos in a drawn order until there are enough. */
async function albumOfPhotos(
  { photos, classNames }: Choice,
  where: string,
  { count, size, seed }: AlbumOptions,
): Promise<Album> {
  const order = new RandomStream(seed).split("album").permutation(photos.length);
  const chosen = Array.from(order, (index) => photos[index]);
  const options = { height: size, width: size, channels: 3, fit: "crop", identify: false, ahead: 8 } as const;
  const shown: Shown[] = [];
  const problems: { path: string; problem: string }[] = [];
  const files = chosen.map(({ file }) => file);
  for await (const { index, pixels, problem } of readPhotos(files, options)) {
    const { path, label } = chosen[index];
    if (pixels === null) problems.push({ path, problem: problem ?? "it cannot be read" });
    else shown.push({ name: path, label, pixels });
    if (shown.length === count) break;
  }
  if (shown.length === 0) {
    const [first] = problems;
    throw new DataError(`none of ${photos.length} photos can be read`, {
      where,
      hint: first === undefined ? "Give a folder of photos." : `The first: ${first.path}: ${first.problem}.`,
    });
  }
  return { shown, height: size, width: size, channels: 3, classNames, problems };
}
