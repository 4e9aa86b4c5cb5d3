import { clip } from "../../formats/format-errors.ts";
import {
  type ExternalFiles,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  readOnnxTensor,
} from "../../formats/index.ts";
import type { SymbolicTensor } from "../../layers/index.ts";
import { largestModel } from "../../models/architecture.ts";
import { FormatError, FoveaError, nearestName, type Shape, sizeOf, type Tensor } from "../../tensor/index.ts";
import { LayerBuilder } from "./builder.ts";
import { canFold, constantOf, type FoldContext, fold } from "./fold.ts";
import { isStandard } from "./graph.ts";
import { joinLocalResponse } from "./local-response.ts";
import { NodeReader } from "./node.ts";
import type { RuleContext } from "./ops/rule.ts";
import { ruleOf, rules } from "./ops/table.ts";
import { type Activation, imageOrder, isIdentity, range, type Value } from "./values.ts";

/** Elements that the evaluator may make beside twice those in the file: shapes are small, and weights are moved once. */
const spareElements = 2 ** 22;
/** FLOAT, as element types are numbered. */
const floatType = 1;

/** Goes through the nodes of a graph, each after what it takes, and makes layers and constants of them. */
export class Translator implements RuleContext, FoldContext {
  readonly builder = new LayerBuilder();
  readonly #graph: OnnxGraph;
  readonly #opset: number;
  readonly #file: string;
  readonly #external: ExternalFiles | null;
  readonly #values = new Map<string, Value>();
  readonly #consumers = new Map<string, OnnxNode[]>();
  readonly #absorbed = new Set<OnnxNode>();
  readonly #producers = new Map<string, OnnxNode>();
  #elements = spareElements;
  #wanted = "";

  constructor(graph: OnnxGraph, opset: number, file: string, external: ExternalFiles | null) {
    this.#graph = graph;
    this.#opset = opset;
    this.#file = file;
    this.#external = external;
  }

  /**
   * @param inputName - the graph's input, and `first` its value
   * @param wanted - the graph's output that becomes the model's
   */
  async run(inputName: string, first: Activation, wanted: string): Promise<SymbolicTensor> {
    this.#wanted = wanted;
    await this.#readInitializers();
    this.#values.set(inputName, first);
    const nodes = this.#neededNodes(this.#joinedNodes());
    this.#note(nodes);
    // Constants first: a layer may take in what stands behind it.
    const others = await this.#foldConstants(nodes);
    if (others.length > largestModel) {
      throw new FormatError(
        `the file has ${others.length} nodes that depend on the input, ${largestModel} are allowed`,
        {
          where: this.#file,
          hint: "No image classifier has so many: the file is damaged or made to do harm.",
        },
      );
    }
    for (const node of others) await this.#translate(node);
    return this.#result(nodes.at(-1), isChannelsLast(first));
  }

  valueOf(name: string): Value | undefined {
    return this.#values.get(name);
  }

  consumersOf(name: string): readonly OnnxNode[] | null {
    return name === this.#wanted ? null : (this.#consumers.get(name) ?? []);
  }

  absorb(node: OnnxNode): void {
    this.#absorbed.add(node);
  }

  allot(node: NodeReader, shape: Shape): void {
    const elements = sizeOf(shape);
    this.#elements -= elements;
    if (this.#elements >= 0 && shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return;
    throw node.error(
      "makes more constants than the file has weights",
      "The file is damaged or made to do harm: fold constants before the export.",
    );
  }

  async tensor(node: NodeReader, proto: OnnxTensor): Promise<Tensor> {
    return await readOnnxTensor(proto, node.where, this.#external);
  }

  async #readInitializers(): Promise<void> {
    for (const proto of this.#graph.initializer) {
      const where = `${this.#file}, tensor "${clip(proto.name)}"`;
      if (this.#values.has(proto.name)) {
        throw new FormatError("two initializers have this name", { where, hint: "Export the model again." });
      }
      const tensor = await readOnnxTensor(proto, where, this.#external);
      this.#elements += 2 * tensor.data.length;
      this.#values.set(proto.name, constantOf(tensor, proto.name, proto.dataType));
    }
  }

  /** Works out what depends on constants alone; the nodes that are left depend on the input. */
  async #foldConstants(nodes: readonly OnnxNode[]): Promise<OnnxNode[]> {
    const others: OnnxNode[] = [];
    for (const node of nodes) {
      const isKnown = node.input.every((name) => name === "" || this.#values.get(name)?.kind === "constant");
      if (isKnown && isStandard(node.domain) && canFold(this.#reader(node))) await this.#translate(node);
      else others.push(node);
    }
    return others;
  }

  /** The nodes of the file, those that only together stand for one layer joined. */
  #joinedNodes(): readonly OnnxNode[] {
    const { node: nodes } = this.#graph;
    this.#note(nodes);
    return joinLocalResponse(nodes, {
      producerOf: (name) => this.#producers.get(name),
      consumersOf: (name) => this.#consumers.get(name) ?? [],
      numberOf: (name) => this.#numberOf(name),
    });
  }

  /** Who makes and who takes each value. */
  #note(nodes: readonly OnnxNode[]): void {
    this.#producers.clear();
    this.#consumers.clear();
    for (const node of nodes) {
      for (const name of node.output.filter((output) => output !== "")) {
        if (this.#producers.has(name) || this.#values.has(name)) {
          throw this.#reader(node).error(
            `makes "${clip(name)}", which is there already`,
            "Export the model again.",
          );
        }
        this.#producers.set(name, node);
      }
      for (const name of new Set(node.input)) {
        const consumers = this.#consumers.get(name) ?? [];
        consumers.push(node);
        this.#consumers.set(name, consumers);
      }
    }
  }

  /** An initializer or a `Constant` of one number. */
  #numberOf(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value?.kind === "constant") return value.data.length === 1 ? Number(value.data[0]) : undefined;
    const node = this.#producers.get(name);
    const proto =
      node?.opType === "Constant" ? node.attribute.find((entry) => entry.name === "value")?.t : undefined;
    const isFloat = proto?.dataType === floatType && proto.rawData.length === 4;
    return isFloat
      ? new DataView(proto.rawData.buffer, proto.rawData.byteOffset).getFloat32(0, true)
      : undefined;
  }

