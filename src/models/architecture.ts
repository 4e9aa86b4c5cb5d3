import {
  type Layer,
  type LayerKind,
  layerWhere,
  outputShapeOf,
  type ParameterSpec,
  parametersOf,
} from "../layers/index.ts";
import { formatShape, OptionError, type Shape, ShapeError, sameShape } from "../tensor/index.ts";

/** A layer with the name that it has in its model. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: Layer;
}

/** One use of a layer. A layer that is used twice has two calls and one set of weights. */
export interface Call {
  /** Index into `layers`. */
  readonly layer: number;
  /** Indices of the calls whose outputs go in; all of them come before. */
  readonly inputs: readonly number[];
  /** Shape of its output, without the batch. */
  readonly shape: Shape;
}

/** A name for the output of a call, as for the end of a stage: `layer3`. */
export interface Tap {
  readonly name: string;
  /** Index of the call. */
  readonly call: number;
}

/** A classifier on the side of a net, which trains with it and has no part in inference. */
export interface AuxiliaryHead {
  readonly name: string;
  /** Index of the call that it ends in. */
  readonly output: number;
  /** What its loss is multiplied by before it is added to the model's. */
  readonly weight: number;
}

/** Which calls of an architecture have a part of their own. */
export interface Ends {
  /** Index of the call of the input layer. */
  readonly input: number;
  /** Index of the call whose output is the model's. */
  readonly output: number;
  /** Named values on the way from the input to the output. */
  readonly taps: readonly Tap[];
  /** Heads that train with the model. */
  readonly auxiliaries: readonly AuxiliaryHead[];
}

/** A model without its weights: layers, and how they are wired, each call after its inputs. */
export interface Architecture extends Ends {
  readonly name: string;
  readonly layers: readonly NamedLayer[];
  readonly calls: readonly Call[];
}

/** A parameter or statistic of a model. */
export interface ModelParameter extends Omit<ParameterSpec, "name"> {
  /** Unique in the model: `conv1.weight`. */
  readonly name: string;
  /** Index into `layers`. */
  readonly layer: number;
  /** Whether only auxiliary heads have it: inference does without. */
  readonly auxiliary: boolean;
}

/** The most calls of a model: beyond it, a file that says so is damaged or hostile. */
export const largestModel = 20_000;

/**
 * Puts a model together from uses of layers.
 *
 * @param entries - the layers, with names where they have one or had one in another model
 * @param wiring - for each call its layer and inputs, each call after its inputs
 * @param ends - indices of calls
 * @throws OptionError for names that occur twice and taps off the way, ShapeError for layers and heads that do not fit
 */
export function assemble(
  name: string,
  entries: readonly (Layer | NamedLayer)[],
  wiring: readonly Omit<Call, "shape">[],
  ends: Ends,
): Architecture {
  const layers = nameLayers(
    entries.map((entry) => ("layer" in entry ? entry : { name: entry.name, layer: entry })),
  );
  const calls: Call[] = [];
  for (const { layer: index, inputs } of wiring) {
    const { name: layerName, layer } = layers[index];
    const shapes = inputs.map((position) => calls[position].shape);
    const shape = outputShapeOf(layer, shapes, layerWhere(layerName, layer.kind));
    calls.push({ layer: index, inputs, shape });
  }
  const architecture = { name, layers, calls, ...ends };
  checkSharing(architecture);
  checkTaps(architecture);
  checkHeads(architecture);
  return architecture;
}

/** Names as Keras gives them: `conv2d`, `conv2d_1`, passing over those that are taken. */
function nameLayers(
  entries: readonly { readonly name: string | null; readonly layer: Layer }[],
): readonly NamedLayer[] {
  const taken = new Set<string>();
  for (const { name } of entries) {
    if (name === null) continue;
    if (taken.has(name)) {
      throw new OptionError(`two layers are named "${name}"`, {
        where: "model",
        hint: "Give each layer a name of its own, or none.",
      });
    }
    taken.add(name);
  }
  const counts = new Map<LayerKind, number>();
  return entries.map(({ name, layer }) => {
    if (name !== null) return { name, layer };
    let candidate: string;
    do {
      const count = counts.get(layer.kind) ?? 0;
      counts.set(layer.kind, count + 1);
      candidate = count === 0 ? layer.kind : `${layer.kind}_${count}`;
    } while (taken.has(candidate));
    taken.add(candidate);
    return { name: candidate, layer };
  });
}

