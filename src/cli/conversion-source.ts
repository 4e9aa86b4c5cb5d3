/** What `fovea convert` reads: a file of tensors, and the network that they belong to where it is known or asked for. */
import { join } from "node:path";
import { fileExists, folderExists, readFile } from "#host";
import { type NamedTensors, type ReadOptions, readTensors } from "../formats/index.ts";
import { type KnownConvention, loadWeights, type WeightReport } from "../interop/index.ts";
import { FileError, OptionError } from "../tensor/index.ts";
import { isRunFolder, runModelFile } from "../train/run-folder.ts";
import { models } from "../zoo/index.ts";
import { modelBeside, type ReadModel, siblingsOf } from "./model-files.ts";

/** A file that has been read, its format known. */
export interface Source {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly tensors: NamedTensors;
  readonly options: ReadOptions;
}

/** A network with the weights of a source. */
export interface SourceModel extends ReadModel {
  /** What became of the tensors; null where the file itself holds the network. */
  readonly report: WeightReport | null;
}

/** How the network of a source is found. */
export interface ModelChoice {
  readonly model?: string;
  readonly classes?: number;
  readonly from?: KnownConvention;
  readonly strict?: boolean;
}

/**
 * Reads the tensors of a file, of a run's folder, or of a folder with a TensorFlow.js model.
 *
 * @throws FileError when there is no such file, FormatError when it is of no known format or damaged
 */
export async function openSource(reference: string): Promise<Source> {
  const path = await findFile(reference);
  const bytes = await readFile(path);
  const options = { name: path, sibling: siblingsOf(path) };
  return { path, bytes, tensors: await readTensors(bytes, options), options };
}

async function findFile(reference: string): Promise<string> {
  if (await isRunFolder(reference)) return await runModelFile(reference);
  if (!(await folderExists(reference))) return reference;
  const manifest = join(reference, "model.json");
  if (await fileExists(manifest)) return manifest;
  throw new FileError("this folder holds neither a run nor a model.json", {
    where: reference,
    hint: "Give a file, a run's folder (fovea train --out) or the folder of a TensorFlow.js model.",
  });
}

/**
 * The network of a source: that of `--model`, with the tensors as its weights, else the one in the file.
 *
 * @param purpose - what it is needed for, for the error
 * @throws OptionError when there is none, or the tensors do not fit it
 */
export async function modelOfSource(
  source: Source,
  choice: ModelChoice,
  purpose: string,
): Promise<SourceModel> {
  const { model: name, classes, from, strict = true } = choice;
  if (name !== undefined) {
    const model = models.create(name, classes === undefined ? {} : { classes });
    const options = { strict, name: source.path, ...(from && { convention: from }) };
    return { model, report: await loadWeights(model, source.tensors, options), notes: [] };
  }
  const own = await modelBeside(source.tensors, source.bytes, source.options);
  if (own !== null) return { ...own, report: null };
  throw new OptionError(`${purpose} needs the network, and the file holds tensors alone`, {
    where: source.path,
    hint: "Name a network that they are the weights of: --model resnet18, for example (fovea summary lists the names).",
  });
}
