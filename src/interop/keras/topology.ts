/**
 * Keras's configurations of models, as Keras 1 to 3 and TensorFlow.js spell them, in one form: layers, and calls of
 * layers with the outputs that go in.
 */
import { clip } from "../../formats/format-errors.ts";
import { describeValue, isObject } from "../../options/index.ts";
import { FormatError } from "../../tensor/index.ts";

/** The output of a call of a layer, or a number that a configuration holds in its place. */
export type Source = { readonly layer: string; readonly call: number } | { readonly constant: number };

/** A layer of a model, and what goes in each time that it is used. */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  /** Where Keras keeps the class: `keras.src.ops.numpy` for operators. */
  readonly module: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly (readonly Source[])[];
  /** Of a layer that is a model. */
  readonly model: KerasTopology | null;
}

/** A model: its layers in the order of the file, its input, and where its output comes from. */
export interface KerasTopology {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  /** The name of the input layer; null for a sequence without one. */
  readonly input: string | null;
  readonly output: Source;
  /** Shape of an example, where the configuration says it outside of an input layer. */
  readonly inputShape: readonly number[] | null;
}

const sequences = ["Sequential"];
const graphs = ["Functional", "Model"];
const layerLimit = 20_000;
const callLimit = 100;
const sourceLimit = 1024;
const depthLimit = 32;

/** Reads the configuration of a model. @param file - for errors */
export function readTopology(value: unknown, file: string, depth = 0): KerasTopology {
  const { class_name: className, config } = objectOf(value);
  if (depth > depthLimit) throw wrong(file, "models lie too deep within each other");
  if (typeof className !== "string") throw wrong(file, "the configuration has no class_name");
  if (sequences.includes(className)) return readSequence(config, file, depth);
  if (graphs.includes(className)) return readGraph(objectOf(config), file, depth);
  throw new FormatError(`the model is of the class "${className.slice(0, 100)}"`, {
    where: file,
    hint: "Only Sequential and Functional models describe themselves; of others, save the weights and build the model in code.",
  });
}

/** A sequence; Keras 1 wrote the list of layers alone. */
function readSequence(config: unknown, file: string, depth: number): KerasTopology {
  const {
    layers: listed = config,
    name = "sequential",
    build_input_shape: built,
    batch_input_shape: given,
  } = Array.isArray(config) ? { layers: config } : objectOf(config);
  const layers: KerasLayer[] = [];
  for (const entry of layerList(listed, file)) {
    const before = layers.at(-1);
    const calls = before === undefined ? [] : [[{ layer: before.name, call: 0 }]];
    layers.push(readLayer(entry, calls, file, depth, layers.length));
  }
  const [first] = layers;
  const last = layers.at(-1);
  if (first === undefined || last === undefined) throw wrong(file, "the model has no layers");
  const isInput = first.className === "InputLayer";
  return {
    name: String(name),
    layers,
    input: isInput ? first.name : null,
    output: { layer: last.name, call: 0 },
    inputShape: shapeOf(objectOf(first.config)["batch_input_shape"]) ?? shapeOf(given) ?? shapeOf(built),
  };
}

function readGraph(config: Readonly<Record<string, unknown>>, file: string, depth: number): KerasTopology {
  const { name = "model", layers: listed, input_layers: inputs, output_layers: outputs } = config;
  const layers = layerList(listed, file).map((entry, index) => {
    const { inbound_nodes: nodes = [] } = entry;
    if (!Array.isArray(nodes) || nodes.length > callLimit)
      throw wrong(file, `a layer has no list of at most ${callLimit} inbound_nodes`);
    return readLayer(
      entry,
      nodes.map((node) => readSources(node, file)),
      file,
      depth,
      index,
    );
  });
  const input = onlyEnd(inputs, "input", file);
  const output = onlyEnd(outputs, "output", file);
  const last = lastCalls(layers, output);
  return {
    name: String(name),
    layers: layers.map((layer) => ({ ...layer, calls: countedFromZero(layer, last) })),
    input: input.layer,
    output,
    inputShape: null,
  };
}

/** The greatest number of a call of each layer that is spoken of. */
function lastCalls(layers: readonly KerasLayer[], output: Source): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  const sources = layers.flatMap(({ calls }) => calls.flat());
  for (const source of [...sources, output]) {
    if ("layer" in source) last.set(source.layer, Math.max(source.call, last.get(source.layer) ?? 0));
  }
  return last;
}

