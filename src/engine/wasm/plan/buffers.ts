import { isKind, type Node } from "../../../graph/index.ts";
import { bytesPerElement, sizeOf, stridesOf, type TensorType } from "../../../tensor/index.ts";
import type { Buffer, Call } from "../lower/lowering.ts";
import { type Join, spanOf } from "./joins.ts";
import { storeOf } from "./schedule.ts";
import { isView } from "./views.ts";

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
  #joins: ReadonlyMap<Node, Join> = new Map();

  /** @param variableAddress - where a variable lives */
  constructor(variableAddress: (name: string) => number) {
    this.#variableAddress = variableAddress;
  }

  /** Says which values lie in others, with gaps between their rows; before the first of them is asked for. */
  join(joins: ReadonlyMap<Node, Join>): void {
    this.#joins = joins;
  }

  /** How a value lies in another one, with gaps between its rows, if it does. */
  joinOf(node: Node): Join | null {
    return this.#joins.get(node) ?? null;
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
    const join = this.joinOf(node);
    if (join !== null) return viewOf(name, this.of(join.of), 4 * join.offset, 4 * spanOf(node, join));
    if (isView(node)) {
      const [x] = node.inputs;
      const strides = stridesOf(x.shape);
      const offset = node.attributes.begin.reduce((sum, index, axis) => sum + index * strides[axis], 0);
      return viewOf(name, this.of(x), 4 * offset, bytes);
    }
    return { name, bytes, home: "working" };
  }

  #variable(name: string, bytes: number): Buffer {
    const buffer = this.variables.get(name) ?? { name, bytes, home: this.#variableAddress(name) };
    this.variables.set(name, buffer);
    return buffer;
  }
}

/** A stretch of a buffer, or of what that is a stretch of. */
function viewOf(name: string, of: Buffer, offset: number, bytes: number): Buffer {
  if (typeof of.home !== "object") return { name, bytes, home: { of, offset } };
  return { name, bytes, home: { of: of.home.of, offset: of.home.offset + offset } };
}

/**
 * A call that says of views whose memory they are in: of those that it reads and, behind all that it writes itself, of
 * those that it writes. An owner that is written is not taken over or placed anew: it lives from its first part on.
 */
export function withOwners(call: Call): Call {
  const ownersOf = (buffers: readonly Buffer[]) =>
    buffers.flatMap(({ home }) => (typeof home === "object" ? [home.of] : []));
  const [read, written] = [ownersOf(call.reads), ownersOf(call.writes)];
  if (read.length + written.length === 0) return call;
  return { ...call, reads: [...call.reads, ...read], writes: [...call.writes, ...written] };
}
