/**
 * Keras's files: `.h5` (weights, or a model with its configuration; Keras 1 to 3), `.weights.h5` (Keras 3: variables are
 * numbered) and `.keras` (a zip archive of a configuration and a `.weights.h5` file). Weights come out as
 * `layer/variable`, with Keras's names of variables, from each of them: `conv1/kernel`, `bn1/moving_mean`.
 */
import { damageOf } from "../format-errors.ts";
import { isHdf5, openHdf5 } from "../hdf5/file.ts";
import type { Hdf5Group } from "../hdf5/group.ts";
import type { FormatReader, NamedTensors } from "../named-tensors.ts";
import { ZipArchive, zipNames } from "../zip/archive.ts";
import { configuredLayers } from "./configuration.ts";
import { damagedKeras } from "./errors.ts";
import { namedWeightsOf, readNamedWeights } from "./named-weights.ts";
import { hasNumberedVariables, readNumberedVariables } from "./weights.ts";

const weightsEntry = "model.weights.h5";
const configurationEntry = "config.json";
const metadataEntry = "metadata.json";

/** The largest configuration, in bytes: those of a thousand layers have one or two million. */
const configurationLimit = 64 * 2 ** 20;

/** Reads Keras's files, told apart by their bytes. `metadata.config` is the model's configuration, where there is one. */
export const kerasReader: FormatReader = {
  matches: (bytes) => isHdf5(bytes) || (zipNames(bytes) ?? []).includes(weightsEntry),
  read: async (bytes, { name }) =>
    isHdf5(bytes) ? await readHdf5(bytes, name) : await readArchive(bytes, name),
};

async function readArchive(bytes: Uint8Array, name: string): Promise<NamedTensors> {
  const archive = new ZipArchive(bytes, { name });
  const textOf = async (entry: string) => {
    if (!archive.has(entry)) return null;
    const content = await archive.read(entry);
    const where = `${name}, entry "${entry}"`;
    if (content.length > configurationLimit) throw damagedKeras(`it has ${content.length} bytes`, where);
    return decodeUtf8(content, where);
  };
  const config = await textOf(configurationEntry);
  const about = parseJson(await textOf(metadataEntry), `${name}, entry "${metadataEntry}"`);
  const root = openHdf5(await archive.read(weightsEntry), `${name}, entry "${weightsEntry}"`);
  const layers = configuredLayers(parseJson(config, `${name}, entry "${configurationEntry}"`));
  const version =
    typeof about === "object" && about !== null && "keras_version" in about ? about.keras_version : null;
  return {
    ...keras(await readNumberedVariables(root, layers, name)),
    metadata: {
      ...(config !== null && { config }),
      ...(version !== null && { keras_version: String(version) }),
    },
  };
}

async function readHdf5(bytes: Uint8Array, name: string): Promise<NamedTensors> {
  const root = openHdf5(bytes, name);
  const config = root.texts("model_config")?.[0] ?? null;
  const metadata = { ...(config !== null && { config }), ...versionOf(root) };
  const named = namedWeightsOf(root);
  if (named !== null) {
    return { ...keras(await readNamedWeights(named, name)), metadata: { ...versionOf(named), ...metadata } };
  }
  if (!hasNumberedVariables(root)) {
    throw damageOf("Keras file", "Save weights with model.save_weights() or models with model.save().")(
      "the HDF5 file has neither layer_names nor layers",
      name,
    );
  }
  const layers = configuredLayers(parseJson(config, name));
  return { ...keras(await readNumberedVariables(root, layers, name)), metadata };
}

function keras(tensors: NamedTensors["tensors"]) {
  return { format: "keras", convention: "keras", tensors } as const;
}

function versionOf(group: Hdf5Group): { readonly keras_version?: string } {
  const version = group.texts("keras_version")?.[0];
  return version === undefined ? {} : { keras_version: version };
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw damagedKeras("it is not UTF-8 text", where, cause);
  }
}

function parseJson(text: string | null, where: string): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damagedKeras("the configuration is not valid JSON", where, cause);
  }
}