/**
 * Keras 2 counts the calls of a model that is a layer from 1 on: 0 is that by which the model was made. Their sources are
 * left as they are; the calls get a place in front.
 */
function countedFromZero(layer: KerasLayer, last: ReadonlyMap<string, number>): KerasLayer["calls"] {
  const isShifted = layer.model !== null && last.get(layer.name) === layer.calls.length;
  return isShifted ? [[], ...layer.calls] : layer.calls;
}

function layerList(value: unknown, file: string): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value) || value.length > layerLimit) {
    throw wrong(file, `the configuration has no list of at most ${layerLimit} layers`);
  }
  return value.map(objectOf);
}

function readLayer(
  entry: Readonly<Record<string, unknown>>,
  calls: KerasLayer["calls"],
  file: string,
  depth: number,
  index: number,
): KerasLayer {
  const { class_name: className, config, module } = entry;
  if (typeof className !== "string") throw wrong(file, `layer ${index} has no class_name`);
  const options = objectOf(config);
  const name = entry["name"] ?? options["name"] ?? `layer_${index}`;
  if (typeof name !== "string" || name === "") throw wrong(file, `layer ${index} has no name`);
  const isModel = sequences.includes(className) || graphs.includes(className);
  return {
    name,
    className,
    module: typeof module === "string" ? module : "",
    config: options,
    calls,
    model: isModel ? readTopology(entry, file, depth + 1) : null,
  };
}

/** What goes into one call, in any of the spellings. */
function readSources(node: unknown, file: string): readonly Source[] {
  const sources: Source[] = [];
  if (Array.isArray(node)) {
    // Keras 1 and 2: lists of [layer, call, output, options]; a single one may stand by itself.
    const entries: readonly unknown[] = typeof node[0] === "string" ? [node] : node;
    for (const entry of entries) sources.push(readReference(entry, file));
  } else {
    const { args = [] } = objectOf(node);
    collect(args, sources, file, 0);
  }
  if (sources.length > sourceLimit) throw wrong(file, `a layer has more than ${sourceLimit} inputs`);
  return sources;
}

/** Tensors and numbers among the arguments that Keras 3 records. */
function collect(value: unknown, sources: Source[], file: string, depth: number): void {
  if (depth > 8 || sources.length > sourceLimit) throw wrong(file, "the arguments of a layer are too many");
  if (Array.isArray(value)) for (const entry of value) collect(entry, sources, file, depth + 1);
  else if (typeof value === "number") sources.push({ constant: value });
  else if (isObject(value)) {
    const { class_name: className, config } = value;
    if (className !== "__keras_tensor__")
      throw wrong(file, `an argument is of the class ${describeValue(className)}`);
    const { keras_history: history } = objectOf(config);
    sources.push(readReference(history, file));
  }
}

function readReference(value: unknown, file: string): { readonly layer: string; readonly call: number } {
  const [layer, call, output] = Array.isArray(value) ? value : [];
  if (typeof layer !== "string" || !Number.isInteger(call) || !Number.isInteger(output)) {
    throw wrong(file, `${describeValue(value)} is not the output of a layer`);
  }
  if (output !== 0)
    throw wrong(file, `layer "${clip(layer)}" is used for its output ${output}, only output 0 is supported`);
  return { layer, call };
}

/** The one input or output of a model. */
function onlyEnd(value: unknown, end: "input" | "output", file: string) {
  const isAlone = Array.isArray(value) && typeof value[0] === "string";
  const list: unknown = isAlone ? [value] : value;
  if (Array.isArray(list) && list.length === 1) return readReference(list[0], file);
  const count = Array.isArray(list) ? list.length : Object.keys(objectOf(list)).length;
  throw new FormatError(`the model has ${count} ${end}s, one is supported`, {
    where: file,
    hint: `Make a model with one ${end} of it: keras.Model(inputs, outputs), and save that.`,
  });
}

/** A shape with the batch, [null, 28, 28, 1], without it. */
export function shapeOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value) || value.length < 2 || value.length > 9) return null;
  const rest: readonly unknown[] = value.slice(1);
  return rest.every((size): size is number => Number.isInteger(size) && Number(size) >= 1) ? rest : null;
}

/** A value of JSON as an object; an empty one when it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function wrong(file: string, what: string): FormatError {
  return new FormatError(`not a valid Keras configuration: ${what}`, {
    where: file,
    hint: "Save the model again.",
  });
}
