/** What `fovea convert` reads: a file of tensors, and the network that they belong to where it is known or asked for. */
import { join } from "node:path";
import { fileExists, folderExists, readFile } from "#host";
import { type NamedTensors, readTensors } from "../formats/index.ts";
import type { KnownConvention, WeightReport } from "../interop/index.ts";
import { checkModelName, pretrainedFrom } from "../pretrained/pretrained.ts";
import { readWeightsFile, type WeightsFile } from "../pretrained/source.ts";
import { FileError, OptionError } from "../tensor/index.ts";
import { isRunFolder, runModelFile } from "../train/run-folder.ts";
import { modelBeside, type ReadModel, siblingsOf } from "./model-files.ts";
import { FileProgress } from "./terminal/file-progress.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** A file that has been read, its format known. */
export interface Source {
  readonly file: WeightsFile;
  readonly tensors: NamedTensors;
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
 * Reads the tensors of a file, of a run's folder, or of a folder with a TensorFlow.js model; with `--model` also those of
 * published weights of that net, or of an address.
 *
 * @throws FileError when there is no such file, FormatError when it is of no known format or damaged
 */
export async function openSource(
  reference: string,
  { model }: ModelChoice,
  terminal: Terminal,
): Promise<Source> {
  const path = await findFile(reference);
  const file = model === undefined ? await readLocal(path) : await readFor(model, path, terminal);
  return { file, tensors: await readTensors(file.bytes, { name: file.name, sibling: file.sibling }) };
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

async function readLocal(path: string): Promise<WeightsFile> {
  return { name: path, bytes: await readFile(path), sibling: siblingsOf(path), published: null };
}

/** Reads weights for a net by name: what is published about them is known by the file's name. */
async function readFor(model: string, path: string, terminal: Terminal): Promise<WeightsFile> {
  checkModelName(model, "--model");
  const progress = new FileProgress(terminal);
  try {
    return await readWeightsFile(model, path, { onProgress: progress.show });
  } finally {
    progress.closeLine();
  }
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
  const { file, tensors } = source;
  if (name !== undefined) {
    const options = { strict, ...(classes && { classes }), ...(from && { convention: from }) };
    const { model, report, preparation } = await pretrainedFrom(name, source, options);
    const note = "how images were prepared for these weights is not known; bytes become 0 to 1";
    return { model, report, notes: preparation === null ? [`${file.name}: ${note}`] : [] };
  }
  const own = await modelBeside(tensors, file.bytes, { name: file.name, sibling: file.sibling });
  if (own !== null) return { ...own, report: null };
  throw new OptionError(`${purpose} needs the network, and the file holds tensors alone`, {
    where: file.name,
    hint: "Name a network that they are the weights of: --model resnet18, for example (fovea models lists the names).",
  });
}
