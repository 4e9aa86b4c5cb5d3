import {
  type Graph,
  isKind,
  type Node,
  type OpKind,
  rootsOf,
  topologicalOrder,
  type Update,
} from "../../../graph/index.ts";
import { opTable } from "../../../ops/index.ts";
import { bytesPerElement, sizeOf, type TensorType } from "../../../tensor/index.ts";
import type { PlannedOperation, Precision } from "../../engine.ts";
import type { KernelName } from "../generated/arguments.ts";
import { mergeAxes } from "../lower/axes.ts";
import { lowerConvolution } from "../lower/convolution.ts";
import type { Buffer, Call, LoweringContext } from "../lower/lowering.ts";
import { lowerProduct } from "../lower/matrix.ts";
import { emitCopy } from "../lower/shape.ts";
import { lower, lowerUpdate } from "../lower/table.ts";
import { type Fusion, findFusions } from "./fuse.ts";
import { SLACK } from "./place.ts";

/** A kernel call and the operation of the plan that it belongs to. */
export interface PlannedCall {
  readonly call: Call;
  readonly operation: PlannedOperation;
}

/** A value that crosses from the host into a step or back, through a ring of slots. */
export interface Port {
  readonly name: string;
  readonly type: TensorType;
  readonly ring: Buffer;
  readonly slotBytes: number;
}

/** Contents that are written once, when the program is loaded. */
export interface Preset {
  readonly buffer: Buffer;
  readonly bytes: Uint8Array;
}

/** A graph as kernel calls over buffers; only working buffers have no address yet. */
export interface LoweredGraph {
  readonly calls: readonly PlannedCall[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly presets: readonly Preset[];
  /** Rings and presets: buffers that need memory of the program's own, not shared with others. */
  readonly resident: readonly Buffer[];
}

export function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerElement[dtype];
}

/**
 * Lowers a graph to kernel calls.
 *
 * @param variableAddress - where a variable lives
 * @param slots - slots of the rings of inputs and outputs
 * @param precision - "exact" rules out ways of computing that round differently
 */
export function lowerGraph(
  graph: Graph,
  variableAddress: (name: string) => number,
  slots: number,
  precision: Precision,
): LoweredGraph {
  return new Lowerer(graph, variableAddress, slots, precision).lower();
}

class Lowerer {
  readonly #graph: Graph;
  readonly #variableAddress: (name: string) => number;
  readonly #slots: number;
  readonly #precision: Precision;
  readonly #buffers = new Map<Node, Buffer>();
  readonly #calls: PlannedCall[] = [];
  readonly #presets: Preset[] = [];
  readonly #resident: Buffer[] = [];

  constructor(graph: Graph, variableAddress: (name: string) => number, slots: number, precision: Precision) {
    this.#graph = graph;
    this.#variableAddress = variableAddress;
    this.#slots = slots;
    this.#precision = precision;
  }

