import type { Engine, Program, Session } from "../engine/engine.ts";
import type { Graph } from "../graph/index.ts";
import { initialize } from "../layers/index.ts";
import {
  formatShape,
  nameHint,
  OptionError,
  RandomStream,
  ShapeError,
  sameShape,
  Tensor,
  type TensorType,
} from "../tensor/index.ts";
import type { ModelParameter } from "./architecture.ts";
import { WeightSnapshot } from "./snapshot.ts";
import type { Weight } from "./weight.ts";

/** Number of steps that one call of a program may take: enough for a chunk of 25 ms of a very small model. */
export const defaultMaximumSteps = 256;

/** Milliseconds for which drawing weights holds up the thread at a time. */
const turnMilliseconds = 8;

/**
 * A model's state: weights on the host, or yet to be drawn, until an engine is needed; then variables of a session.
 * Programs are kept by key. Dropping it without closing is fine: an engine closes sessions that nobody refers to.
 */
export class ModelVariables {
  readonly #parameters: readonly ModelParameter[];
  readonly #engine: () => Promise<Engine>;
  /** Values that no session has yet. */
  #host: Map<string, Weight>;
  #session: Promise<Session> | null = null;
  #programs = new Map<string, Promise<Program>>();
  /** Weights as they were, which someone may yet want. Whoever does holds the snapshot; nobody else has to wait for it. */
  readonly #snapshots = new Set<WeakRef<WeightSnapshot>>();
  /** Those who have the session on loan: it is not closed before they are done. */
  readonly #loans = new Set<Promise<unknown>>();
  /** Settles when the last task of `inTurn` has ended. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    parameters: readonly ModelParameter[],
    weights: ReadonlyMap<string, Weight>,
    engine: () => Promise<Engine>,
  ) {
    this.#parameters = parameters;
    this.#host = new Map(weights);
    this.#engine = engine;
  }

  /** The session, opened when first needed, with all weights in it. */
  session(): Promise<Session> {
    if (this.#session === null) {
      const opening = this.#open();
      this.#session = opening;
      // What could not be opened may be tried again; the values are still on the host.
      opening.catch(() => {
        this.#session = null;
      });
    }
    return this.#session;
  }

  async #open(): Promise<Session> {
    const engine = await this.#engine();
    const session = await engine.openSession();
    const values = this.#host;
    try {
      // The engine clears its memory while weights are drawn here, one by one: only one of them is in both places.
      const allocated = Promise.all([...values].map(([name, type]) => session.allocate(name, typeOf(type))));
      allocated.catch(() => {});
      for (const [name, weight] of values) {
        const value = "draw" in weight ? await weight.draw() : weight;
        await allocated;
        await session.write(name, value);
      }
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#host = new Map();
    return session;
  }

