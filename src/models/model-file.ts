import {
  decodeSafetensors,
  type FormatName,
  formatTitles,
  planSafetensors,
  safetensorsPieces,
  sniffFormat,
} from "../formats/index.ts";
import { createLayer, isLayerKind, type Layer, layerKinds, layerNameField } from "../layers/index.ts";
import {
  checkOptionNames,
  checkOptions,
  describeValue,
  type Field,
  field,
  isObject,
  isWholeNumber,
  numberField,
} from "../options/index.ts";
import {
  FormatError,
  FoveaError,
  nameHint,
  OptionError,
  type Tensor,
  type TensorType,
} from "../tensor/index.ts";
import { averageMomentumOf, modelKey, parseMetadata } from "../train/index.ts";
import {
  type Architecture,
  type AuxiliaryHead,
  assemble,
  type Call,
  inputShapeOf,
  largestModel,
  modelParameters,
  type Tap,
} from "./architecture.ts";
import { averagePrefix, checkpointWeights } from "./averages.ts";
import { type CompileConfiguration, readCompileConfiguration } from "./compile.ts";
import { modelNameField } from "./model-name.ts";
import { checkPreprocessing, type Preprocessing, readPreprocessing } from "./preprocessing.ts";
import { checkWeight } from "./variables.ts";

/** All of a model but its weights. */
export interface ModelDescription {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  readonly compile: CompileConfiguration | null;
  readonly classNames: readonly string[] | null;
}

/** Files of a later version are refused: this program would not know what they mean. */
const version = 1;

/** A model's description as JSON text. */
export function describeModel({
  architecture,
  preprocessing,
  compile,
  classNames,
}: ModelDescription): string {
  const { name, layers, calls, input, output, taps, auxiliaries } = architecture;
  return JSON.stringify({
    version,
    architecture: {
      name,
      layers: layers.map(({ name: layerName, layer }) => ({
        name: layerName,
        kind: layer.kind,
        trainable: layer.trainable,
        options: layer.options,
      })),
      calls: calls.map(({ layer, inputs }) => ({ layer, inputs })),
      input,
      output,
      // Left away where there are none, as in files from before there were any.
      ...(taps.length > 0 ? { taps } : {}),
      ...(auxiliaries.length > 0 ? { auxiliaries } : {}),
    },
    preprocessing,
    compile,
    classNames,
  });
}

/** A model as bytes of a safetensors file: weights, and the description as metadata. */
export async function encodeModel(
  description: string,
  architecture: Architecture,
  read: (name: string) => Promise<Tensor>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { byteLength } = planSafetensors(weightTypes(architecture), { [modelKey]: description });
  const file = new Uint8Array(byteLength);
  let position = 0;
  for await (const piece of modelPieces(description, architecture, read)) {
    file.set(piece, position);
    position += piece.length;
  }
  return file;
}

/**
 * The same bytes piece by piece: of a large model's weights no more than one is read at a time.
 *
 * @param read - gives a parameter's value when its turn comes
 */
export function modelPieces(
  description: string,
  architecture: Architecture,
  read: (name: string) => Promise<Tensor>,
): AsyncIterable<Uint8Array> {
  return safetensorsPieces(weightTypes(architecture), { [modelKey]: description }, read);
}

function weightTypes(architecture: Architecture): ReadonlyMap<string, TensorType> {
  return new Map(
    modelParameters(architecture).map(({ name, shape }) => [name, { shape, dtype: "float32" }] as const),
  );
}

/**
 * Reads a model, or a checkpoint as a model.
 *
 * @param name - the file's name, for errors
 * @throws FormatError naming the file and what is wrong with it
 */
