import {
  type Graph,
  isKind,
  type Node,
  type OpKind,
  topologicalOrder,
  type Update,
} from "../../../graph/index.ts";
import { opTable } from "../../../ops/index.ts";
import { sizeOf, type TensorType } from "../../../tensor/index.ts";
import type { PlannedOperation, Precision } from "../../engine.ts";
import type { KernelName } from "../generated/arguments.ts";
import type { Tile } from "../kernel-module.ts";
import { mergeAxes } from "../lower/axes.ts";
import { type Fusion, lowerFusion } from "../lower/fused.ts";
import type { Buffer, Call, LoweringContext } from "../lower/lowering.ts";
import { lowerProductUpdate } from "../lower/product-update.ts";
import { emitCopy } from "../lower/shape.ts";
import { lower, lowerUpdate } from "../lower/table.ts";
import { absorbPadding } from "./absorb-padding.ts";
import { Buffers, bytesOf, type Preset, withOwners } from "./buffers.ts";
import { foldNormalizations } from "./fold.ts";
import { findFusions } from "./fuse.ts";
import { joinGates } from "./gates.ts";
import { findJoins } from "./joins.ts";
import { SLACK } from "./place.ts";
import { findProductUpdates } from "./product-updates.ts";
import { contentsOf, keysOf, type PreparedBuffer, splitPrologue } from "./prologue.ts";
import { insertUpdates, rootsOfStep, storeOf, takeTurns } from "./schedule.ts";
import { isView } from "./views.ts";

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

/** A graph as kernel calls over buffers; only working buffers have no address yet. */
export interface LoweredGraph {
  /** Calls that prepare weights: they run again only when one of `sources` has changed. */
  readonly prologue: readonly PlannedCall[];
  /** Names of the variables that the prologue reads. */
  readonly sources: readonly string[];
  /** Names of the variables that the step changes. */
  readonly updated: readonly string[];
  /** Calls of every step. */
  readonly calls: readonly PlannedCall[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly presets: readonly Preset[];
  /** Results of the prologue, each with what it is made from. */
  readonly prepared: readonly PreparedBuffer[];
  /** Rings and presets: buffers with memory of the program's own, not shared with others. */
  readonly resident: readonly Buffer[];
}

/** What a graph is lowered for. */
export interface Target {
  /** "exact" rules out ways of computing that round differently. */
  readonly precision: Precision;
  readonly tile: Tile;
  /** "auto" but for measurements. */
  readonly winograd: "auto" | "always" | "never";
}

/**
 * Lowers a graph to kernel calls.
 *
 * @param variableAddress - where a variable lives
 * @param slots - slots of the rings of inputs and outputs
 */
export function lowerGraph(
  graph: Graph,
  variableAddress: (name: string) => number,
  slots: number,
  target: Target,
): LoweredGraph {
  return new Lowerer(graph, variableAddress, slots, target).lower();
}

class Lowerer {
  readonly #graph: Graph;
  readonly #slots: number;
  readonly #target: Target;
  readonly #buffers: Buffers;
  readonly #outputs = new Map<string, Port>();
  readonly #calls: PlannedCall[] = [];
  /** Names of the variables that updates change. */
  readonly #changed: ReadonlySet<string>;

  constructor(graph: Graph, variableAddress: (name: string) => number, slots: number, target: Target) {
    // Folding rounds differently.
    const folded = target.precision === "exact" ? graph : foldNormalizations(graph);
    this.#graph = joinGates(absorbPadding(folded));
    const changing = this.#graph.updates.flatMap(({ variable, slots }) => [variable, ...slots]);
    this.#changed = new Set(changing.map(({ attributes }) => attributes.name));
    this.#buffers = new Buffers(variableAddress);
    this.#slots = slots;
    this.#target = target;
  }

