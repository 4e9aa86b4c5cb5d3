import type { Engine, Feeds, Fetches, Program, Session } from "../engine/engine.ts";
import { defaultEngine } from "../engine/index.ts";
import { type Graph, variablesOf } from "../graph/index.ts";
import type { Model } from "../models/index.ts";
import { MemoryError, sizeOf, Tensor } from "../tensor/index.ts";
import {
  attributionGraph,
  type BackwardWay,
  gradientOutput,
  type Objective,
  preprocessedOutput,
  preprocessingGraph,
  scoreOutput,
} from "./attribution-graphs.ts";

/** Rows that a program computes at once unless something else is asked for. */
const usualBatchSize = 16;
/** Calls that are under way: while one runs, the rows of the next are made. */
const callsInFlight = 2;

/** Images, noisy copies, steps or patches: whatever goes through the model. */
export interface Rows {
  readonly count: number;
  /** Fills row `index` as the first layer takes it; `target` holds zeros. */
  fill(index: number, target: Float32Array): void;
  /** Takes what came of row `index`. The gradient is valid during the call; empty where none was asked for. */
  take(index: number, score: number, gradient: Float32Array): void;
  /** Inputs that select the score of rows `begin` to `end`, in a batch of `size`. */
  select(begin: number, end: number, size: number): Feeds;
}

/** What is computed of each row. */
export interface Explanation {
  readonly objective: Objective;
  /** How the score goes back to the pixels; null where the score alone is wanted. */
  readonly way: BackwardWay | null;
}

/** How the work goes on. */
export interface WorkOptions {
  readonly batchSize: number | null;
  readonly signal: AbortSignal | null;
  readonly onProgress: ((done: number, total: number) => void) | null;
}

/** Runs rows through a model, batch by batch. A program for each kind of question and size of batch. */
export class Explainer {
  readonly model: Model;
  readonly #session: Session;
  readonly #programs = new Map<string, Program>();

  private constructor(model: Model, session: Session) {
    this.model = model;
    this.#session = session;
  }

  /** Lends an explainer to `use`, and gives back what it has in the engine. */
  static async use<Result>(
    model: Model,
    engine: Engine | null,
    use: (explainer: Explainer) => Promise<Result>,
  ): Promise<Result> {
    const session = await (engine ?? (await defaultEngine())).openSession();
    try {
      return await use(new Explainer(model, session));
    } finally {
      await session.close();
    }
  }

  /** Images as the first layer takes them. Shapes: `[N, H, W, C]` for both. */
  async preprocess(images: Tensor<"uint8" | "float32">): Promise<Tensor<"float32">> {
    const { shape, data } = images;
    if (!(data instanceof Uint8Array)) return new Tensor("float32", shape, data);
    const [count, ...inputShape] = shape;
    const rowSize = sizeOf(inputShape);
    const result = Tensor.zeros("float32", shape);
    const program = await this.#program("preprocess", () => preprocessingGraph(this.model, 1));
    const fixed = { places: Tensor.zeros("int32", [1]), key: Tensor.zeros("uint32", [2]) };
    for (let row = 0; row < count; row++) {
      const pixels = data.subarray(row * rowSize, (row + 1) * rowSize);
      const [fetches] = await program.run([
        { pixels: new Tensor("uint8", [1, ...inputShape], pixels), ...fixed },
      ]);
      result.data.set(fetches[preprocessedOutput].data, row * rowSize);
    }
    return result;
  }

  /** @throws MemoryError when memory does not hold even one row; the signal's reason when it aborts */
  async run(explanation: Explanation, rows: Rows, work: WorkOptions): Promise<void> {
    const { program, size } = await this.#fitting(explanation, rows.count, work.batchSize);
    const { inputShape } = this.model;
    const rowSize = sizeOf(inputShape);
    const queue: { readonly begin: number; readonly fetched: Promise<readonly Fetches[]> }[] = [];
    const finishOldest = async () => {
      const oldest = queue.shift();
      if (oldest === undefined) return;
      const { begin, fetched } = oldest;
      const [fetches] = await fetched;
      const end = Math.min(rows.count, begin + size);
      const { [scoreOutput]: scores, [gradientOutput]: gradients } = fetches;
      for (let row = begin; row < end; row++) {
        const at = row - begin;
        const gradient = gradients?.data.subarray(at * rowSize, (at + 1) * rowSize);
        rows.take(row, scores.data[at], gradient instanceof Float32Array ? gradient : new Float32Array());
      }
      work.onProgress?.(end, rows.count);
    };
    try {
      for (let begin = 0; begin < rows.count; begin += size) {
        work.signal?.throwIfAborted();
        const end = Math.min(rows.count, begin + size);
        const images = Tensor.zeros("float32", [size, ...inputShape]);
        for (let row = begin; row < end; row++) {
          const at = row - begin;
          rows.fill(row, images.data.subarray(at * rowSize, (at + 1) * rowSize));
        }
        queue.push({ begin, fetched: program.run([{ images, ...rows.select(begin, end, size) }]) });
        if (queue.length >= callsInFlight) await finishOldest();
      }
      while (queue.length > 0) await finishOldest();
    } finally {
      await Promise.allSettled(queue.map(({ fetched }) => fetched));
    }
  }

  /** A program for as many rows as memory holds. */
  async #fitting(
    { objective, way }: Explanation,
    count: number,
    asked: number | null,
  ): Promise<{ readonly program: Program; readonly size: number }> {
    const about = objective === "class" ? objective : objective.call;
    let size = Math.min(count, asked ?? usualBatchSize);
    for (;;) {
      const rows = size;
      try {
        const program = await this.#program(`${about}/${way}/${rows}`, () =>
          attributionGraph(this.model, rows, objective, way),
        );
        return { program, size };
      } catch (error) {
        if (!(error instanceof MemoryError) || asked !== null || size === 1) throw error;
        size = Math.ceil(size / 2);
      }
    }
  }

  async #program(key: string, graph: () => Graph): Promise<Program> {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const made = graph();
    const before = new Set(this.#session.variables().keys());
    const program = await this.#session.compile(made);
    const fresh = [...variablesOf(made).keys()].filter((name) => !before.has(name));
    if (fresh.length > 0) {
      const weights = await this.model.getWeights();
      for (const name of fresh) {
        const value = weights.get(name);
        if (value !== undefined) await this.#session.write(name, value);
      }
    }
    this.#programs.set(key, program);
    return program;
  }
}
