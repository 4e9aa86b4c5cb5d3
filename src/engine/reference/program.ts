import {
  type AnyUpdate,
  type Graph,
  type Node,
  rootsOf,
  topologicalOrder,
  type Update,
} from "../../graph/index.ts";
import { type OpRule, opTable, type UpdateRule, updateTable } from "../../ops/index.ts";
import { sizeOf, type TensorType } from "../../tensor/index.ts";
import type { Feeds, Fetches, Plan, PlannedOperation, Profile, Program } from "../engine.ts";
import { checkFeeds, checkSteps } from "../validation.ts";
import { evaluateInOrder, type FedNode } from "./evaluate.ts";
import type { LayeredMap } from "./layered-map.ts";
import { toTensor } from "./to-tensor.ts";

/** What a program needs of its session. */
interface State {
  readonly values: LayeredMap<Float64Array>;
  perform<Result>(task: () => Result): Promise<Result>;
}

/** A graph's outputs in float64. */
type ExactFetches = Readonly<Record<string, Float64Array>>;

const bytesPerValue = 8;

/** A graph that runs by its ops' float64 references. */
export class ReferenceProgram implements Program {
  readonly plan: Plan;
  readonly maximumSteps: number;
  readonly #graph: Graph;
  readonly #inputs: ReadonlyMap<string, TensorType>;
  readonly #order: readonly Node[];
  readonly #state: State;

  constructor(
    graph: Graph,
    inputs: ReadonlyMap<string, TensorType>,
    variables: ReadonlyMap<string, TensorType>,
    maximumSteps: number,
    state: State,
  ) {
    this.#graph = graph;
    this.#inputs = inputs;
    this.#order = topologicalOrder(rootsOf(graph));
    this.#state = state;
    this.maximumSteps = maximumSteps;
    this.plan = planOf(graph, this.#order, variables);
  }

  async run(feeds: readonly Feeds[]): Promise<readonly Fetches[]> {
    const steps = await this.runExact(feeds);
    return steps.map((outputs) =>
      Object.fromEntries(
        Object.entries(this.#graph.outputs).map(([name, node]) => [name, toTensor(node, outputs[name])]),
      ),
    );
  }

  /** {@link run} with outputs in float64. */
  async runExact(feeds: readonly Feeds[]): Promise<readonly ExactFetches[]> {
    checkSteps(feeds.length, this.maximumSteps);
    for (const step of feeds) checkFeeds(this.#inputs, step);
    return this.#state.perform(() => feeds.map((step) => this.#step(exactValues(step))));
  }

  async profile(feeds: Feeds): Promise<Profile> {
    checkFeeds(this.#inputs, feeds);
    return this.#state.perform(() => {
      const laps: number[] = [];
      this.#step(exactValues(feeds), () => laps.push(performance.now()));
      return this.plan.operations.map((operation, index) => ({
        operation,
        milliseconds: laps[index + 1] - laps[index],
      }));
    });
  }

  /** One step; `lap` is called at its start and after each operation of the plan. */
  #step(feeds: ReadonlyMap<string, Float64Array>, lap: () => void = () => {}): ExactFetches {
    const fed = (node: FedNode) =>
      (node.kind === "input" ? feeds : this.#state.values).get(node.attributes.name);
    lap();
    const values = evaluateInOrder(this.#order, (node) => found(fed(node)), lap);
    const outputs = Object.fromEntries(
      Object.entries(this.#graph.outputs).map(([name, node]) => [name, found(values.get(node)).slice()]),
    );
    // All updates read the state as it was: what they write is put in place after the last of them.
    const written = this.#graph.updates.map((update) => {
      const result = applyUpdate(update, values);
      lap();
      return result;
    });
    for (const [name, value] of written.flat()) this.#state.values.set(name, value);
    return outputs;
  }
}

function exactValues(feeds: Feeds): Map<string, Float64Array> {
  return new Map(Object.entries(feeds).map(([name, { data }]) => [name, Float64Array.from(data)]));
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("a value that was checked is missing");
  return value;
}

/** New values of an update's variable and slots, by name. */
function applyUpdate(
  { kind, attributes, variable, value, slots, hyper }: Update,
  values: ReadonlyMap<Node, Float64Array>,
): (readonly [name: string, value: Float64Array])[] {
  const read = (node: Node) => found(values.get(node));
  const state = [variable, ...slots].map((node) => [node.attributes.name, read(node).slice()] as const);
  const [[, weights], ...moments] = state;
  const rule = updateTable[kind] as UpdateRule<AnyUpdate["kind"]>;
  const slotValues = moments.map(([, slot]) => slot);
  rule.reference(
    attributes,
    weights,
    read(value),
    slotValues,
    hyper === null ? new Float64Array() : read(hyper),
  );
  return state;
}

/** What a graph comes to, node by node. */
export function planOf(
  { updates }: Graph,
  order: readonly Node[],
  variables: ReadonlyMap<string, TensorType>,
): Plan {
  const bytes = (types: Iterable<TensorType>) =>
    [...types].reduce((sum, { shape }) => sum + bytesPerValue * sizeOf(shape), 0);
  return {
    operations: [
      ...order.filter(isComputed).map(plannedNode),
      ...updates.map(({ kind, variable }) => planned(kind, variable.scope, 4 * sizeOf(variable.shape))),
    ],
    variableBytes: bytes(variables.values()),
    workingBytes: bytes(order.filter((node) => node.kind !== "variable")),
  };
}

function isComputed(node: Node): boolean {
  return node.kind !== "input" && node.kind !== "variable";
}

function plannedNode(node: Node): PlannedOperation {
  return planned(node.kind, node.scope, (opTable[node.kind] as OpRule<Node["kind"]>).cost(node).flops);
}

function planned(kind: string, scope: string, flops: number): PlannedOperation {
  return { kernel: kind, scope, computes: [kind], algorithm: "float64 reference", flops };
}
