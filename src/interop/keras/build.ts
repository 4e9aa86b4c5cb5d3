import { clip } from "../../formats/format-errors.ts";
import {
  type CommonLayerOptions,
  Layer,
  type LayerKind,
  type LayerOptions,
  type SymbolicTensor,
} from "../../layers/index.ts";
import { type FunctionalGraph, input as inputTensor } from "../../models/index.ts";
import { FormatError, nameHint, type Shape, type Tensor } from "../../tensor/index.ts";
import type { Apply, ImportContext } from "./importers/importer.ts";
import { importers } from "./importers/table.ts";
import { LayerNames } from "./names.ts";
import { KerasOptions, kerasError } from "./options.ts";
import { type KerasLayer, type KerasTopology, shapeOf } from "./topology.ts";

/** The most uses of layers, as in our own files: beyond it, a file that says so is damaged or hostile. */
const largestModel = 20_000;

/** Where weights are found by Keras's names. */
export interface KerasWeights {
  /** @param path - names of the models around a layer, and its own */
  find(path: readonly string[], variable: string): Tensor | null;
}

/** What is known beside a topology. */
export interface BuildOptions {
  /** The major version of the Keras that wrote it. */
  readonly kerasVersion: number;
  readonly weights: KerasWeights;
  /** Shape of an example; null takes that of the topology. */
  readonly inputShape: Shape | null;
}

/** A graph of our layers, and which layer of Keras each is. */
export interface BuiltGraph {
  readonly graph: FunctionalGraph;
  /** For each layer that may have weights, where it is in the Keras model. */
  readonly paths: ReadonlyMap<Layer, readonly string[]>;
  /** What the user should know. */
  readonly notes: readonly string[];
}

/**
 * Makes layers of a topology.
 *
 * @throws FormatError naming layer and class for what is not supported or does not fit
 */
export function buildGraph(
  topology: KerasTopology,
  file: string,
  { kerasVersion, weights, inputShape }: BuildOptions,
): BuiltGraph {
  return new GraphBuilder(file, kerasVersion, weights).build(topology, inputShape);
}

class GraphBuilder {
  readonly #file: string;
  readonly #kerasVersion: number;
  readonly #weights: KerasWeights;
  readonly #names = new LayerNames();
  readonly #paths = new Map<Layer, readonly string[]>();
  readonly #notes: string[] = [];
  #uses = 0;

  constructor(file: string, kerasVersion: number, weights: KerasWeights) {
    this.#file = file;
    this.#kerasVersion = kerasVersion;
    this.#weights = weights;
  }

  build(topology: KerasTopology, inputShape: Shape | null): BuiltGraph {
    const shape = inputShape ?? this.#inputShape(topology);
    const name = this.#names.claim([topology.input ?? "input"]);
    const layer = createLayer("input", { shape }, { name });
    const input: SymbolicTensor = { ...inputTensor({ shape }), layer };
    const output = this.#applyModel(topology, [])([input]);
    return { graph: { inputs: input, outputs: output }, paths: this.#paths, notes: this.#notes };
  }

  /** Shape of an example; models nested in front are asked in turn. */
  #inputShape({ layers, input, inputShape }: KerasTopology): readonly number[] {
    const first = layers.find(({ name }) => name === input) ?? layers[0];
    const { batch_input_shape: old, batch_shape: own } = first?.config ?? {};
    const shape = inputShape ?? shapeOf(own) ?? shapeOf(old);
    if (shape !== null) return shape;
    if (first?.model) return this.#inputShape(first.model);
    throw new FormatError("the model does not say the shape of its input, or leaves sizes open", {
      where: this.#file,
      hint: "Give it: { inputShape: [224, 224, 3] }, or make the model with keras.Input((224, 224, 3)).",
    });
  }

  /** A model as a function of its input: each call's output is worked out once those that go in are there. */
  #applyModel(topology: KerasTopology, path: readonly string[]): Apply {
    const { layers, input, output } = topology;
    const applies = layers.map((layer) =>
      layer.name === input ? null : this.#importLayer(layer, [...path, layer.name]),
    );
    const schedule = orderCalls(topology, this.#file);
    return ([given]) => {
      const values = new Map<string, SymbolicTensor>();
      for (const { layer: index, call } of schedule) {
        const layer = layers[index];
        const apply = applies[index];
        const sources = (layer.calls[call] ?? []).filter((source) => "layer" in source);
        const inputs = sources.map((source) => values.get(keyOf(source)) ?? given);
        // The first layer of a sequence without an input layer.
        const isFirst = input === null && index === 0;
        values.set(
          keyOf({ layer: layer.name, call }),
          apply === null ? given : apply(isFirst ? [given] : inputs),
        );
      }
      const result = "layer" in output ? values.get(keyOf(output)) : undefined;
      if (result !== undefined) return result;
      throw new FormatError("the model's output is that of no layer", {
        where: this.#file,
        hint: "Save the model again.",
      });
    };
  }

