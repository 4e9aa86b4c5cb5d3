import type { Node, Update } from "../graph/index.ts";
import { callLayer } from "../layers/index.ts";
import { createBuild } from "../ops/index.ts";
import { type Architecture, modelParameters } from "./architecture.ts";

/** How a model is built into a graph. */
export interface ForwardMode {
  /** Whether dropout drops and batch normalization uses the batch's moments. */
  readonly training: boolean;
  /** The step's random key, uint32 [2]; `null` in inference. */
  readonly key: Node | null;
}

/** A model's part of a graph. */
export interface Forward {
  readonly output: Node;
  /** The output of each call of the architecture, in order. */
  readonly values: readonly Node[];
  /** One node for each parameter and statistic, by name. */
  readonly variables: ReadonlyMap<string, Node<"variable">>;
  /** Changes of statistics, in training. */
  readonly updates: readonly Update[];
}

/**
 * Builds the forward pass.
 *
 * @param images - the batch, preprocessed: float32 [N, ...input shape]
 */
export function buildForward(architecture: Architecture, images: Node, mode: ForwardMode): Forward {
  const { layers, calls } = architecture;
  const build = createBuild();
  const variables = new Map<string, Node<"variable">>();
  const parametersOfLayer = layers.map((): Record<string, Node<"variable">> => ({}));
  for (const { name, layer, shape } of modelParameters(architecture)) {
    const node = build("variable", [], { name, shape, dtype: "float32" });
    variables.set(name, node);
    parametersOfLayer[layer][name.slice(layers[layer].name.length + 1)] = node;
  }
  const updates: Update[] = [];
  let streams = 0;
  const values: Node[] = [];
  for (const [position, call] of calls.entries()) {
    const { name, layer } = layers[call.layer];
    const context = {
      ...mode,
      build: createBuild(name),
      nextStream: () => ++streams,
      addUpdate: (update: Update) => updates.push(update),
    };
    const inputs = call.inputs.map((source) => values[source]);
    const isInput = position === architecture.input;
    values.push(isInput ? images : callLayer(layer, context, inputs, parametersOfLayer[call.layer]));
  }
  return { output: values[architecture.output], values, variables, updates };
}
