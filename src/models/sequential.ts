import { input as inputLayer } from "../layers/factories.ts";
import { Layer, layerNameField, type SymbolicTensor } from "../layers/index.ts";
import { checkOptions, type Fields, field, nullable, withFallback } from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import { countField } from "../train/index.ts";
import { assemble, traceArchitecture } from "./architecture.ts";
import { Model } from "./model.ts";
import { type Preprocessing, readPreprocessing } from "./preprocessing.ts";

/** What a model has beside its layers. */
export interface ModelOptions {
  /** Default `"model"`. */
  readonly name?: string;
  /** Of the initial weights; default the seed of the first `fit`, or 0. */
  readonly seed?: number | null;
  /** What happens to the bytes of images; default `{ scale: 1 / 255, offset: 0 }`. */
  readonly preprocessing?: Partial<Preprocessing>;
  /** Default: those of the first training data. */
  readonly classNames?: readonly string[] | null;
}

const fields: Fields<ModelOptions> = {
  name: withFallback(layerNameField, "model"),
  seed: nullable(countField),
  preprocessing: { parse: readPreprocessing, fallback: readPreprocessing({}) },
  classNames: nullable(
    field(
      "a list of names",
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((name) => typeof name === "string"),
    ),
  ),
};

/**
 * A model whose layers follow one another. The first must have an `inputShape`, or be `layers.input`.
 *
 * @throws OptionError without an input shape, ShapeError for layers that do not fit
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  const { name, seed, preprocessing, classNames } = checkOptions("sequential", options, fields);
  if (!Array.isArray(layers) || !layers.every((layer) => layer instanceof Layer)) {
    throw new OptionError("layers must be a list of layers", {
      where: "sequential",
      hint: "Make them with layers.conv2d({ ... }) and the like.",
    });
  }
  const entries = withInput(layers);
  if (entries.length < 2) {
    throw new OptionError("there is no layer", { where: "sequential", hint: "Give at least one." });
  }
  // A layer that stands at several places is one layer with one set of weights.
  const distinct = [...new Set(entries)];
  const wiring = entries.map((layer, position) => ({
    layer: distinct.indexOf(layer),
    inputs: position === 0 ? [] : [position - 1],
  }));
  const architecture = assemble(name, distinct, wiring, 0, entries.length - 1);
  return new Model({ architecture, preprocessing: readPreprocessing(preprocessing), classNames, seed });
}

function withInput(layers: readonly Layer[]): readonly Layer[] {
  const [first] = layers;
  if (first === undefined || first.kind === "input") return layers;
  if (first.inputShape !== null) return [inputLayer({ shape: first.inputShape }), ...layers];
  throw new OptionError(`the first layer (${first.kind}) has no inputShape`, {
    where: "sequential",
    hint: "Give it one, { inputShape: [28, 28, 1] }, or begin with layers.input({ shape: [28, 28, 1] }).",
  });
}

/** Where examples enter a functional graph; `shape` is without the batch. */
export function input(options: Parameters<typeof inputLayer>[0]): SymbolicTensor {
  const layer = inputLayer(options);
  return { layer, inputs: [], shape: layer.options.shape };
}

/** Both ends of a functional graph. */
export interface FunctionalGraph {
  readonly inputs: SymbolicTensor;
  readonly outputs: SymbolicTensor;
}

/**
 * A model from a graph that may branch and join: `layer.apply` of the tensor of `input()`, and so on.
 *
 * @throws OptionError when the output does not come from the input
 */
export function functional(graph: FunctionalGraph, options: ModelOptions = {}): Model {
  const { name, seed, preprocessing, classNames } = checkOptions("functional", options, fields);
  const { inputs, outputs } = graph;
  if (!isSymbolic(inputs) || !isSymbolic(outputs)) {
    throw new OptionError("inputs and outputs must each be one tensor of the graph", {
      where: "functional",
      hint: "Use const x = input({ shape }) and layer.apply(x).",
    });
  }
  const architecture = traceArchitecture(name, inputs, outputs);
  return new Model({ architecture, preprocessing: readPreprocessing(preprocessing), classNames, seed });
}

function isSymbolic(value: unknown): value is SymbolicTensor {
  return typeof value === "object" && value !== null && "layer" in value && value.layer instanceof Layer;
}
