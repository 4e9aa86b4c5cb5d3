import { join } from "node:path";
import { fileExists, folderExists } from "#host";
import type { Engine } from "../engine/engine.ts";
import { losses } from "../losses/index.ts";
import { endsInSoftmax, type Model } from "../models/index.ts";
import { isObject } from "../options/index.ts";
import { FileError, nearestName, OptionError } from "../tensor/errors.ts";
import { isRunFolder, readRunConfig, runFiles, runModelFile } from "../train/run-folder.ts";
import { readModelFile } from "./model-files.ts";
import { modelNames, runPhotosFile } from "./names.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { WeightsFlags } from "./weights-model.ts";

/** A model as a command was given it: by a run's folder, or by a file. */
export interface ModelReference {
  /** The model file. */
  readonly file: string;
  /** The data that the run was trained on; null for a file. @throws FormatError when the run's configuration is damaged */
  readonly data: () => Promise<string | null>;
}

/**
 * Finds what the word for a model means.
 *
 * @throws FileError when there is no such file or folder
 */
export async function resolveModel(reference: string): Promise<ModelReference> {
  if (await isRunFolder(reference)) {
    return { file: await runModelFile(reference), data: () => dataOfRun(reference) };
  }
  // A TensorFlow.js model is a folder of files.
  for (const file of [reference, join(reference, "model.json")]) {
    if (await fileExists(file)) return { file, data: async () => null };
  }
  if (modelNames.some((name) => name === reference)) {
    throw new FileError("this is a model without trained weights", {
      where: reference,
      hint: `Train it (fovea train --model ${reference} --out runs/${reference}), and give its folder: runs/${reference}. Or give it weights by --weights: fovea models ${reference} lists what there is.`,
    });
  }
  const isFolder = await folderExists(reference);
  throw new FileError(isFolder ? "this folder holds no run" : "there is no such run and no such model file", {
    where: reference,
    hint: `${meantName(reference)}Give a run's folder (fovea train --out) or a model file (.safetensors, .onnx, .keras, .h5, model.json).`,
  });
}

/** A name of the zoo that may have been meant, which takes `--weights`. */
function meantName(reference: string): string {
  const isPath = /[/\\]|\.[a-z]/i.test(reference);
  const name = isPath ? undefined : nearestName(reference, modelNames);
  return name === undefined ? "" : `Did you mean "${name}", with --weights? `;
}

async function dataOfRun(folder: string): Promise<string> {
  // Loaded with what checks it, which is more than a prediction has otherwise.
  const config = await readRunConfig(folder);
  if (isObject(config) && config["kind"] === "finetune") return join(folder, runPhotosFile);
  const { configFromFile } = await import("./config.ts");
  const { data, photos } = configFromFile(config, `${folder}/${runFiles.config}`);
  return photos === null ? data : join(folder, runPhotosFile);
}

/** What a command needs to open a model. */
export interface Opening {
  readonly flags: WeightsFlags;
  readonly engine: Promise<Engine>;
  readonly terminal: Terminal;
}

/** A model as a command was given it, ready for use. */
export interface OpenedModel {
  readonly model: Model;
  /** The data that a run was trained on. @throws FormatError when the run's configuration is damaged */
  readonly data: () => Promise<string | null>;
}

/**
 * Opens what the word for a model means: a run, a model file, or, with `--weights`, a model by name. The engine is waited for when
 * all else is at hand.
 *
 * @throws OptionError for flags that do not go together; FileError and FormatError when a file cannot be had
 */
export async function openModel(
  reference: string,
  { flags, engine, terminal }: Opening,
): Promise<OpenedModel> {
  const { weights } = flags;
  if (weights !== undefined) {
    await checkIsName(reference);
    const { weightsModel } = await import("./weights-model.ts");
    const { model } = await weightsModel(reference, { ...flags, weights }, await engine, terminal);
    return { model: ready(model, await engine), data: async () => null };
  }
  if (flags.classes !== undefined || !flags.strict) {
    throw new OptionError("goes with --weights only", {
      where: flags.strict ? "--classes" : "--no-strict",
      hint: "A run or a model file holds a whole model.",
    });
  }
  const { file, data } = await resolveModel(reference);
  return { model: await loadModel(file, await engine), data };
}

async function checkIsName(reference: string): Promise<void> {
  if (modelNames.some((name) => name === reference)) return;
  if (!(await fileExists(reference)) && !(await folderExists(reference))) return;
  throw new OptionError("a run or a model file has weights already", {
    where: "--weights",
    hint: "Give the name of a model (fovea models lists them), or leave --weights out.",
  });
}

/**
 * Loads a model for use on an engine: a file of ours, or one of another program that holds a whole network.
 *
 * @throws FileError or FormatError when the file cannot be read or holds none
 */
export async function loadModel(file: string, engine: Engine): Promise<Model> {
  const model = await readModelFile(file, engine);
  return model.compiled === null ? ready(model, engine) : model;
}

/** A model from elsewhere comes without training: it is judged as a classifier usually is. */
function ready(model: Model, engine: Engine): Model {
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: !endsInSoftmax(model) });
  model.compile({ engine, loss });
  return model;
}
