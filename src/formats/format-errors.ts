import { FormatError } from "../tensor/errors.ts";

/** Makes the error for a file that breaks its format. @param where - the file, and the part of it */
export type Damage = (what: string, where: string, cause?: unknown) => FormatError;

/**
 * The errors of one format's reader.
 *
 * @param kind - what the file should be: `safetensors file`
 * @param hint - how to mend it, where it is not simply damaged
 */
export function damageOf(
  kind: string,
  hint = "The file is damaged, cut short or of another format: download or save it again.",
): Damage {
  return (what, where, cause) => new FormatError(`not a valid ${kind}: ${what}`, { where, hint, cause });
}

/** A name of unknown origin, short enough for an error text and without characters that would spoil the line. */
export function clip(text: string, length = 200): string {
  const short = text.length <= length ? text : `${text.slice(0, length)}...`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
  return short.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

/** A file and a tensor in it, as errors name them. */
export function tensorPlace(file: string, tensor: string): string {
  return `${file}, tensor "${clip(tensor)}"`;
}
