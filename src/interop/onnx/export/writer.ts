import {
  type OnnxAttributeValue,
  type OnnxModelInit,
  type OnnxTensorInit,
  writeOnnxAttribute,
  writeOnnxIntegers,
  writeOnnxTensor,
} from "../../../formats/index.ts";
import { type Shape, Tensor } from "../../../tensor/index.ts";
import { NameBook } from "../names.ts";
import type { ExportedValue } from "./exported-value.ts";

/** Attributes of a node by name. */
export type Attributes = Readonly<Record<string, OnnxAttributeValue>>;

/** A parameter as the file has it: whose it is, and how its numbers are brought there. */
export interface WrittenParameter {
  /** The initializer's name. */
  readonly name: string;
  readonly shape: Shape;
  /** The model's name for it. */
  readonly parameter: string;
  /** Tells one arrangement of the numbers from another. */
  readonly layout: string;
  readonly convert: (values: Float32Array) => Float32Array;
}

interface NodeDraft {
  readonly opType: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attributes: Attributes;
}

type GraphInit = NonNullable<OnnxModelInit["graph"]>;

/** A graph in the making: gives out names, and knows what was written before. */
export class GraphWriter {
  readonly opset: number;
  /** Values with their axes in another order, by where they come from. */
  readonly arranged = new Map<string, ExportedValue>();
  readonly #nodes: NodeDraft[] = [];
  readonly #parameters = new Map<string, WrittenParameter>();
  readonly #constants = new Map<string, string>();
  readonly #values = new NameBook();
  readonly #nodeNames = new NameBook();

  constructor(opset: number) {
    this.opset = opset;
  }

  /** A name for a value that no other has: itself, or with a number. */
  claim(name: string): string {
    return this.#values.claim(name);
  }

  /** Adds a node with one output. @param scope - the layer, `layer1.0.conv1` @returns the output's name */
  node(scope: string, opType: string, input: readonly string[], attributes: Attributes): string {
    // As PyTorch's exporter has it: readers, ours too, take the layer's name from between the slashes.
    const name = this.#nodeNames.claim(`/${scope}/${opType}`);
    const output = this.claim(`${name}_output_0`);
    this.#nodes.push({ opType, name, input, output: [output], attributes });
    return output;
  }

  /** A parameter of the model as an initializer under its name; once for all layers that take it alike. */
  parameter(written: Omit<WrittenParameter, "name">): string {
    const key = JSON.stringify([written.parameter, written.shape, written.layout]);
    const known = this.#parameters.get(key);
    if (known !== undefined) return known.name;
    const name = this.claim(written.parameter);
    this.#parameters.set(key, { ...written, name });
    return name;
  }

  /** Fixed numbers, as a node of their own: who reads the initializers finds the model's parameters alone. */
  floats(values: readonly number[], shape: Shape): string {
    return this.#constant(`float ${shape}: ${values}`, writeOnnxTensor("", Tensor.from(values, shape)));
  }

  /** Shapes, axes and the like, with one axis. */
  integers(values: readonly number[]): string {
    return this.#constant(`integers ${values}`, writeOnnxIntegers("", values));
  }

  #constant(key: string, value: OnnxTensorInit): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const output = this.node("constants", "Constant", [], { value });
    this.#constants.set(key, output);
    return output;
  }

  get parameters(): readonly WrittenParameter[] {
    return [...this.#parameters.values()];
  }

  /** The nodes. @param names - values that go by another name outside, by the one that they were given */
  nodes(names: ReadonlyMap<string, string>): NonNullable<GraphInit["node"]> {
    const named = (name: string) => names.get(name) ?? name;
    return this.#nodes.map(({ opType, name, input, output, attributes }) => ({
      opType,
      name,
      input: input.map(named),
      output: output.map(named),
      attribute: Object.entries(attributes).map(([key, value]) => writeOnnxAttribute(key, value)),
    }));
  }
}

/** What the exporter of a layer writes with: names begin with the layer's. */
export class LayerWriter {
  readonly graph: GraphWriter;
  /** The layer's name. */
  readonly layer: string;
  /** Shape of its output as layers have it, without the batch. */
  readonly shape: Shape;
  readonly #parameters: ReadonlyMap<string, Shape>;

  /** @param parameters - shapes by the names within the layer */
  constructor(graph: GraphWriter, layer: string, shape: Shape, parameters: ReadonlyMap<string, Shape>) {
    this.graph = graph;
    this.layer = layer;
    this.shape = shape;
    this.#parameters = parameters;
  }

  get opset(): number {
    return this.graph.opset;
  }

  /** @param part - what the node does for the layer, where it is not the layer itself: `relu` */
  node(opType: string, input: readonly string[], attributes: Attributes = {}, part = ""): string {
    return this.graph.node(part === "" ? this.layer : `${this.layer}.${part}`, opType, input, attributes);
  }

  /** One fixed number. */
  scalar(value: number): string {
    return this.graph.floats([value], []);
  }

  floats(values: readonly number[], shape: Shape): string {
    return this.graph.floats(values, shape);
  }

  integers(values: readonly number[]): string {
    return this.graph.integers(values);
  }

  /** Shape of a parameter as the layer has it; undefined where the layer's options leave it out. */
  shapeOf(parameter: string): Shape | undefined {
    return this.#parameters.get(parameter);
  }

  /** @param layout - tells this arrangement of the numbers from others, beside the shape */
  parameter(
    name: string,
    shape: Shape,
    layout = "",
    convert: WrittenParameter["convert"] = (values) => values,
  ): string {
    return this.graph.parameter({ parameter: `${this.layer}.${name}`, shape, layout, convert });
  }
}