export function decodeModel(
  bytes: Uint8Array,
  name: string,
): { readonly description: ModelDescription; readonly weights: ReadonlyMap<string, Tensor> } {
  const format = sniffFormat(bytes);
  if (format !== null && format !== "safetensors") throw foreign(format, name);
  const { tensors, metadata } = decodeSafetensors(bytes, { name });
  const { [modelKey]: text } = metadata;
  if (text === undefined) {
    throw new FormatError("the file holds tensors but no Fovea model", {
      where: name,
      hint: "Load files that model.save() or a checkpoint has written.",
    });
  }
  const description = readDescription(text, name);
  const { architecture } = description;
  const weights = weightsOf(architecture, tensors, name);
  const momentum = averageMomentumOf(metadata, name);
  if (momentum === null) return { description, weights };
  return { description, weights: checkpointWeights(tensors, architecture, momentum) };
}

/** What reads the files of others. */
const foreignReaders: { readonly [F in Exclude<FormatName, "safetensors">]: string } = {
  onnx: "importOnnx(bytes)",
  keras:
    "importKeras(bytes), or its weights with loadWeights(model, await formats.readTensors(bytes, { name }))",
  tfjs: "importKeras(bytes), or its weights with loadWeights(model, await formats.readTensors(bytes, { name }))",
  pytorch: "loadWeights(model, await formats.readTensors(bytes, { name }))",
  npz: "loadWeights(model, await formats.readTensors(bytes, { name }))",
};

function foreign(format: Exclude<FormatName, "safetensors">, name: string): FormatError {
  return new FormatError(`this is a file of ${formatTitles[format]}, not a Fovea model`, {
    where: name,
    hint: `Read it with ${foreignReaders[format]}; fovea convert makes a Fovea model of it.`,
  });
}

/**
 * Reads a model's description from JSON text of unknown origin.
 *
 * @throws FormatError naming the file and what is wrong with it
 */
export function readDescription(text: string, name: string): ModelDescription {
  const value = parseMetadata(text, modelKey, name);
  return refused(name, () => {
    checkOptionNames("model", value, ["version", "architecture", "preprocessing", "compile", "classNames"]);
    const {
      version: found,
      architecture,
      preprocessing,
      compile,
      classNames,
    } = { ...value } as Record<string, unknown>;
    if (found !== version) throw damaged(`version ${describeValue(found)} is not known, only ${version}`);
    const net = readArchitecture(architecture);
    const prepared = readPreprocessing(preprocessing);
    checkPreprocessing(prepared, inputShapeOf(net), net.name);
    return {
      architecture: net,
      preprocessing: prepared,
      compile: compile === null ? null : readCompileConfiguration(compile, null),
      classNames: readClassNames(classNames),
    };
  });
}

/** Beginnings of the names of what a checkpoint has beside weights. */
const stateFolders = ["optimizer/", "callback/", averagePrefix];

/** Weights by name, all of them and no others; a checkpoint's optimizer state is passed over. */
function weightsOf(
  architecture: Architecture,
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
): ReadonlyMap<string, Tensor> {
  return refused(name, () => {
    const parameters = modelParameters(architecture);
    const missing = parameters.filter((parameter) => !tensors.has(parameter.name));
    if (missing.length > 0) {
      throw damaged(`weights are missing: ${missing.map((parameter) => parameter.name).join(", ")}`);
    }
    const isState = (key: string) => stateFolders.some((folder) => key.startsWith(folder));
    const weights = new Map([...tensors].filter(([key]) => !isState(key)));
    for (const [key, tensor] of weights) checkWeight(parameters, key, tensor, "weights");
    return weights;
  });
}

