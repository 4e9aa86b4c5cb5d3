import { input as inputLayer } from "../layers/factories.ts";
import { Layer, layerNameField, type SymbolicTensor } from "../layers/index.ts";
import {
  checkOptions,
  describeValue,
  type Field,
  type Fields,
  field,
  isObject,
  numberField,
} from "../options/index.ts";
import { OptionError } from "../tensor/index.ts";
import { Model } from "./model.ts";
import { type ModelOptions, readModelOptions } from "./model-options.ts";
import { traceArchitecture } from "./trace.ts";

/** Where examples enter a functional graph; `shape` is without the batch. */
export function input(options: Parameters<typeof inputLayer>[0]): SymbolicTensor {
  const layer = inputLayer(options);
  return { layer, inputs: [], shape: layer.options.shape };
}

/** A classifier on the side of a functional graph. */
export interface AuxiliaryOptions {
  /** One score a class, as the model's output. */
  readonly output: SymbolicTensor;
  /** What its loss is multiplied by before it is added to the model's: 0.3 in GoogLeNet. */
  readonly weight: number;
}

/** A functional graph by its ends. */
export interface FunctionalGraph {
  readonly inputs: SymbolicTensor;
  readonly outputs: SymbolicTensor;
  /** Names for values on the way, for `activations` and `tap`: `{ layer1, layer2 }`. */
  readonly taps?: Readonly<Record<string, SymbolicTensor>>;
  /**
   * Heads that train with the model and have no part in inference: the loss of a training step is the model's plus
   * each head's times its weight.
   */
  readonly auxiliaries?: Readonly<Record<string, AuxiliaryOptions>>;
}

const tensorField: Field<SymbolicTensor> = field("a tensor of the graph", isSymbolic);

const headFields: Fields<AuxiliaryOptions> = { output: tensorField, weight: numberField({ minimum: 0 }) };

/**
 * A model from a graph that may branch and join: `layer.apply` of the tensor of `input()`, and so on.
 *
 * @throws OptionError when the output does not come from the input, or a tap lies off the way between them; ShapeError
 *   for a head whose output is not of the model's shape
 */
export function functional(graph: FunctionalGraph, options: ModelOptions = {}): Model {
  const { name, ...rest } = readModelOptions("functional", options);
  const { inputs, outputs, taps = {}, auxiliaries = {} } = graph;
  if (!isSymbolic(inputs) || !isSymbolic(outputs)) {
    throw new OptionError("inputs and outputs must each be one tensor of the graph", {
      where: "functional",
      hint: "Use const x = input({ shape }) and layer.apply(x).",
    });
  }
  const heads = namedEntries(auxiliaries, "auxiliaries").map(([head, value]) => ({
    name: head,
    ...checkOptions<AuxiliaryOptions>(`functional, auxiliaries, ${head}`, value, headFields),
  }));
  const tapped = namedEntries(taps, "taps").map(
    ([tap, value]) => [tap, tensorField.parse(value, "functional, taps", tap)] as const,
  );
  return new Model({
    architecture: traceArchitecture(name, { input: inputs, output: outputs, taps: tapped, heads }),
    ...rest,
  });
}

/** Entries whose names can stand in files. */
function namedEntries(value: unknown, option: string): [name: string, value: unknown][] {
  if (!isObject(value)) {
    throw new OptionError(`option "${option}" must be an object, got ${describeValue(value)}`, {
      where: "functional",
      hint: `Write ${option}: { name: ... }.`,
    });
  }
  return Object.entries(value).map(([name, entry]) => [
    layerNameField.parse(name, "functional", option),
    entry,
  ]);
}

function isSymbolic(value: unknown): value is SymbolicTensor {
  return typeof value === "object" && value !== null && "layer" in value && value.layer instanceof Layer;
}
