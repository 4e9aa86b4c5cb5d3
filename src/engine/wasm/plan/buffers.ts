import { isKind, type Node } from "../../../graph/index.ts";
import { bytesPerElement, sizeOf, stridesOf, type TensorType } from "../../../tensor/index.ts";
import type { Buffer, Call } from "../lower/lowering.ts";
import { isLeaf, storeOf } from "./schedule.ts";

/** Contents that are written once, when the program is loaded. */
export interface Preset {
  readonly buffer: Buffer;
  readonly bytes: Uint8Array;
}

export function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

/** The buffers of a graph's values. */
export class Buffers {
  readonly presets: Preset[] = [];
  /** Buffers that need memory of the program's own: rings and presets. */
  readonly resident: Buffer[] = [];
  /** By name: one for all nodes of a variable. */
  readonly variables = new Map<string, Buffer>();
  readonly #variableAddress: (name: string) => number;
  readonly #buffers = new Map<Node, Buffer>();

  /** @param variableAddress - where a variable lives */
  constructor(variableAddress: (name: string) => number) {
    this.#variableAddress = variableAddress;
  }

  /** The buffer of a node's value. A reshape is another view of its input's, as is a slice without gaps. */
  of(node: Node): Buffer {
    const known = this.#buffers.get(node);
    if (known !== undefined) return known;
    const store = storeOf(node);
    const buffer = store === node ? this.#create(node) : this.of(store);
    this.#buffers.set(node, buffer);
    return buffer;
  }

  /** Has a node's value in a buffer of its own. */
  assign(node: Node, buffer: Buffer): void {
    this.#buffers.set(node, buffer);
  }

  /** A buffer whose contents are known. */
  preset(bytes: Uint8Array, name: string): Buffer {
    const buffer = this.reside(bytes.length, name);
    this.presets.push({ buffer, bytes });
    return buffer;
  }

  /** A buffer that the program has to itself. */
  reside(bytes: number, name: string): Buffer {
    const buffer: Buffer = { name, bytes, home: "resident" };
    this.resident.push(buffer);
    return buffer;
  }

  #create(node: Node): Buffer {
    const name = node.scope === "" ? node.kind : `${node.kind} in ${node.scope}`;
    const bytes = bytesOf(node);
    if (isKind(node, "variable")) return this.#variable(node.attributes.name, bytes);
    if (isKind(node, "constant")) {
      const values = new Float32Array(sizeOf(node.shape)).fill(node.attributes.value);
      return this.preset(new Uint8Array(values.buffer), name);
    }
    if (isView(node)) {
      const [x] = node.inputs;
      const strides = stridesOf(x.shape);
      const offset = 4 * node.attributes.begin.reduce((sum, index, axis) => sum + index * strides[axis], 0);
      const of = this.of(x);
      if (typeof of.home !== "object") return { name, bytes, home: { of, offset } };
      return { name, bytes, home: { of: of.home.of, offset: of.home.offset + offset } };
    }
    return { name, bytes, home: "working" };
  }

  #variable(name: string, bytes: number): Buffer {
    const buffer = this.variables.get(name) ?? { name, bytes, home: this.#variableAddress(name) };
    this.variables.set(name, buffer);
    return buffer;
  }
}

/**
 * Whether a node is a stretch of its input's memory: a slice that takes one of each outer axis and all of each inner one.
 * What a variable holds may change while its slice is still read, so that needs memory of its own.
 */
export function isView(node: Node): node is Node<"slice"> {
  if (!isKind(node, "slice") || node.dtype !== "float32") return false;
  const [x] = node.inputs;
  if (isLeaf(storeOf(x))) return false;
  const { size } = node.attributes;
  const cut = size.findIndex((length) => length !== 1);
  return cut < 0 || size.every((length, axis) => axis <= cut || length === x.shape[axis]);
}

/** A call that says of views whose memory they are in. */
export function withOwners(call: Call): Call {
  const owners = call.reads.flatMap(({ home }) => (typeof home === "object" ? [home.of] : []));
  return owners.length === 0 ? call : { ...call, reads: [...call.reads, ...owners] };
}
