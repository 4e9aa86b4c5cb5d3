import { join } from "node:path";
import { fileExists, folderExists } from "#host";
import type { Engine } from "../engine/engine.ts";
import { losses } from "../losses/index.ts";
import type { Model } from "../models/index.ts";
import { FileError } from "../tensor/errors.ts";
import { isRunFolder, readRunConfig, runFiles, runModelFile } from "../train/run-folder.ts";
import { endsInSoftmax } from "./ends-in-softmax.ts";
import { readModelFile } from "./model-files.ts";
import { modelNames } from "./names.ts";

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
      hint: `Train it (fovea train --model ${reference} --out runs/${reference}), and give its folder: runs/${reference}.`,
    });
  }
  const isFolder = await folderExists(reference);
  throw new FileError(isFolder ? "this folder holds no run" : "there is no such run and no such model file", {
    where: reference,
    hint: "Give a run's folder (fovea train --out) or a model file (.safetensors, .onnx, .keras, .h5, model.json).",
  });
}

async function dataOfRun(folder: string): Promise<string> {
  // Loaded with what checks it, which is more than a prediction has otherwise.
  const { configFromFile } = await import("./config.ts");
  return configFromFile(await readRunConfig(folder), `${folder}/${runFiles.config}`).data;
}

/**
 * Loads a model for use on an engine: a file of ours, or one of another program that holds a whole network.
 *
 * @throws FileError or FormatError when the file cannot be read or holds none
 */
export async function loadModel(file: string, engine: Engine): Promise<Model> {
  const model = await readModelFile(file, engine);
  // A file from elsewhere may hold weights alone: it is judged as a classifier usually is.
  if (model.compiled === null) {
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: !endsInSoftmax(model) });
    model.compile({ engine, loss });
  }
  return model;
}