function readArchitecture(value: unknown): Architecture {
  const known = ["name", "layers", "calls", "input", "output", "taps", "auxiliaries"];
  checkOptionNames("architecture", value, known);
  const {
    name,
    layers,
    calls,
    input,
    output,
    taps = [],
    auxiliaries = [],
  } = { ...value } as Record<string, unknown>;
  const modelName = modelNameField.parse(name, "architecture", "name");
  const entries = listOf(layers, "layers").map(readLayer);
  const wiring = listOf(calls, "calls").map((call, position) => readCall(call, position, entries));
  const isInput = (index: unknown): index is number =>
    isWholeNumber(index, 0, wiring.length - 1) && entries[wiring[index].layer].kind === "input";
  if (!isInput(input)) throw damaged('"input" is not the index of an input call');
  if (!isWholeNumber(output, 0, wiring.length - 1)) throw damaged('"output" is not the index of a call');
  const inputs = wiring.filter(({ layer }) => entries[layer].kind === "input");
  if (inputs.length !== 1) throw damaged(`there are ${inputs.length} input calls, one is allowed`);
  return assemble(modelName, entries, wiring, {
    input,
    output,
    taps: namedList(taps, "taps", (tap, where) => readTap(tap, where, wiring.length)),
    auxiliaries: namedList(auxiliaries, "auxiliaries", (head, where) => readHead(head, where, wiring.length)),
  });
}

function readTap(value: unknown, where: string, calls: number): Tap {
  const callField = indexField(calls);
  return checkOptions<Tap>(where, value, { name: layerNameField, call: callField });
}

function readHead(value: unknown, where: string, calls: number): AuxiliaryHead {
  return checkOptions<AuxiliaryHead>(where, value, {
    name: layerNameField,
    output: indexField(calls),
    weight: numberField({ minimum: 0 }),
  });
}

function indexField(calls: number): Field<number> {
  const accepts = (value: unknown): value is number => isWholeNumber(value, 0, calls - 1);
  return field("the index of a call", accepts);
}

/** A list of things with names, each another one. */
function namedList<T extends { readonly name: string }>(
  value: unknown,
  what: string,
  read: (entry: unknown, where: string) => T,
): readonly T[] {
  const entries = listOf(value, what).map((entry, index) => read(entry, `${what} ${index}`));
  const names = entries.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw damaged(`"${twice}" stands twice in "${what}"`);
  return entries;
}

function readLayer(value: unknown, index: number): Layer {
  const where = `layer ${index}`;
  checkOptionNames(where, value, ["name", "kind", "trainable", "options"]);
  const { name, kind, trainable, options } = { ...value } as Record<string, unknown>;
  if (!isLayerKind(kind)) {
    throw new OptionError(`${where} is of the unknown kind ${describeValue(kind)}`, {
      hint: nameHint(String(kind), layerKinds),
    });
  }
  if (!isObject(options)) throw damaged(`the options of ${where} are not an object`);
  if (typeof trainable !== "boolean") throw damaged(`"trainable" of ${where} is not true or false`);
  const checkedName = layerNameField.parse(name, where, "name");
  // Every option is checked: a file is held to the same rules as a program.
  return createLayer(kind, { ...options, name: checkedName, trainable });
}

function readCall(value: unknown, position: number, layers: readonly Layer[]): Omit<Call, "shape"> {
  const where = `call ${position}`;
  checkOptionNames(where, value, ["layer", "inputs"]);
  const { layer, inputs } = { ...value } as Record<string, unknown>;
  if (!isWholeNumber(layer, 0, layers.length - 1))
    throw damaged(`"layer" of ${where} is not a layer's index`);
  const isEarlier = (index: unknown): index is number => isWholeNumber(index, 0, position - 1);
  if (!Array.isArray(inputs) || inputs.length > 1024 || !inputs.every(isEarlier)) {
    throw damaged(`"inputs" of ${where} are not indices of earlier calls`);
  }
  return { layer, inputs };
}

function readClassNames(value: unknown): readonly string[] | null {
  if (value === null || value === undefined) return null;
  const names = listOf(value, "classNames");
  if (names.every((entry): entry is string => typeof entry === "string")) return names;
  throw damaged("classNames are not texts");
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= largestModel) return value;
  throw damaged(`"${what}" is not a list of at most ${largestModel} entries`);
}

function damaged(what: string): FormatError {
  return new FormatError(what);
}

/** Turns any complaint about a file's contents into a FormatError that names the file. */
function refused<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof FoveaError)) throw cause;
    throw new FormatError(`not a valid Fovea model: ${cause.message}`, { where: name, cause });
  }
}
