import { access, constants } from "node:fs/promises";
import { dirname, extname } from "node:path";
import type { DecodedImage } from "#host";
import { encodeImage, ensureFolder, folderExists, writeFileAtomic } from "#host";
import { type PictureSheet, pictureSheet, pictureSheetSvg } from "../drawing/index.ts";
import { FileError, OptionError } from "../tensor/errors.ts";
import { pathName } from "./options.ts";

/** A file that a command writes, by the extension of its name. */
export interface OutputFile<Kind extends string> {
  readonly path: string;
  readonly kind: Kind;
}

/** A parser of `--out`. @throws OptionError for an extension that is none of the kinds */
export function outputFile<Kind extends string>(
  flag: string,
  kinds: readonly Kind[],
): (text: string) => OutputFile<Kind> {
  return (text) => {
    const path = pathName(flag)(text);
    const kind = kinds.find((name) => extname(path).toLowerCase() === `.${name}`);
    if (kind !== undefined) return { path, kind };
    const list = kinds.map((name) => `.${name}`).join(", ");
    throw new OptionError(`the name must end in one of ${list}, got "${path}"`, {
      where: flag,
      hint: "The ending says what is written.",
    });
  };
}

/** What is written of pictures and numbers: a page, a sheet, the numbers, or a folder for all of them. */
export type SheetTarget = "html" | "png" | "svg" | "json" | "folder";

/** What a name stands for: by its end, a folder where it has none. @throws OptionError for another end */
export function sheetTarget(out: string): SheetTarget {
  const ending = /\.([a-z0-9]+)$/i.exec(out)?.[1]?.toLowerCase();
  if (ending === undefined) return "folder";
  if (ending === "htm") return "html";
  if (ending === "html" || ending === "png" || ending === "svg" || ending === "json") return ending;
  throw new OptionError(
    `a name that ends in .html, .png, .svg or .json, or a folder, was expected, got "${out}"`,
    {
      where: "--out",
      hint: `Of a folder, write a slash at its end: ${out}/`,
    },
  );
}

/** {@link prepareOutput} for what {@link sheetTarget} tells. @throws OptionError, FileError */
export async function prepareSheet(out: string): Promise<void> {
  await (sheetTarget(out) === "folder" ? prepareFolder(out) : prepareOutput(out));
}

/**
 * Makes the folder of a file that is to be written when long work is done, and sees that it may be written there.
 *
 * @throws FileError when it may not
 */
export async function prepareOutput(path: string): Promise<void> {
  await prepareFolder(dirname(path));
  if (await folderExists(path)) {
    throw new FileError("this is a folder, a file is to be written", {
      where: path,
      hint: "Give the name of a file.",
    });
  }
}

async function prepareFolder(folder: string): Promise<void> {
  await ensureFolder(folder);
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new FileError("nothing may be written to this folder", {
      where: folder,
      hint: "Give another path, or the right to write here.",
      cause,
    });
  }
}

/** What can be written of pictures and numbers; each is made only where it is asked for. */
export interface SheetContent {
  readonly page: () => Promise<string>;
  readonly sheet: () => PictureSheet;
  /** The numbers, as JSON has them. */
  readonly document: () => unknown;
  /** Writes all of it, and more, into a folder that is there. */
  readonly folder: (path: string) => Promise<void>;
}

/** Writes what the name asks for. @throws FileError where it cannot be written */
export async function writeSheet(out: string, content: SheetContent): Promise<void> {
  switch (sheetTarget(out)) {
    case "html":
      return await writeOutput(out, await content.page());
    case "png":
      return await writeOutput(out, pictureSheet(content.sheet()));
    case "svg":
      return await writeOutput(out, await pictureSheetSvg(content.sheet()));
    case "json":
      return await writeOutput(out, jsonText(content.document()));
    case "folder":
      await ensureFolder(out);
      await content.folder(out);
  }
}

/** One line of JSON. */
export const jsonText = (document: unknown): string => `${JSON.stringify(document)}\n`;

/** Writes text, or a picture as PNG. @throws FileError when it cannot be written */
export async function writeOutput(path: string, content: string | DecodedImage): Promise<void> {
  const bytes =
    typeof content === "string"
      ? new TextEncoder().encode(content)
      : await encodeImage(content.pixels, content, "png");
  await writeFileAtomic(path, bytes);
}
