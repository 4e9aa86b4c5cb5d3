import { input as inputLayer } from "../layers/factories.ts";
import { Layer } from "../layers/index.ts";
import { OptionError } from "../tensor/index.ts";
import { assemble } from "./architecture.ts";
import { Model } from "./model.ts";
import { type ModelOptions, readModelOptions } from "./model-options.ts";

/**
 * A model whose layers follow one another. The first must have an `inputShape`, or be `layers.input`.
 *
 * @throws OptionError without an input shape, ShapeError for layers that do not fit
 */
export function sequential(layers: readonly Layer[], options: ModelOptions = {}): Model {
  const { name, ...rest } = readModelOptions("sequential", options);
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
  const architecture = assemble(name, distinct, wiring, {
    input: 0,
    output: entries.length - 1,
    taps: [],
    auxiliaries: [],
  });
  return new Model({ architecture, ...rest });
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