/** A layer used twice must have the same parameters both times. */
function checkSharing(architecture: Architecture): void {
  const specs = new Map<number, readonly ParameterSpec[]>();
  for (const call of architecture.calls) {
    const { name, layer } = architecture.layers[call.layer];
    const inputs = call.inputs.map((position) => architecture.calls[position].shape);
    const own = parametersOf(layer, inputs);
    const first = specs.get(call.layer) ?? own;
    specs.set(call.layer, first);
    for (const [index, spec] of own.entries()) {
      if (sameShape(spec.shape, first[index].shape)) continue;
      throw new ShapeError(
        `is used with inputs that need ${spec.name} ${formatShape(first[index].shape)} and ${formatShape(spec.shape)}`,
        { where: layerWhere(name, layer.kind), hint: "A layer that is used twice shares its weights." },
      );
    }
  }
}

/** A tap in a head would need what inference does without. */
function checkTaps(architecture: Architecture): void {
  const onTheWay = inferenceCalls(architecture);
  for (const { name, call } of architecture.taps) {
    if (onTheWay.has(call)) continue;
    throw new OptionError(`tap "${name}" is not on the way from the input to the output`, {
      where: `model "${architecture.name}"`,
      hint: "Tap a tensor that the output is computed from.",
    });
  }
}

/** A head is trained on the same labels as the model. */
function checkHeads({ name: model, calls, output, auxiliaries }: Architecture): void {
  const { shape: expected } = calls[output];
  for (const { name, output: end } of auxiliaries) {
    const { shape } = calls[end];
    if (sameShape(shape, expected)) continue;
    throw new ShapeError(
      `auxiliary head "${name}" ends in ${formatShape(shape)}, the model in ${formatShape(expected)}`,
      { where: `model "${model}"`, hint: "Give the head one score a class, like the model." },
    );
  }
}

/** Indices of the calls that a call depends on, itself included. */
export function callsUpTo({ calls }: Pick<Architecture, "calls">, end: number): ReadonlySet<number> {
  const needed = new Set([end]);
  for (let position = end; position >= 0; position--) {
    if (needed.has(position)) for (const source of calls[position].inputs) needed.add(source);
  }
  return needed;
}

/** Indices of the calls that the output depends on; the others belong to auxiliary heads. */
export function inferenceCalls(architecture: Architecture): ReadonlySet<number> {
  return callsUpTo(architecture, architecture.output);
}

/** Indices of the layers that inference runs; the others belong to auxiliary heads. */
export function inferenceLayers(architecture: Architecture): ReadonlySet<number> {
  return new Set([...inferenceCalls(architecture)].map((position) => architecture.calls[position].layer));
}

/** All parameters and statistics, in the order of the layers. */
export function modelParameters(architecture: Architecture): readonly ModelParameter[] {
  const { layers, calls } = architecture;
  const inInference = inferenceLayers(architecture);
  const firstCalls = new Map<number, Call>();
  for (const call of calls) if (!firstCalls.has(call.layer)) firstCalls.set(call.layer, call);
  return layers.flatMap(({ name, layer }, index) => {
    const inputs = firstCalls.get(index)?.inputs.map((position) => calls[position].shape) ?? [];
    return parametersOf(layer, inputs).map((spec) => ({
      ...spec,
      name: `${name}.${spec.name}`,
      layer: index,
      auxiliary: !inInference.has(index),
    }));
  });
}

/** Shape of an example. */
export function inputShapeOf({ calls, input }: Architecture): Shape {
  return calls[input].shape;
}

/** Shape of an example's output. */
export function outputShapeOfModel({ calls, output }: Architecture): Shape {
  return calls[output].shape;
}