  #importLayer(layer: KerasLayer, path: readonly string[]): Apply {
    if (layer.model !== null) return this.#applyModel(layer.model, path);
    const place = { file: this.#file, path: path.join("/"), className: layer.className };
    if (!Object.hasOwn(importers, layer.className)) throw unsupported(place);
    const options = new KerasOptions(layer.config, place);
    const name = this.#names.claim(path);
    const trainable = layer.config["trainable"] !== false;
    let helpers = 0;
    const context: ImportContext = {
      options,
      layer,
      kerasVersion: this.#kerasVersion,
      make: (kind, own) => {
        const made = createLayer(kind, own, { name, trainable });
        this.#paths.set(made, path);
        return made;
      },
      helper: (kind, own) =>
        createLayer(kind, own, { name: this.#names.claim([...path, `part${++helpers}`]) }),
      weight: (variable) => this.#weights.find(path, variable),
      note: (text) => this.#notes.push(text),
    };
    const apply = importers[layer.className](context);
    return (inputs) => {
      if (inputs.length === 0)
        throw kerasError(place, "it is used without an input", "Save the model again.");
      // Models within models, each used twice, would double with every level.
      if (++this.#uses > largestModel) {
        throw kerasError(
          place,
          `the model has more than ${largestModel} uses of layers`,
          "Save a smaller model.",
        );
      }
      return apply(inputs);
    };
  }
}

function unsupported(place: {
  readonly file: string;
  readonly path: string;
  readonly className: string;
}): FormatError {
  const { className } = place;
  const own = ["Lambda", "TFOpLambda", "SlicingOpLambda"].includes(className)
    ? "It runs code that the file does not hold: replace it by layers"
    : "Replace it by supported layers";
  return kerasError(
    place,
    "layers of this class are not supported",
    `${own}, or build the model in code and load its weights alone. ${nameHint(clip(className, 100), Object.keys(importers))}`,
  );
}

function createLayer<K extends LayerKind>(
  kind: K,
  options: LayerOptions[K],
  common: CommonLayerOptions,
): Layer<K> {
  return new Layer(kind, { ...options, ...common });
}

function keyOf({ layer, call }: { readonly layer: string; readonly call: number }): string {
  return `${call}/${layer}`;
}

/** Calls of layers, each after those that it needs; what cannot be reached from the input is an error. */
function orderCalls({ layers }: KerasTopology, file: string) {
  const waiting = new Map<string, { layer: number; call: number; open: number }>();
  const users = new Map<string, string[]>();
  const ready: { readonly layer: number; readonly call: number }[] = [];
  for (const [index, layer] of layers.entries()) {
    const calls = layer.calls.length === 0 ? [[]] : layer.calls;
    for (const [call, sources] of calls.entries()) {
      // The call by which a model was made stands for itself and is never used.
      if (sources.length === 0 && layer.model !== null && calls.length > 1) continue;
      const needed = sources.filter((source) => "layer" in source).map(keyOf);
      const key = keyOf({ layer: layer.name, call });
      if (waiting.has(key))
        throw new FormatError(`two layers are named "${clip(layer.name)}"`, { where: file });
      waiting.set(key, { layer: index, call, open: needed.length });
      for (const source of needed) {
        const known = users.get(source);
        if (known === undefined) users.set(source, [key]);
        else known.push(key);
      }
      if (needed.length === 0) ready.push({ layer: index, call });
    }
  }
  for (const { layer, call } of ready) {
    for (const user of users.get(keyOf({ layer: layers[layer].name, call })) ?? []) {
      const entry = waiting.get(user);
      if (entry !== undefined && --entry.open === 0) ready.push({ layer: entry.layer, call: entry.call });
    }
  }
  const stuck = [...waiting.values()].find(({ open }) => open > 0);
  if (stuck === undefined) return ready;
  throw new FormatError(`layer "${clip(layers[stuck.layer].name)}" needs an output that no layer has`, {
    where: file,
    hint: "Save the model again.",
  });
}