  /** Lends a session over these variables, whose programs are given back when `use` ends. */
  async lend<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    const task = this.#lease(use);
    const loan: Promise<unknown> = task.catch(() => {});
    this.#loans.add(loan);
    try {
      return await task;
    } finally {
      this.#loans.delete(loan);
    }
  }

  async #lease<Result>(use: (session: Session) => Promise<Result>): Promise<Result> {
    const session = await this.session();
    const lease = await session.lease();
    try {
      return await use(lease);
    } finally {
      await lease.close();
    }
  }

  /** Performs tasks one after the other: those that stream data share the variables that the data go through. */
  inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** A compiled graph by key; compiled when first asked for. */
  async program(key: string, graph: () => Graph, maximumSteps = defaultMaximumSteps): Promise<Program> {
    const session = await this.session();
    const known = this.#programs.get(key);
    if (known !== undefined) return await known;
    const program = session.compile(graph(), { maximumSteps });
    this.#programs.set(key, program);
    // A graph that could not be compiled may be tried again.
    program.catch(() => this.#programs.delete(key));
    return await program;
  }

  /**
   * Moves the state that is kept to a fresh session, opened when next needed: the only way to give memory back. Tasks of
   * `inTurn` that came before, and of `lend`, end in the old one.
   */
  moveToFreshSession(isKept: (name: string) => boolean): Promise<void> {
    return this.inTurn(async () => {
      if (this.#session === null) return;
      const session = await this.#session;
      await Promise.all(this.#loans);
      const kept = [...session.variables().keys()].filter(isKept);
      this.#host = await session.readAll(kept);
      this.#session = null;
      this.#programs = new Map();
      await session.close();
    });
  }

  /** Writes a variable of any kind, allocating it when it is new. */
  async put(name: string, value: Tensor): Promise<void> {
    const session = await this.session();
    await session.allocate(name, typeOf(value));
    await session.write(name, value);
  }

  /** Type of a variable in the session, if there is one. */
  async typeOf(name: string): Promise<TensorType | undefined> {
    return (await this.session()).variables().get(name);
  }

  /** Parameters and statistics by name, in the order of the layers. */
  async readWeights(): Promise<Map<string, Tensor>> {
    return await this.read(this.#parameters.map(({ name }) => name));
  }

  /**
   * A copy of one variable. Of several that are read so, each is as it stands at its own moment.
   *
   * @throws when there is no variable of this name
   */
  async readOne(name: string): Promise<Tensor> {
    if (this.#session !== null) return await (await this.#session).read(name);
    const weight = this.#host.get(name);
    if (weight === undefined) throw new Error(`no variable ${name}`);
    return await copyOf(weight);
  }

  /** Copies of variables by name. Those that were never made are left out. */
  async read(names: readonly string[]): Promise<Map<string, Tensor>> {
    if (this.#session === null) {
      const values = new Map<string, Tensor>();
      for (const [name, weight] of names.map((known) => [known, this.#host.get(known)] as const)) {
        if (weight !== undefined) values.set(name, await copyOf(weight));
      }
      return values;
    }
    const session = await this.#session;
    const known = session.variables();
    return await session.readAll(names.filter((name) => known.has(name)));
  }

  /**
   * Weights as they are now, by name. Those of a session are copied when they are needed, or before they change; those
   * that no session has yet do not change and are shared.
   *
   * @param isChanging - whether the weights are about to change: then they are copied at once
   */
  snapshot(names: readonly string[], isChanging: boolean): ReadonlyMap<string, Weight> {
    if (this.#session === null) {
      return new Map(names.flatMap((name) => entryOf(name, this.#host.get(name))));
    }
    const parameters = new Map(this.#parameters.map((spec) => [spec.name, spec.shape]));
    const types = names.flatMap((name) => {
      const shape = parameters.get(name);
      return entryOf(name, shape && { shape, dtype: "float32" as const });
    });
    const snapshot = new WeightSnapshot(new Map(types), (asked) => this.read(asked));
    this.#snapshots.add(new WeakRef(snapshot));
    // Who needs the values is told of an error when drawing them.
    if (isChanging) snapshot.keep().catch(() => {});
    return snapshot.weights();
  }

  /** Has all snapshots copied that someone still holds: what comes next changes the weights. */
  async keepSnapshots(): Promise<void> {
    const held = [...this.#snapshots].flatMap((reference) => reference.deref() ?? []);
    this.#snapshots.clear();
    await Promise.all(held.map((snapshot) => snapshot.keep()));
  }

  /** Replaces variables by name, in the session or on the host; new ones are added. */
  async write(values: ReadonlyMap<string, Weight>): Promise<void> {
    await this.keepSnapshots();
    if (this.#session === null) {
      for (const [name, value] of values) this.#host.set(name, "draw" in value ? value : await copyOf(value));
      return;
    }
    const made = [...values].flatMap(([name, value]) => ("draw" in value ? [] : [[name, value] as const]));
    await Promise.all(made.map(([name, value]) => this.put(name, value)));
    // One after the other: only one of them is there twice.
    for (const [name, value] of values) if ("draw" in value) await this.put(name, await value.draw());
  }

  /**
   * Replaces parameters and statistics.
   *
   * @throws OptionError for a name that is none, ShapeError for a wrong shape; nothing is replaced then
   */
  async writeWeights(weights: ReadonlyMap<string, Weight>): Promise<void> {
    for (const [name, value] of weights) checkWeight(this.#parameters, name, value, "setWeights");
    await this.write(weights);
  }
}

/** @throws OptionError for an unknown name, ShapeError for a wrong shape or type */
export function checkWeight(
  parameters: readonly ModelParameter[],
  name: string,
  value: TensorType,
  where: string,
): void {
  const spec = parameters.find((parameter) => parameter.name === name);
  if (spec === undefined) {
    const names = parameters.map((parameter) => parameter.name);
    throw new OptionError(`the model has no weights "${name}"`, { where, hint: nameHint(name, names) });
  }
  if (value.dtype !== "float32" || !sameShape(value.shape, spec.shape)) {
    throw new ShapeError(
      `"${name}" must be float32${formatShape(spec.shape)}, got ${value.dtype}${formatShape(value.shape)}`,
      { where, hint: "Weights must come from a model of the same architecture." },
    );
  }
}

/** A value that is in nobody's way any more once it is taken. */
export function takeFrom(values: Map<string, Tensor>, name: string): Tensor {
  const value = values.get(name);
  if (value === undefined) throw new Error(`no variable ${name}`);
  values.delete(name);
  return value;
}

/** Fresh weights, drawn when they are needed. Each parameter has a random stream of its own, named after it. */
export function freshWeights(parameters: readonly ModelParameter[], seed: number): Map<string, Weight> {
  const stream = new RandomStream(seed).split("initialize");
  return new Map(
    parameters.map(({ name, shape, initializer }) => {
      const draw = () => inTurns(initialize(initializer, shape, stream.split(name)));
      return [name, { shape, dtype: "float32", draw }];
    }),
  );
}

/** Takes many short steps, and lets other work of this thread go first now and then. */
async function inTurns<Result>(steps: Iterator<undefined, Result>): Promise<Result> {
  for (let end = performance.now() + turnMilliseconds; ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() < end) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    end = performance.now() + turnMilliseconds;
  }
}

/** An entry for a map; none for a value that there is not. */
function entryOf<Value>(name: string, value: Value | undefined): (readonly [string, Value])[] {
  return value === undefined ? [] : [[name, value]];
}

/** The type alone: an engine that keeps it must not keep the data alive. */
function typeOf({ shape, dtype }: TensorType): TensorType {
  return { shape, dtype };
}

/** A value that nobody else has. */
async function copyOf(weight: Weight): Promise<Tensor> {
  if ("draw" in weight) return await weight.draw();
  return new Tensor(weight.dtype, weight.shape, weight.data.slice());
}
