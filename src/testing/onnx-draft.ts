import {
  encodeOnnxModel,
  type OnnxAttributeValue,
  type OnnxFloats,
  type OnnxModelInit,
  type OnnxTensorInit,
  writeOnnxAttribute,
  writeOnnxIntegers,
  writeOnnxTensor,
  writeOnnxValueInfo,
} from "../formats/index.ts";
import { dataType } from "../formats/onnx/schema.ts";
import { type Shape, sizeOf, Tensor } from "../tensor/index.ts";

type GraphInit = NonNullable<OnnxModelInit["graph"]>;
type NodeInit = NonNullable<GraphInit["node"]>[number];

/** An attribute as tests write it. */
export type AttributeDraft = OnnxAttributeValue;

/** Marks floating-point attributes. */
export function float(...values: readonly number[]): OnnxFloats {
  return { float: values.length === 1 ? values[0] : values };
}

/** Numbers in [-1, 1] with no pattern that a mistake in axes would leave as it is. */
export function drawnValues(shape: Shape, salt = 0): Tensor<"float32"> {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, index) => {
    const mixed = Math.sin(12.9898 * (index + 1) + 78.233 * salt) * 43758.5453;
    return 2 * (mixed - Math.floor(mixed)) - 1;
  });
  return new Tensor("float32", shape, data);
}

/** An ONNX model in the making: names are given out, shapes of values between are left to who reads it. */
export class OnnxDraft {
  readonly opset: number;
  readonly inputShape: Shape;
  /** The input's dimensions as the file has them; texts leave them open. */
  dimensions: readonly (number | string)[];
  /** IR version 3, in which initializers are inputs as well. */
  old = false;
  readonly #nodes: NodeInit[] = [];
  readonly #initializers: OnnxTensorInit[] = [];
  readonly #outputs: string[] = [];
  #names = 0;

  constructor(opset: number, inputShape: Shape) {
    this.opset = opset;
    this.inputShape = inputShape;
    this.dimensions = inputShape;
  }

  /** A floating-point initializer: drawn, or of given values. */
  weights(shape: Shape, values?: readonly number[], name = this.#name("w")): string {
    const tensor = values === undefined ? drawnValues(shape, this.#names) : Tensor.from(values, shape);
    this.#initializers.push(writeOnnxTensor(name, tensor));
    return name;
  }

  /** An INT64 initializer with one axis. */
  integers(values: readonly number[], name = this.#name("i")): string {
    this.#initializers.push(writeOnnxIntegers(name, values));
    return name;
  }

  /** An INT64 initializer without axes. */
  integer(value: number, name = this.#name("i")): string {
    this.#initializers.push({ ...writeOnnxIntegers(name, [value]), dims: [] });
    return name;
  }

  /** A floating-point initializer whose elements lie in another file. */
  external(name: string, shape: Shape, location: string): void {
    const externalData = [{ key: "location", value: location }];
    this.#initializers.push({ name, dims: shape.map(BigInt), dataType: 1, dataLocation: 1, externalData });
  }

  /** A node with one output. @returns the output's name */
  node(
    opType: string,
    inputs: readonly string[] = ["x"],
    attributes: Readonly<Record<string, AttributeDraft>> = {},
    name = "",
  ): string {
    return this.nodes(opType, inputs, attributes, 1, name)[0];
  }

  /** A node with several outputs. @returns their names */
  nodes(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeDraft>>,
    outputs: number,
    name = "",
  ): string[] {
    const output = Array.from({ length: outputs }, () => this.#name("v"));
    const attribute = Object.entries(attributes).map(([key, value]) => writeOnnxAttribute(key, value));
    this.#nodes.push({ opType, name, input: [...inputs], output, attribute });
    return output;
  }

  output(name: string): this {
    this.#outputs.push(name);
    return this;
  }

  /** The file. */
  async bytes(changes: OnnxModelInit = {}): Promise<Uint8Array<ArrayBuffer>> {
    const weights = this.#initializers.map(({ name = "", dims = [], dataType: type = 1 }) =>
      writeOnnxValueInfo(name, dims.map(Number), type),
    );
    const floats = { value: { case: "tensorType" as const, value: { elemType: dataType.FLOAT } } };
    return await encodeOnnxModel({
      irVersion: this.old ? 3n : 8n,
      producerName: "draft",
      opsetImport: [{ domain: "", version: BigInt(this.opset) }],
      graph: {
        name: "graph",
        node: this.#nodes,
        initializer: this.#initializers,
        input: [writeOnnxValueInfo("x", this.dimensions), ...(this.old ? weights : [])],
        output: this.#outputs.map((name) => ({ name, type: floats })),
      },
      ...changes,
    });
  }

  #name(kind: string): string {
    return `${kind}${this.#names++}`;
  }
}
