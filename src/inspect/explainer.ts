import type { Engine, Fetches, Program, Session } from "../engine/engine.ts";
import type { Graph } from "../graph/index.ts";
import { lendSession, Model, runsOn } from "../models/index.ts";
import { MemoryError, sizeOf, Tensor } from "../tensor/index.ts";
import { preprocessedOutput, preprocessingGraph } from "./attribution-graphs.ts";
import { fillRows, type RowGraph, type Rows, takeRows, type WorkOptions } from "./rows.ts";

/** Rows that a program computes at once unless something else is asked for. */
const usualBatchSize = 16;
/** Calls that are under way: while one runs, the rows of the next are made. */
const callsInFlight = 2;

/** Runs rows through a model, batch by batch. A program for each kind of question and size of batch. */
export class Explainer {
  readonly model: Model;
  readonly #session: Session;
  readonly #programs = new Map<string, Program>();

  private constructor(model: Model, session: Session) {
    this.model = model;
    this.#session = session;
  }

  /**
   * Lends an explainer to `use`, and gives back what it has in the engine. It works on the model's own weights; where another engine
   * is to compute, on those of a copy.
   */
  static async use<Result>(
    model: Model,
    engine: Engine | null,
    use: (explainer: Explainer) => Promise<Result>,
  ): Promise<Result> {
    const isOwn = engine === null || (await runsOn(model, engine));
    const explained = isOwn ? model : new Model({ ...model.parts(), engine });
    return await lendSession(explained, (session) => use(new Explainer(explained, session)));
  }

  /** Images as the first layer takes them. Shapes: `[N, H, W, C]` for both. */
  async preprocess(images: Tensor<"uint8" | "float32">): Promise<Tensor<"float32">> {
    const { shape, data } = images;
    if (!(data instanceof Uint8Array)) return new Tensor("float32", shape, data);
    const [count, ...inputShape] = shape;
    const rowSize = sizeOf(inputShape);
    const result = Tensor.zeros("float32", shape);
    const program = await this.program("preprocess", () => preprocessingGraph(this.model, 1));
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
  async run(graph: RowGraph, rows: Rows, work: WorkOptions): Promise<void> {
    const { program, size } = await this.#fitting(graph, rows.count, work.batchSize);
    const queue: { readonly begin: number; readonly fetched: Promise<readonly Fetches[]> }[] = [];
    const finishOldest = async () => {
      const oldest = queue.shift();
      if (oldest === undefined) return;
      const [fetches] = await oldest.fetched;
      const end = Math.min(rows.count, oldest.begin + size);
      takeRows(rows, oldest.begin, end, fetches);
      work.onProgress?.(end, rows.count);
    };
    try {
      for (let begin = 0; begin < rows.count; begin += size) {
        work.signal?.throwIfAborted();
        const end = Math.min(rows.count, begin + size);
        const images = fillRows(rows, begin, end, [size, ...this.model.inputShape]);
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
    { key, graph }: RowGraph,
    count: number,
    asked: number | null,
  ): Promise<{ readonly program: Program; readonly size: number }> {
    let size = Math.min(count, asked ?? usualBatchSize);
    for (;;) {
      const rows = size;
      try {
        return { program: await this.program(`${key}/${rows}`, () => graph(rows)), size };
      } catch (error) {
        if (!(error instanceof MemoryError) || asked !== null || size === 1) throw error;
        size = Math.ceil(size / 2);
      }
    }
  }

  /** A compiled graph by key; compiled when first asked for. */
  async program(key: string, graph: () => Graph): Promise<Program> {
    const program = this.#programs.get(key) ?? (await this.#session.compile(graph()));
    this.#programs.set(key, program);
    return program;
  }
}
