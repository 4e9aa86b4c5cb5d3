import type { Feeds, Fetches, Program, Session } from "../../engine/engine.ts";
import { type Graph, variablesOf } from "../../graph/index.ts";
import { type Loss, perExampleLoss } from "../../losses/index.ts";
import { buildForward, type Model, preprocessed } from "../../models/index.ts";
import { createBuild, plainWarpRecord, warpParts, warpRecordLength } from "../../ops/index.ts";
import { type Shape, Tensor } from "../../tensor/index.ts";
import { copyWithMargin, type MoveBackground, withMarginShape } from "./margin.ts";
import type { PixelMove } from "./moves.ts";

/** Names in the program. */
const imagesVariable = "data/moved/images";
const labelsVariable = "data/moved/labels";
const lossOutput = "loss";
const scoresOutput = "scores";

/** Calls of a program that are queued: while one runs the next waits. */
const callsInFlight = 2;
/** Steps of one call, and numbers that it may return: an engine keeps room for all of them. */
const mostSteps = 64;
const mostResults = 2 ** 20;

/** What a program is made for. */
export interface MovedProgramOptions {
  readonly loss: Loss;
  /** Images that are in the engine at once. */
  readonly capacity: number;
  /** Images of a step. */
  readonly batchSize: number;
  /** By how many pixels they are moved at most. */
  readonly margin: number;
  readonly background: MoveBackground;
}

/** What came of a batch of moved images. */
export interface MovedBatch {
  /** Index of the move. */
  readonly order: number;
  /** Place of its first image among those in the engine. */
  readonly first: number;
  /** Sum of the losses of its images. */
  readonly loss: number;
  /** Shapes: `[n, classes]`. */
  readonly scores: Tensor;
}

/**
 * A model over images that lie in the engine, under any move: they have a margin around them there, and each step cuts a window
 * out of every image of its batch. So all moves are one program, and nothing but the place of the window is fed.
 */
export class MovedProgram {
  readonly #session: Session;
  readonly #model: Model;
  readonly #options: MovedProgramOptions;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #programs = new Map<number, Program>();
  readonly #shape: Shape;
  /** Reused for each load. */
  readonly #images: Tensor<"uint8">;

