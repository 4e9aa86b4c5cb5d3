import { clip } from "../../formats/format-errors.ts";
import type { OnnxAttribute, OnnxNode } from "../../formats/index.ts";
import { FormatError } from "../../tensor/index.ts";
import { type Activation, type Constant, numbersOf, type Value } from "./values.ts";

/** A node with its inputs: what a rule makes a layer or a constant of. Reading anything wrong is an error that names it. */
export class NodeReader {
  readonly proto: OnnxNode;
  /** Version of the operator set, which decides what the op's attributes and inputs are. */
  readonly opset: number;
  /** `undefined` where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly #file: string;
  readonly #attributes: ReadonlyMap<string, OnnxAttribute>;

  constructor(proto: OnnxNode, inputs: readonly (Value | undefined)[], opset: number, file: string) {
    this.proto = proto;
    this.inputs = inputs;
    this.opset = opset;
    this.#file = file;
    this.#attributes = new Map(proto.attribute.map((attribute) => [attribute.name, attribute]));
  }

  get op(): string {
    return this.proto.opType;
  }

  /** Name of its first output. */
  get output(): string {
    return this.proto.output[0] ?? "";
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** A whole number. */
  int<T>(name: string, fallback: T): number | T {
    const attribute = this.#attributes.get(name);
    return attribute === undefined ? fallback : Number(attribute.i);
  }

  flag(name: string, fallback: boolean): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  float(name: string, fallback: number): number {
    return this.#attributes.get(name)?.f ?? fallback;
  }

  text(name: string, fallback: string): string {
    const attribute = this.#attributes.get(name);
    return attribute === undefined ? fallback : new TextDecoder().decode(attribute.s);
  }

  ints<T>(name: string, fallback: T): readonly number[] | T {
    const attribute = this.#attributes.get(name);
    return attribute === undefined ? fallback : attribute.ints.map(Number);
  }

  floats<T>(name: string, fallback: T): readonly number[] | T {
    return this.#attributes.get(name)?.floats ?? fallback;
  }

  attribute(name: string): OnnxAttribute | undefined {
    return this.#attributes.get(name);
  }

  /** An input that must depend on the examples. */
  activation(index: number): Activation {
    const value = this.inputs[index];
    if (value?.kind === "activation") return value;
    throw this.error(
      value === undefined ? `has no input ${index + 1}` : `has a constant as its input ${index + 1}`,
      "There must be a value that depends on the model's input.",
    );
  }

  /** An input that must be known at import. */
  constant(index: number, what: string): Constant {
    const value = this.optionalConstant(index, what);
    if (value !== undefined) return value;
    throw this.error(`has no ${what} (input ${index + 1})`, "The file is damaged: export it again.");
  }

  /** The same, which may be left out. */
  optionalConstant(index: number, what: string): Constant | undefined {
    const value = this.inputs[index];
    if (value === undefined || value.kind === "constant") return value;
    throw this.error(
      `takes its ${what} (input ${index + 1}) from other values of the graph`,
      "It must be an initializer or computed from shapes alone: export the model with constant weights.",
    );
  }

  /** Whole numbers of a constant input. */
  numbers(index: number, what: string): readonly number[] | undefined {
    const constant = this.optionalConstant(index, what);
    if (constant === undefined) return undefined;
    const numbers = numbersOf(constant);
    if (numbers !== null) return numbers;
    throw this.error(`has the size of the batch among its ${what}`, "No layer changes the batch.");
  }

  /** One number of a constant input. */
  number(index: number, what: string): number | undefined {
    const numbers = this.numbers(index, what);
    if (numbers === undefined) return undefined;
    if (numbers.length === 1) return numbers[0];
    throw this.error(`has ${numbers.length} numbers as its ${what}, one is allowed`, "The file is damaged.");
  }

  /**
   * What stood in attributes in older operator sets and is an input in newer ones: whole numbers such as axes.
   *
   * @param since - the first operator set with the input
   */
  numbersOf(name: string, index: number, since: number): readonly number[] | undefined {
    return this.opset >= since ? this.numbers(index, name) : this.ints(name, undefined);
  }

  /** The node as errors name it. */
  get where(): string {
    const { name, opType } = this.proto;
    const known = name === "" ? `the node that makes "${clip(this.output)}"` : `node "${clip(name)}"`;
    return `${this.#file}, ${known} (${clip(opType)})`;
  }

  error(what: string, hint: string): FormatError {
    return new FormatError(clip(what, longestText), { where: this.where, hint });
  }
}

/** What is wrong may name lists of the file, of any length. */
const longestText = 600;
