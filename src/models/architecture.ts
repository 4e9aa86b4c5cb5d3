import {
  type Layer,
  type LayerKind,
  layerWhere,
  outputShapeOf,
  type ParameterSpec,
  parametersOf,
  type SymbolicTensor,
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

/** A model without its weights: layers, and how they are wired, each call after its inputs. */
export interface Architecture {
  readonly name: string;
  readonly layers: readonly NamedLayer[];
  readonly calls: readonly Call[];
  /** Index of the call of the input layer. */
  readonly input: number;
  /** Index of the call whose output is the model's. */
  readonly output: number;
}

/** A parameter or statistic of a model. */
export interface ModelParameter extends Omit<ParameterSpec, "name"> {
  /** Unique in the model: `conv1.weight`. */
  readonly name: string;
  /** Index into `layers`. */
  readonly layer: number;
}

/** The most calls of a model: beyond it, a file that says so is damaged or hostile. */
export const largestModel = 20_000;

/**
 * Puts a model together from uses of layers.
 *
 * @param entries - the layers, with names where they have one
 * @param wiring - for each call its layer and inputs, each call after its inputs
 * @throws OptionError for names that occur twice, ShapeError for layers that do not fit
 */
export function assemble(
  name: string,
  entries: readonly Layer[],
  wiring: readonly Omit<Call, "shape">[],
  input: number,
  output: number,
): Architecture {
  const names = nameLayers(entries);
  const layers = entries.map((layer, index) => ({ name: names[index], layer }));
  const calls: Call[] = [];
  for (const { layer: index, inputs } of wiring) {
    const { name: layerName, layer } = layers[index];
    const shapes = inputs.map((position) => calls[position].shape);
    const shape = outputShapeOf(layer, shapes, layerWhere(layerName, layer.kind));
    calls.push({ layer: index, inputs, shape });
  }
  const architecture = { name, layers, calls, input, output };
  checkSharing(architecture);
  return architecture;
}

/** Names as Keras gives them: `conv2d`, `conv2d_1`, passing over those that are taken. */
function nameLayers(layers: readonly Layer[]): string[] {
  const taken = new Set<string>();
  for (const { name } of layers) {
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
  return layers.map(({ name, kind }) => {
    if (name !== null) return name;
    let candidate: string;
    do {
      const count = counts.get(kind) ?? 0;
      counts.set(kind, count + 1);
      candidate = count === 0 ? kind : `${kind}_${count}`;
    } while (taken.has(candidate));
    taken.add(candidate);
    return candidate;
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

/** All parameters and statistics, in the order of the layers. */
export function modelParameters({ layers, calls }: Architecture): readonly ModelParameter[] {
  const firstCalls = new Map<number, Call>();
  for (const call of calls) if (!firstCalls.has(call.layer)) firstCalls.set(call.layer, call);
  return layers.flatMap(({ name, layer }, index) => {
    const inputs = firstCalls.get(index)?.inputs.map((position) => calls[position].shape) ?? [];
    return parametersOf(layer, inputs).map((spec) => ({
      ...spec,
      name: `${name}.${spec.name}`,
      layer: index,
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

/**
 * The architecture of everything that `output` is computed from.
 *
 * @throws OptionError when that is not a graph with exactly the given input
 */
export function traceArchitecture(name: string, input: SymbolicTensor, output: SymbolicTensor): Architecture {
  const order = symbolicOrder(output);
  const inputs = order.filter(({ layer }) => layer.kind === "input");
  if (!order.includes(input)) {
    throw new OptionError("the output does not depend on the input", {
      where: "functional",
      hint: "Pass the tensor of input() from which the output was made.",
    });
  }
  if (inputs.length > 1) {
    throw new OptionError(`the output depends on ${inputs.length} inputs, one is allowed`, {
      where: "functional",
    });
  }
  const layers = [...new Set(order.map(({ layer }) => layer))];
  const layerIndex = new Map(layers.map((layer, index) => [layer, index]));
  const position = new Map(order.map((tensor, index) => [tensor, index]));
  const wiring = order.map((tensor) => ({
    layer: layerIndex.get(tensor.layer) ?? 0,
    inputs: tensor.inputs.map((source) => position.get(source) ?? 0),
  }));
  return assemble(name, layers, wiring, position.get(input) ?? 0, order.length - 1);
}

/** Every tensor that `root` depends on, each after its inputs. The stack is explicit: nets may be deep. */
function symbolicOrder(root: SymbolicTensor): SymbolicTensor[] {
  const order: SymbolicTensor[] = [];
  const seen = new Set([root]);
  const stack = [{ tensor: root, next: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const source = frame.tensor.inputs[frame.next++];
    if (source === undefined) {
      order.push(frame.tensor);
      stack.pop();
    } else if (!seen.has(source)) {
      seen.add(source);
      stack.push({ tensor: source, next: 0 });
    }
  }
  return order;
}