  lower(): LoweredGraph {
    const order = topologicalOrder(rootsOf(this.#graph));
    const fusions = findFusions(order, new Set(rootsOf(this.#graph)));
    const fused = new Set([...fusions.values()].flatMap(({ members }) => members));
    const inputs = this.#lowerInputs(order);
    for (const node of order) {
      const fusion = fusions.get(node);
      if (fusion !== undefined) this.#lowerFusion(fusion);
      else if (!fused.has(node)) this.#lowerNode(node);
    }
    // Outputs leave before the updates: a variable that is an output is fetched as the step found it.
    const outputs = Object.entries(this.#graph.outputs).map(([name, node]) => this.#lowerOutput(name, node));
    const updates = this.#graph.updates.map((update) => this.#stageValue(update));
    for (const update of updates) this.#lowerOneUpdate(update);
    const { calls, presets, resident } = {
      calls: this.#calls,
      presets: this.#presets,
      resident: this.#resident,
    };
    return { calls, inputs, outputs, presets, resident };
  }

  /** The buffer of a node's value. A reshape is another view of its input's. */
  #buffer(node: Node): Buffer {
    const known = this.#buffers.get(node);
    if (known !== undefined) return known;
    if (isKind(node, "reshape")) return this.#buffer(node.inputs[0]);
    const buffer = this.#createBuffer(node);
    this.#buffers.set(node, buffer);
    return buffer;
  }

  #createBuffer(node: Node): Buffer {
    const name = node.scope === "" ? node.kind : `${node.kind} in ${node.scope}`;
    const bytes = bytesOf(node);
    if (isKind(node, "variable")) return { name, bytes, home: this.#variableAddress(node.attributes.name) };
    if (isKind(node, "constant")) {
      const values = new Float32Array(sizeOf(node.shape)).fill(node.attributes.value);
      return this.#preset(new Uint8Array(values.buffer), name);
    }
    return { name, bytes, home: "working" };
  }

  #preset(bytes: Uint8Array, name: string): Buffer {
    const buffer: Buffer = { name, bytes: bytes.length, home: "resident" };
    this.#presets.push({ buffer, bytes });
    this.#resident.push(buffer);
    return buffer;
  }

  #context(computes: readonly Node[], kinds: readonly string[]): LoweringContext {
    const flops = computes.reduce((sum, node) => sum + costOf(node), 0);
    let algorithm = "";
    let first = true;
    const scope = computes.find((node) => node.scope !== "")?.scope ?? "";
    return {
      precision: this.#precision,
      buffer: (node) => this.#buffer(node),
      temporary: (bytes, name) => ({ bytes, name, home: "working" }),
      table: (words) => this.#preset(new Uint8Array(Int32Array.from(words).buffer), "table"),
      describe: (text) => {
        algorithm = text;
      },
      emit: <K extends KernelName>(call: Call<K>) => {
        const operation = {
          kernel: call.kernel,
          scope,
          computes: kinds,
          algorithm,
          flops: first ? flops : 0,
        };
        first = false;
        this.#calls.push({ call, operation });
      },
    };
  }

  #lowerInputs(order: readonly Node[]): Port[] {
    const ports = new Map<string, Port>();
    for (const node of order) {
      if (!isKind(node, "input")) continue;
      const { name } = node.attributes;
      const port = ports.get(name) ?? this.#createPort(name, node);
      ports.set(name, port);
      const target = this.#buffer(node);
      this.#context([], ["input"]).emit({
        kernel: "copyIn",
        arguments: { ring: port.ring, slotBytes: port.slotBytes, target, bytes: target.bytes },
        chunks: 1,
        reads: [port.ring],
        writes: [target],
      });
    }
    return [...ports.values()];
  }

  #createPort(name: string, node: Node): Port {
    const slotBytes = Math.ceil((bytesOf(node) + SLACK) / 64) * 64;
    const ring: Buffer = { name: `ring of ${name}`, bytes: slotBytes * this.#slots, home: "resident" };
    this.#resident.push(ring);
    return { name, type: { shape: node.shape, dtype: node.dtype }, ring, slotBytes };
  }

  #lowerOutput(name: string, node: Node): Port {
    const port = this.#createPort(name, node);
    const source = this.#buffer(node);
    this.#context([], ["output"]).emit({
      kernel: "copyOut",
      arguments: { source, ring: port.ring, slotBytes: port.slotBytes, bytes: source.bytes },
      chunks: 1,
      reads: [source],
      writes: [port.ring],
    });
    return port;
  }

  #lowerFusion(fusion: Fusion): void {
    const { producer, members } = fusion;
    const context = this.#context(
      members,
      members.map(({ kind }) => kind),
    );
    if (isKind(producer, "matmul")) lowerProduct(producer, fusion, context);
    if (isKind(producer, "conv2d")) lowerConvolution(producer, fusion, context);
  }

  #lowerNode(node: Node): void {
    lower(node, this.#context([node], [node.kind]));
  }

  /** An update whose value is a variable itself gets a copy of it: another update may change it first. */
  #stageValue(update: Update): Update {
    const source = this.#buffer(update.value);
    if (typeof source.home !== "number") return update;
    const staged: Node = { ...update.value };
    this.#buffers.set(staged, { name: "staged value", bytes: source.bytes, home: "working" });
    const count = sizeOf(staged.shape);
    const ends = { source, target: this.#buffer(staged) };
    emitCopy(this.#context([], [update.kind]), ends, mergeAxes([count], [[1], [1]]));
    return { ...update, value: staged };
  }

  #lowerOneUpdate(update: Update): void {
    const scope = update.variable.attributes.name;
    const context = this.#context([], [update.kind]);
    lowerUpdate(update, {
      ...context,
      emit: (call) => {
        const operation = { kernel: call.kernel, scope, computes: [update.kind], algorithm: "", flops: 0 };
        this.#calls.push({ call, operation });
      },
    });
  }
}

function costOf<K extends OpKind>(node: Node<K>): number {
  return opTable[node.kind].cost(node).flops;
}