  lower(): LoweredGraph {
    const roots = rootsOfStep(this.#graph);
    const order = topologicalOrder(roots);
    const sliced = findProductUpdates(this.#graph, order);
    const computed = order.filter((node) => !sliced.has(node));
    const kept = new Set(roots);
    const fusions = findFusions(computed, kept);
    this.#buffers.join(findJoins(order, fusions, kept));
    const { turns, turnOf } = takeTurns(computed, fusions);
    const inputs = this.#lowerInputs(order);
    const staged = this.#stageUpdates();
    // Leaves first: a variable that is an output leaves as the step found it, since updates come behind what reads it.
    this.#lowerOutputs((node) => turnOf(node) < 0);
    turns.forEach((turn, index) => {
      if ("members" in turn) this.#lowerFusion(turn);
      else this.#lowerNode(turn);
      this.#lowerOutputs((node) => turnOf(node) === index);
    });
    const body = this.#calls.splice(0);
    const updates = staged.map((update) => {
      this.#lowerOneUpdate(update, sliced.get(update.value));
      return this.#calls.splice(0);
    });
    this.#calls.push(...insertUpdates(body, updates));
    const outputs = Object.keys(this.#graph.outputs).flatMap((name) => this.#outputs.get(name) ?? []);
    const { presets, resident } = this.#buffers;
    return { ...this.#split(), inputs, outputs, presets, resident };
  }

  /** Outputs leave as soon as they are there. */
  #lowerOutputs(isReady: (node: Node) => boolean): void {
    for (const [name, node] of Object.entries(this.#graph.outputs)) {
      if (isReady(storeOf(node))) this.#outputs.set(name, this.#lowerOutput(name, node));
    }
  }

  /** Parts what prepares weights from the step itself. */
  #split(): Pick<LoweredGraph, "prologue" | "prepared" | "sources" | "updated" | "calls"> {
    const { presets, variables } = this.#buffers;
    const fixed = new Set(presets.map(({ buffer }) => buffer));
    for (const [name, buffer] of variables) if (!this.#changed.has(name)) fixed.add(buffer);
    const { prologue, step, kept } = splitPrologue(this.#calls, fixed);
    const read = new Set(prologue.flatMap(({ call }) => call.reads));
    const sources = [...variables].flatMap(([name, buffer]) => (read.has(buffer) ? [name] : []));
    const names = new Map([...variables].map(([name, buffer]) => [buffer, name]));
    const contents = new Map(presets.map(({ buffer, bytes }) => [buffer, bytes]));
    const prepared = keysOf(prologue, kept, (buffer) => {
      const bytes = contents.get(buffer);
      return bytes === undefined ? `variable ${JSON.stringify(names.get(buffer))}` : contentsOf(bytes);
    });
    return { prologue, prepared, sources, updated: [...this.#changed], calls: step };
  }

  #context(computes: readonly Node[], kinds: readonly string[]): LoweringContext {
    const flops = computes.reduce((sum, node) => sum + costOf(node), 0);
    let algorithm = "";
    let first = true;
    const scope = computes.find((node) => node.scope !== "")?.scope ?? "";
    return {
      ...this.#target,
      preparesOnce: this.#graph.updates.length === 0,
      buffer: (node) => this.#buffers.of(node),
      rowStride: (node) => this.#buffers.joinOf(node)?.rowStride ?? null,
      temporary: (bytes, name) => ({ bytes, name, home: "working" }),
      table: (words) => this.#buffers.preset(new Uint8Array(Int32Array.from(words).buffer), "table"),
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
        this.#calls.push({ call: withOwners(call), operation });
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
      const target = this.#buffers.of(node);
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
    const ring = this.#buffers.reside(slotBytes * this.#slots, `ring of ${name}`);
    return { name, type: { shape: node.shape, dtype: node.dtype }, ring, slotBytes };
  }

  #lowerOutput(name: string, node: Node): Port {
    const port = this.#createPort(name, node);
    const source = this.#buffers.of(node);
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
    const { members } = fusion;
    const kinds = members.map(({ kind }) => kind);
    lowerFusion(fusion, this.#context(members, kinds));
  }

  #lowerNode(node: Node): void {
    if (!isView(node)) lower(node, this.#context([node], [node.kind]));
  }

  /** An update that reads a variable's value as such gets a copy of it, if another update may change it first. */
  #stageUpdates(): Update[] {
    return this.#graph.updates.map((update) => {
      const { value, hyper } = update;
      return { ...update, value: this.#stage(value), hyper: hyper === null ? null : this.#stage(hyper) };
    });
  }

  #stage(value: Node): Node {
    const store = storeOf(value);
    if (!isKind(store, "variable") || !this.#changed.has(store.attributes.name)) return value;
    const source = this.#buffers.of(value);
    const staged: Node = { ...value };
    const target: Buffer = { name: "staged value", bytes: source.bytes, home: "working" };
    this.#buffers.assign(staged, target);
    const count = sizeOf(value.shape);
    emitCopy(this.#context([], ["update"]), { source, target }, mergeAxes([count], [[1], [1]]));
    return staged;
  }

  #lowerOneUpdate(update: Update, product: Node<"matmul"> | undefined): void {
    const scope = update.variable.attributes.name;
    const context: LoweringContext = {
      ...this.#context([], [update.kind]),
      emit: (call) => {
        const operation = { kernel: call.kernel, scope, computes: [update.kind], algorithm: "", flops: 0 };
        this.#calls.push({ call: withOwners(call), operation });
      },
    };
    if (product === undefined) lowerUpdate(update, context);
    else lowerProductUpdate({ update, product }, this.#context([product], [product.kind]), context);
  }
}

function costOf<K extends OpKind>(node: Node<K>): number {
  return opTable[node.kind].cost(node).flops;
}
