/** Files that hold a whole network, by format: for commands that use one, and for those that convert it. */
import { dirname, join } from "node:path";
import { readFile } from "#host";
import type { Engine } from "../engine/engine.ts";
import { type FormatName, formatTitles, readTensors, sniffFormat } from "../formats/index.ts";
import type { Model } from "../models/index.ts";
import { modelReaders } from "../pretrained/model-readers.ts";
import { FormatError } from "../tensor/errors.ts";

export { modelBeside, type ReadModel } from "../pretrained/model-readers.ts";

/** A way to the files beside one. */
export function siblingsOf(path: string): (name: string) => Promise<Uint8Array<ArrayBuffer>> {
  return (name) => readFile(join(dirname(path), name));
}

/**
 * Reads a network from a file of any format.
 *
 * @throws FileError when it cannot be read, FormatError when it is damaged or holds no network
 */
export async function readModelFile(path: string, engine: Engine): Promise<Model> {
  const bytes = await readFile(path);
  const format = sniffFormat(bytes) ?? (await formatOfDamaged(bytes, path));
  const reader = modelReaders[format];
  if (reader === null) {
    throw new FormatError(`a file of the format ${formatTitles[format]} holds weights, but no network`, {
      where: path,
      hint: "Name the network that they are of: --weights FILE behind its name, or fovea convert FILE model.safetensors --model NAME",
    });
  }
  return (await reader.read(bytes, { name: path, sibling: siblingsOf(path), engine })).model;
}

/** A file of no known format is one of ours, damaged, if that is its name; else what it looks like is said. */
async function formatOfDamaged(bytes: Uint8Array, path: string): Promise<FormatName> {
  return path.endsWith(".safetensors") ? "safetensors" : (await readTensors(bytes, { name: path })).format;
}
