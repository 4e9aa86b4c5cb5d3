import type { Engine } from "../engine/engine.ts";
import { input as inputLayer } from "../layers/factories.ts";
import { Layer } from "../layers/index.ts";
import { formatShape, OptionError, ShapeError, sameShape } from "../tensor/index.ts";
import {
  type Architecture,
  assemble,
  type Call,
  type NamedLayer,
  outputShapeOfModel,
  type Tap,
} from "./architecture.ts";
import { Model } from "./model.ts";
import { type ModelOptions, type ModelParts, readModelOptions } from "./model-options.ts";
import { truncate } from "./taps.ts";
import type { Weight } from "./weight.ts";

/** A part of a sequential model: a layer, or a model with all its layers. */
export type SequentialPart = Layer | Model;

/**
 * A model whose parts follow one another. The first must be a model, or a layer with an `inputShape`, or `layers.input`.
 *
 * A model that is a part brings its layers under their names, its taps and the weights that it has now (they are copied
 * when they are needed, see `Model.tap`); its auxiliary heads stay behind, and training the whole leaves the part itself as it is.
 * If it comes first, it brings its preprocessing too, unless another is given.
 *
 * @throws OptionError without an input shape, or when two layers or taps have one name; ShapeError for parts that do not fit
 */
export function sequential(parts: readonly SequentialPart[], options: ModelOptions = {}): Model {
  const { name, preprocessing, ...rest } = readModelOptions("sequential", options);
  if (!Array.isArray(parts) || !parts.every((part) => part instanceof Layer || part instanceof Model)) {
    throw new OptionError("layers must be a list of layers", {
      where: "sequential",
      hint: "Make them with layers.conv2d({ ... }) and the like; a model may stand in place of layers.",
    });
  }
  const entries = withInput(parts);
  if (entries.length < 2 && !(entries[0] instanceof Model)) {
    throw new OptionError("there is no layer", { where: "sequential", hint: "Give at least one." });
  }
  const chain = new Chain();
  for (const part of entries) chain.append(part);
  const [first] = entries;
  const kept =
    first instanceof Model && options.preprocessing === undefined ? first.preprocessing : preprocessing;
  return new Model({ ...rest, ...chain.finish(name), preprocessing: kept });
}

function withInput(parts: readonly SequentialPart[]): readonly SequentialPart[] {
  const [first] = parts;
  if (first === undefined || first instanceof Model || first.kind === "input") return parts;
  if (first.inputShape !== null) return [inputLayer({ shape: first.inputShape }), ...parts];
  throw new OptionError(`the first layer (${first.kind}) has no inputShape`, {
    where: "sequential",
    hint: "Give it one, { inputShape: [28, 28, 1] }, or begin with layers.input({ shape: [28, 28, 1] }).",
  });
}

/** Layers and models, wired one behind the other. */
class Chain {
  readonly #layers: (Layer | NamedLayer)[] = [];
  readonly #wiring: Omit<Call, "shape">[] = [];
  readonly #taps: Tap[] = [];
  readonly #weights = new Map<string, Weight>();
  #engine: Engine | null = null;
  #input = 0;
  /** Index of the call that the next part follows; null before the first. */
  #end: number | null = null;

  append(part: SequentialPart): void {
    if (part instanceof Model) this.#appendModel(part);
    else this.#appendLayer(part);
  }

  finish(name: string): Pick<ModelParts, "architecture" | "weights" | "engine"> {
    return { architecture: this.#assemble(name), weights: this.#weights, engine: this.#engine };
  }

  #assemble(name: string): Architecture {
    return assemble(name, this.#layers, this.#wiring, {
      input: this.#input,
      output: this.#end ?? 0,
      taps: this.#taps,
      auxiliaries: [],
    });
  }

  #appendLayer(layer: Layer): void {
    // A layer that stands at several places is one layer with one set of weights.
    const known = this.#layers.indexOf(layer);
    const index = known >= 0 ? known : this.#layers.push(layer) - 1;
    this.#end = this.#wiring.push({ layer: index, inputs: this.#end === null ? [] : [this.#end] }) - 1;
  }

  #appendModel(model: Model): void {
    // Heads are left behind.
    const { layers, calls, input, output, taps } = truncate(
      model.architecture,
      model.name,
      model.architecture.output,
    );
    const before = this.#end;
    if (before !== null) this.#checkJoint(model);
    // The input of a model in the middle is what comes before it.
    const isInner = (layer: number) => before !== null && layer === calls[input].layer;
    const newLayer = layers.map((entry, index) => (isInner(index) ? -1 : this.#layers.push(entry) - 1));
    const newCall: number[] = [];
    for (const [position, { layer, inputs }] of calls.entries()) {
      const isEntry = position === input && before !== null;
      newCall.push(
        isEntry
          ? before
          : this.#wiring.push({ layer: newLayer[layer], inputs: inputs.map((source) => newCall[source]) }) -
              1,
      );
    }
    if (before === null) this.#input = newCall[input];
    this.#end = newCall[output];
    for (const { name, call } of taps) this.#addTap(name, newCall[call]);
    const { weights, engine } = model.parts();
    for (const [name, weight] of weights ?? []) this.#weights.set(name, weight);
    this.#engine ??= engine ?? null;
  }

  #addTap(name: string, call: number): void {
    if (this.#taps.some((tap) => tap.name === name)) {
      throw new OptionError(`two parts have a tap named "${name}"`, {
        where: "sequential",
        hint: "Build one of the models with other names of taps.",
      });
    }
    this.#taps.push({ name, call });
  }

  /** Layers take many shapes, a model only its own. */
  #checkJoint(model: Model): void {
    const shape = outputShapeOfModel(this.#assemble("model"));
    const { inputShape } = model;
    if (sameShape(shape, inputShape)) return;
    throw new ShapeError(
      `model "${model.name}" takes ${formatShape(inputShape)}, what comes before it gives ${formatShape(shape)}`,
      { where: "sequential", hint: "Put layers between them that make the one of the other." },
    );
  }
}
