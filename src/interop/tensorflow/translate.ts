import { clip } from "../../formats/format-errors.ts";
import type { Layer, SymbolicTensor } from "../../layers/index.ts";
import { nameHint, type Tensor } from "../../tensor/index.ts";
import { GraphBuilder, type LayerWeights } from "./builder.ts";
import type { TensorflowGraph } from "./graph.ts";
import type { GraphNode } from "./node.ts";
import { opImporters } from "./ops/table.ts";
import type { Value } from "./values.ts";

const additions = ["BiasAdd", "Add", "AddV2"];

/** What a graph has become. */
export interface TranslatedGraph {
  readonly output: SymbolicTensor;
  readonly weights: ReadonlyMap<Layer, LayerWeights>;
}

/**
 * Makes layers of the nodes of a graph.
 *
 * @param image - the input
 * @param constants - values of `Const` nodes by name
 * @throws FormatError naming node and op
 */
export function translate(
  { nodes, input, output }: TensorflowGraph,
  image: SymbolicTensor,
  constants: ReadonlyMap<string, Tensor>,
): TranslatedGraph {
  const builder = new GraphBuilder(input.name);
  const users = usersOf(nodes);
  const values = new Map<string, Value>();
  // Additions of a bias that a product has taken in.
  const taken = new Map<string, string>();
  for (const node of nodes) {
    values.set(node.name, valueOfNode(node));
  }
  const result = values.get(output);
  const last = nodes.at(-1);
  if (result?.kind === "activation") return { output: result.x, weights: builder.weights };
  throw (last ?? input).error("the output does not depend on the image", "Convert the model again.");

  function valueOfNode(node: GraphNode): Value {
    if (node === input) return { kind: "activation", x: image };
    if (node.op === "Const") return { kind: "constant", tensor: constantOf(node) };
    const merged = values.get(taken.get(node.name) ?? "");
    if (merged !== undefined) return merged;
    if (!Object.hasOwn(opImporters, node.op)) {
      throw node.error(
        "this op is not supported",
        `Supported are the ops of image classifiers. ${nameHint(clip(node.op, 100), Object.keys(opImporters))}`,
      );
    }
    const inputs = node.inputs.flatMap((name) => values.get(name) ?? []);
    const given = opImporters[node.op](
      builder.contextOf(node, inputs, (channels) => takeBias(node, channels)),
    );
    return "kind" in given ? given : { kind: "activation", x: given };
  }

  function constantOf(node: GraphNode): Tensor {
    const tensor = constants.get(node.name);
    if (tensor !== undefined) return tensor;
    throw node.error("the file has no values for it", "Convert the model again.");
  }

  function takeBias(node: GraphNode, channels: number): Tensor<"float32"> | null {
    const [user, ...others] = users.get(node.name) ?? [];
    if (user === undefined || others.length > 0 || node.name === output || !additions.includes(user.op))
      return null;
    const bias = user.inputs.map((name) => constants.get(name)).find((tensor) => tensor !== undefined);
    if (bias === undefined || bias.data.length !== channels || bias.shape.at(-1) !== channels) return null;
    taken.set(user.name, node.name);
    return bias.as("float32").reshape([channels]);
  }
}

/** Nodes by the name of what they use. */
function usersOf(nodes: readonly GraphNode[]): ReadonlyMap<string, readonly GraphNode[]> {
  const users = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      const known = users.get(name);
      if (known === undefined) users.set(name, [node]);
      else known.push(node);
    }
  }
  return users;
}
