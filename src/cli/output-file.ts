import { access, constants } from "node:fs/promises";
import { dirname, extname } from "node:path";
import type { DecodedImage } from "#host";
import { encodeImage, ensureFolder, folderExists, writeFileAtomic } from "#host";
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

/**
 * Makes the folder of a file that is to be written when long work is done, and sees that it may be written there.
 *
 * @throws FileError when it may not
 */
export async function prepareOutput(path: string): Promise<void> {
  const folder = dirname(path);
  await ensureFolder(folder);
  if (await folderExists(path)) {
    throw new FileError("this is a folder, a file is to be written", {
      where: path,
      hint: "Give the name of a file.",
    });
  }
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

/** Writes text, or a picture as PNG. @throws FileError when it cannot be written */
export async function writeOutput(path: string, content: string | DecodedImage): Promise<void> {
  const bytes =
    typeof content === "string"
      ? new TextEncoder().encode(content)
      : await encodeImage(content.pixels, content, "png");
  await writeFileAtomic(path, bytes);
}
