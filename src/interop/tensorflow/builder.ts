import { Layer, type LayerKind, type LayerOptions, type SymbolicTensor } from "../../layers/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { LayerNames } from "../keras/names.ts";
import type { GraphNode } from "./node.ts";
import type { GraphContext, Value } from "./values.ts";

/** Parameters of a layer by their names within it. */
export type LayerWeights = Readonly<Record<string, Tensor>>;

/** What an importer of an op works with. */
export interface OpContext extends GraphContext {
  /** Places a layer, named after the node. */
  place<K extends LayerKind>(
    kind: K,
    options: LayerOptions[K],
    inputs: readonly SymbolicTensor[],
    weights?: LayerWeights,
  ): SymbolicTensor;
  /**
   * The bias that is added to the node's output and to nothing else, taken out of the graph: the node gives what the
   * addition would have given. Null when there is none.
   *
   * @param channels - numbers that it must have
   */
  takeBias(channels: number): Tensor<"float32"> | null;
}

/** Makes layers of nodes. */
export class GraphBuilder {
  readonly weights = new Map<Layer, LayerWeights>();
  readonly #names = new LayerNames();

  constructor(reserved: string) {
    this.#names.claim([reserved]);
  }

  contextOf(node: GraphNode, inputs: readonly Value[], takeBias: OpContext["takeBias"]): OpContext {
    return {
      node,
      inputs,
      takeBias,
      place: (kind, options, sources, weights) => {
        const layer = new Layer(kind, { ...options, name: this.#names.claim([node.name]) });
        if (weights !== undefined) this.weights.set(layer, weights);
        return layer.apply(sources);
      },
    };
  }
}
