import { type NamedTensors, readTensors } from "../../formats/index.ts";
import { nullable, shapeField } from "../../options/index.ts";
import { FormatError } from "../../tensor/index.ts";
import { importGraph } from "../tensorflow/import-graph.ts";
import { buildGraph } from "./build.ts";
import { asFile, assembleModel, type ImportedModel, type ImportKerasOptions } from "./imported.ts";
import { readTopology } from "./topology.ts";
import { FoundWeights, modelWeights } from "./weights.ts";

/**
 * Makes a model of a Keras or TensorFlow.js file that describes one: `.keras`, `.h5` of `model.save()`, `model.json` of a
 * TensorFlow.js layers or graph model with its shards. Predictions are the same; it can be trained further, saved and exported.
 * Layers have Keras's names; those of models within models are joined by dots.
 *
 * @param bytes - of the file, or of `model.json`
 * @param options - the file's name for errors, and for `model.json` a way to the files beside it
 * @throws FormatError when the file has no model, or a layer is not supported, naming the layer and what to do
 */
export async function importKeras(bytes: Uint8Array, options: ImportKerasOptions): Promise<ImportedModel> {
  const { name } = options;
  const inputShape = nullable(shapeField).parse(options.inputShape ?? null, "importKeras", "inputShape");
  const file = await readTensors(bytes, options);
  const { graph, config } = file.metadata;
  if (graph !== undefined) return importGraph(file, { ...options, inputShape });
  if (config === undefined) {
    throw new FormatError(`the file has weights, but no model (${file.format})`, {
      where: name,
      hint: "Save the whole model, model.save('model.keras'), or build it in code and load these weights into it.",
    });
  }
  return fromConfiguration(file, config, { ...options, inputShape });
}

function fromConfiguration(file: NamedTensors, config: string, options: ImportKerasOptions): ImportedModel {
  const { name, inputShape = null } = options;
  const topology = readTopology(parse(config, name), name);
  const found = new FoundWeights(file.tensors);
  const { graph, paths, notes } = asFile(name, () =>
    buildGraph(topology, name, { kerasVersion: versionOf(file), weights: found, inputShape }),
  );
  const model = assembleModel(graph, topology.name, options, (architecture) =>
    modelWeights(architecture, paths, found, name),
  );
  return { model, notes, unused: found.unused };
}

/** The major version of Keras; TensorFlow.js keeps to that of Keras 2. */
function versionOf({ format, metadata }: NamedTensors): number {
  const { keras_version: version = "" } = metadata;
  const major = Number.parseInt(version, 10);
  if (Number.isInteger(major)) return major;
  return format === "tfjs" ? 2 : 3;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError("the model's configuration is not valid JSON", {
      where: file,
      hint: "Save the model again.",
      cause,
    });
  }
}