  /** The nodes that the wanted output depends on, in the order of the file, which ONNX asks to be that of computation. */
  #neededNodes(all: readonly OnnxNode[]): OnnxNode[] {
    const producers = new Map(all.flatMap((node) => node.output.map((name) => [name, node] as const)));
    const needed = new Set<OnnxNode>();
    const names = [this.#wanted];
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const producer = producers.get(name);
      if (producer === undefined || needed.has(producer)) continue;
      needed.add(producer);
      names.push(...producer.input);
    }
    return all.filter((node) => needed.has(node));
  }

  #reader(node: OnnxNode): NodeReader {
    const inputs = node.input.map((name) => (name === "" ? undefined : this.#values.get(name)));
    return new NodeReader(node, inputs, this.#opset, this.#file);
  }

  async #translate(proto: OnnxNode): Promise<void> {
    const node = this.#reader(proto);
    for (const [index, name] of proto.input.entries()) {
      if (name === "" || node.inputs[index] !== undefined) continue;
      throw node.error(
        `takes "${clip(name)}", which nothing makes before it`,
        "The file is damaged, or its nodes are in the wrong order: export it again.",
      );
    }
    try {
      const results = await this.#resultsOf(node);
      for (const [index, value] of results.entries()) {
        const name = proto.output[index] ?? "";
        if (name !== "") this.#values.set(name, value);
      }
    } catch (error) {
      // What a layer refuses is the file's fault, too.
      if (!(error instanceof FoveaError) || error instanceof FormatError) throw error;
      throw new FormatError(clip(error.what, 600), {
        where: node.where,
        cause: error,
        hint: error.hint ?? inputHint,
      });
    }
  }

  async #resultsOf(node: NodeReader): Promise<readonly Value[]> {
    if (this.#absorbed.has(node.proto)) {
      return node.inputs.filter((input) => input?.kind === "activation");
    }
    const isKnown = isStandard(node.proto.domain);
    if (isKnown && canFold(node)) return [await fold(node, this)];
    const rule = isKnown ? ruleOf(node.op) : undefined;
    if (rule === undefined) throw unsupported(node);
    return [rule(node, this)].flat();
  }

  /** The model's output: a row as ONNX has it, an image with its channels last. Files that take such images give them, too. */
  #result(last: OnnxNode | undefined, channelsLast: boolean): SymbolicTensor {
    const value = this.#values.get(this.#wanted);
    if (value?.kind !== "activation" || last === undefined) {
      throw new FormatError(`the output "${clip(this.#wanted)}" does not depend on the input`, {
        where: this.#file,
        hint: "Export the model again, or choose another output.",
      });
    }
    const node = this.#reader(last);
    const isImage = value.shape.length === 3 && !channelsLast;
    const order = isImage ? imageOrder : range(value.shape.length);
    return this.builder.arrange(node, value, order).tensor;
  }
}

function isChannelsLast({ shape, order }: Activation): boolean {
  return shape.length === 3 && isIdentity(order);
}

const inputHint = "Give inputShape if the model was made for images of another size.";

function unsupported(node: NodeReader): FormatError {
  const { domain } = node.proto;
  if (!isStandard(domain)) {
    return node.error(
      `the op "${clip(node.op)}" of the domain "${clip(domain)}" is not supported`,
      "Only ONNX's own ops are: export without optimizations for one runtime and without custom ops.",
    );
  }
  const known = Object.keys(rules);
  const near = nearestName(node.op, known);
  const guess = near === undefined ? "" : `The nearest that is: ${near}. `;
  return node.error(
    `the op "${clip(node.op)}" is not supported`,
    `${guess}Export the model with an older operator set or without this layer, or simplify it first (onnxsim). Supported: ${known.join(", ")}.`,
  );
}