  private constructor(
    session: Session,
    model: Model,
    options: MovedProgramOptions,
    weights: ReadonlyMap<string, Tensor>,
  ) {
    this.#session = session;
    this.#model = model;
    this.#options = options;
    this.#weights = weights;
    this.#shape = model.inputShape;
    this.#images = Tensor.zeros("uint8", [
      options.capacity,
      ...withMarginShape(model.inputShape, options.margin),
    ]);
  }

  /** @throws MemoryError when the memory does not hold a batch */
  static async create(
    session: Session,
    model: Model,
    weights: ReadonlyMap<string, Tensor>,
    options: MovedProgramOptions,
  ): Promise<MovedProgram> {
    const program = new MovedProgram(session, model, options, weights);
    await program.#programOf(options.batchSize);
    return program;
  }

  /** Images that it holds. */
  get capacity(): number {
    return this.#options.capacity;
  }

  /**
   * Takes images in place of those before.
   *
   * @param images - bytes of up to `capacity` images
   */
  async load(images: Uint8Array, labels: Int32Array): Promise<void> {
    const { capacity } = this.#options;
    copyWithMargin(images, labels.length, this.#shape, this.#options, this.#images.data);
    const stored = Tensor.zeros("int32", [capacity]);
    stored.data.set(labels);
    await this.#programOf(Math.min(labels.length, this.#options.batchSize));
    await this.#session.write(imagesVariable, this.#images);
    await this.#session.write(labelsVariable, stored);
  }

  /** The first `count` images under each move in turn, batch by batch. The engine is a call ahead of who takes the results. */
  async *run(moves: readonly PixelMove[], count: number): AsyncGenerator<MovedBatch, void, undefined> {
    interface Call {
      readonly order: number;
      readonly first: number;
      readonly results: Promise<readonly Fetches[]>;
    }
    const queue: Call[] = [];
    const finishOldest = async (): Promise<MovedBatch[]> => {
      const oldest = queue.shift();
      if (oldest === undefined) return [];
      let { first } = oldest;
      return (await oldest.results).map(({ [lossOutput]: loss, [scoresOutput]: scores }) => {
        const batch = { order: oldest.order, first, loss: loss.data[0], scores };
        first += scores.shape[0];
        return batch;
      });
    };
    try {
      for (const [order, move] of moves.entries()) {
        for await (const { program, first, feeds } of this.#callsOf(move, count)) {
          queue.push({ order, first, results: program.run(feeds) });
          if (queue.length >= callsInFlight) yield* await finishOldest();
        }
      }
      while (queue.length > 0) yield* await finishOldest();
    } finally {
      await Promise.allSettled(queue.map(({ results }) => results));
    }
  }

  /** Calls that take all images once: of whole batches, and one of the rest. */
  async *#callsOf(move: PixelMove, count: number) {
    const { batchSize } = this.#options;
    const size = Math.min(batchSize, count);
    const whole = await this.#programOf(size);
    const end = count - (count % size);
    for (let first = 0; first < end; first += size * whole.maximumSteps) {
      const steps = Math.min(whole.maximumSteps, (end - first) / size);
      const feeds = Array.from({ length: steps }, (_, step) => this.#feeds(move, first + step * size, size));
      yield { program: whole, first, feeds };
    }
    if (end === count) return;
    yield {
      program: await this.#programOf(count - end),
      first: end,
      feeds: [this.#feeds(move, end, count - end)],
    };
  }

  /** Row i and column j of a moved image are row i + margin - dy and column j + margin - dx of the one with the margin. */
  #feeds({ dx, dy }: PixelMove, first: number, size: number): Feeds {
    const { margin } = this.#options;
    const record = plainWarpRecord();
    record[warpParts.map + 2] = margin - dx;
    record[warpParts.map + 5] = margin - dy;
    const records = Tensor.zeros("float32", [size, warpRecordLength]);
    for (let image = 0; image < size; image++) records.data.set(record, image * warpRecordLength);
    const indices = Int32Array.from({ length: size }, (_, place) => first + place);
    return { indices: new Tensor("int32", [size], indices), records };
  }

  async #programOf(size: number): Promise<Program> {
    const known = this.#programs.get(size);
    if (known !== undefined) return known;
    const graph = movedGraph(this.#model, this.#options, size);
    const results = size * this.#model.outputShape[0];
    const maximumSteps = Math.max(1, Math.min(mostSteps, Math.floor(mostResults / results)));
    const written = new Set(this.#session.variables().keys());
    const program = await this.#session.compile(graph, { maximumSteps });
    for (const name of variablesOf(graph).keys()) {
      const value = this.#weights.get(name);
      if (value !== undefined && !written.has(name)) await this.#session.write(name, value);
    }
    this.#programs.set(size, program);
    return program;
  }
}

/** Inputs `indices` int32 [N] and `records` [N, 32]; outputs the sum of the losses [1] and the model's output [N, classes]. */
function movedGraph(
  { architecture, preprocessing, inputShape }: Model,
  { loss, capacity, margin }: MovedProgramOptions,
  size: number,
): Graph {
  const build = createBuild("data");
  const [height, width] = inputShape;
  const shape = [capacity, ...withMarginShape(inputShape, margin)];
  const images = build("variable", [], { name: imagesVariable, shape, dtype: "uint8" });
  const labels = build("variable", [], { name: labelsVariable, shape: [capacity], dtype: "int32" });
  const indices = build("input", [], { name: "indices", shape: [size], dtype: "int32" });
  const records = build("input", [], {
    name: "records",
    shape: [size, warpRecordLength],
    dtype: "float32",
  });
  const moved = preprocessed(preprocessing, build, (numbers) =>
    build("warpImages", [images, indices, records], { ...numbers, outputSize: [height, width], fill: 0 }),
  );
  const { output } = buildForward(architecture, moved, { training: false, key: null });
  const lossBuild = createBuild("loss");
  const losses = perExampleLoss(loss, lossBuild, output, build("loadLabels", [labels, indices], {}));
  const sum = lossBuild("reduceSum", [losses], { axes: [0], keepDimensions: true });
  return { outputs: { [lossOutput]: sum, [scoresOutput]: output }, updates: [] };
}
