import { clip } from "../../formats/format-errors.ts";
import { isObject } from "../../options/index.ts";
import { FormatError } from "../../tensor/index.ts";
import { GraphNode, readShape } from "./node.ts";

/** A graph: its nodes by name, its input and output. */
export interface TensorflowGraph {
  /** What the output needs, each after its inputs. */
  readonly nodes: readonly GraphNode[];
  readonly input: GraphNode;
  /** Shape of an example; null where the file leaves it open. */
  readonly inputShape: readonly number[] | null;
  readonly output: string;
}

const nodeLimit = 100_000;

/**
 * Reads a graph and finds its ends: by its signature, else the only placeholder and the only node that nothing else uses.
 *
 * @param file - for errors
 */
export function readGraph(graph: unknown, signature: unknown, file: string): TensorflowGraph {
  const { node: listed } = isObject(graph) ? graph : {};
  if (!Array.isArray(listed) || listed.length > nodeLimit) {
    throw new FormatError(`the graph has no list of at most ${nodeLimit} nodes`, { where: file });
  }
  const nodes = new Map<string, GraphNode>();
  for (const entry of listed) {
    const node = new GraphNode(entry, file);
    if (nodes.has(node.name)) throw node.error("two nodes have this name", "Convert the model again.");
    nodes.set(node.name, node);
  }
  const output = outputOf(nodes, signature, file);
  const ordered = orderNodes(nodes, output, file);
  const inputs = ordered.filter(({ op }) => op === "Placeholder");
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    const names = inputs
      .slice(0, 5)
      .map(({ name }) => `"${clip(name)}"`)
      .join(", ");
    throw new FormatError(
      `the output "${clip(output)}" depends on ${inputs.length} inputs${names && `: ${names}`}, one is supported`,
      {
        where: file,
        hint: "Convert a model with one input.",
      },
    );
  }
  return { nodes: ordered, input, inputShape: inputShapeOf(input, signature), output };
}

function outputOf(nodes: ReadonlyMap<string, GraphNode>, signature: unknown, file: string): string {
  const { outputs } = isObject(signature) ? signature : {};
  const named = Object.values(isObject(outputs) ? outputs : {}).flatMap((value) => {
    const { name } = isObject(value) ? value : {};
    return typeof name === "string" ? [name.replace(/:0$/, "")] : [];
  });
  const used = new Set([...nodes.values()].flatMap(({ inputs }) => inputs));
  const noEnds = ["Const", "NoOp", "Placeholder"];
  const loose = [...nodes.values()].filter(({ name, op }) => !used.has(name) && !noEnds.includes(op));
  const ends = named.length > 0 ? named : loose.map(({ name }) => name);
  const [end] = ends;
  if (end !== undefined && ends.length === 1) return end;
  throw new FormatError(`the graph has ${ends.length} outputs, one is supported`, {
    where: file,
    hint: "Convert it with one: tensorflowjs_converter --output_node_names NAME.",
  });
}

/** Sizes of an example as the placeholder or the signature has them, all of them known. */
function inputShapeOf(input: GraphNode, signature: unknown): readonly number[] | null {
  const { inputs } = isObject(signature) ? signature : {};
  const [first] = Object.values(isObject(inputs) ? inputs : {});
  const { tensorShape } = isObject(first) ? first : {};
  for (const shape of [input.shape("shape"), readShape(tensorShape)]) {
    const [, ...rest] = shape ?? [];
    if (rest.length > 0 && rest.every((size) => size >= 1)) return rest;
  }
  return null;
}

/** What the output needs, each node after its inputs. The stack is explicit: graphs may be deep. */
function orderNodes(nodes: ReadonlyMap<string, GraphNode>, output: string, file: string): GraphNode[] {
  const ordered: GraphNode[] = [];
  const state = new Map<string, "open" | "done">();
  const stack: { readonly node: GraphNode; next: number }[] = [];
  const visit = (name: string, user: string) => {
    const node = nodes.get(name);
    if (node === undefined) {
      throw new FormatError(`${user} needs the node "${clip(name)}", which is not there`, {
        where: file,
        hint: "Convert the model again.",
      });
    }
    if (state.get(name) === "open")
      throw node.error("it depends on itself: loops are not supported", "Convert a model without loops.");
    if (state.get(name) === "done") return;
    state.set(name, "open");
    stack.push({ node, next: 0 });
  };
  visit(output, "the signature");
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const source = frame.node.inputs[frame.next++];
    if (source !== undefined) visit(source, `node "${clip(frame.node.name)}"`);
    else {
      state.set(frame.node.name, "done");
      ordered.push(frame.node);
      stack.pop();
    }
  }
  return ordered;
}
