import { type Graph, rootsOf, topologicalOrder } from "../../graph/index.ts";
import { EngineError, sizeOf, type Tensor, type TensorType } from "../../tensor/index.ts";
import type { Forecast, Session } from "../engine.ts";
import { checkType, checkVariableName, leavesOf } from "../validation.ts";
import { LayeredMap } from "./layered-map.ts";
import { planOf, ReferenceProgram } from "./program.ts";
import { toTensor } from "./to-tensor.ts";

/** Variables in float64. What is asked of a session happens in the order in which it was asked. */
export class ReferenceSession implements Session {
  readonly #values: LayeredMap<Float64Array>;
  readonly #types: LayeredMap<TensorType>;
  readonly #base: ReferenceSession | null;
  #closed = false;

  /** @param base - the session whose variables this one sees */
  constructor(base: ReferenceSession | null = null) {
    this.#base = base;
    this.#types = new LayeredMap(base === null ? null : base.#types);
    this.#values = new LayeredMap(base === null ? null : base.#values);
  }

  async lease(): Promise<ReferenceSession> {
    this.#checkOpen();
    return new ReferenceSession(this);
  }

  async compile(graph: Graph, options: { readonly maximumSteps?: number } = {}): Promise<ReferenceProgram> {
    this.#checkOpen();
    const { inputs, variables } = leavesOf(graph);
    for (const [name, type] of variables) this.#checkKnown(name, type, "compile");
    for (const [name, type] of variables) this.#allocate(name, type);
    return new ReferenceProgram(graph, inputs, variables, options.maximumSteps ?? 1, {
      values: this.#values,
      perform: (task) => this.#perform(task),
    });
  }

  /** It always fits: this engine has no memory of its own. */
  forecast(graph: Graph): Forecast {
    const { variables } = leavesOf(graph);
    return { plan: planOf(graph, topologicalOrder(rootsOf(graph)), variables), fits: true };
  }

  async allocate(name: string, type: TensorType): Promise<void> {
    this.#checkOpen();
    this.#checkKnown(name, type, "allocate");
    this.#allocate(name, type);
  }

  variables(): ReadonlyMap<string, TensorType> {
    return this.#types.all();
  }

  async read(name: string): Promise<Tensor> {
    const type = checkVariableName(this.variables(), name, "read");
    return this.#perform(() => toTensor(type, this.#valueOf(name)));
  }

  /** A copy of a variable's float64 value, after all runs that were queued before. */
  async readExact(name: string): Promise<Float64Array> {
    checkVariableName(this.variables(), name, "readExact");
    return this.#perform(() => this.#valueOf(name).slice());
  }

  async write(name: string, value: Tensor): Promise<void> {
    checkType(`the variable "${name}"`, checkVariableName(this.variables(), name, "write"), value, "write");
    const copy = Float64Array.from(value.data);
    await this.#perform(() => this.#values.set(name, copy));
  }

  async readAll(names: readonly string[]): Promise<Map<string, Tensor>> {
    const known = this.variables();
    const types = names.map((name) => [name, checkVariableName(known, name, "readAll")] as const);
    return this.#perform(
      () => new Map(types.map(([name, type]) => [name, toTensor(type, this.#valueOf(name))])),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#values.own.clear();
  }

  #checkOpen(): void {
    if (this.#base !== null) this.#base.#checkOpen();
    if (this.#closed) throw new EngineError("the session is closed", { hint: "Open another one." });
  }

  #checkKnown(name: string, type: TensorType, where: string): void {
    const known = this.#types.get(name);
    if (known !== undefined) checkType(`the variable "${name}" of this session`, known, type, where);
  }

  #allocate(name: string, type: TensorType): void {
    if (this.#types.get(name) !== undefined) return;
    this.#types.set(name, type);
    this.#values.set(name, new Float64Array(sizeOf(type.shape)));
  }

  #valueOf(name: string): Float64Array {
    const value = this.#values.get(name);
    if (value === undefined) throw new EngineError(`the variable "${name}" was never allocated`);
    return value;
  }

  /** Runs a task at once: nothing here takes time of its own, so calls happen in the order in which they are made. */
  async #perform<Result>(task: () => Result): Promise<Result> {
    this.#checkOpen();
    return task();
  }
}
