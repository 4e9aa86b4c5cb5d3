import type { Fetches, Program } from "../engine/engine.ts";
import { type Graph, inputsOf } from "../graph/index.ts";
import { threefry2x32 } from "../tensor/index.ts";
import { applyGraph, pieceGraph } from "./accumulation-graphs.ts";
import { averageGraph } from "./averages.ts";
import type { BatchSource } from "./batch-source.ts";
import type { StepOptions } from "./step-graphs.ts";
import type { FedStep, FeedsOf, StepProgram, StepPrograms, TrainingPlan } from "./training-plan.ts";

/** Examples of each piece of a batch, in order: all of one size but the last. */
export function pieceSizes(batchSize: number, pieceSize: number): readonly number[] {
  const full = Array.from({ length: Math.floor(batchSize / pieceSize) }, () => pieceSize);
  const rest = batchSize % pieceSize;
  return rest === 0 ? full : [...full, rest];
}

/**
 * Compiles steps that go through a batch piece by piece: each piece adds to the gradients, then the optimizer takes one
 * step. As much memory is needed as for a batch of the size of a piece, and once more that of the gradients.
 *
 * @param compile - compiles a graph by key
 */
export async function compilePieces(
  { context, compiled, configuration }: TrainingPlan,
  source: BatchSource,
  options: StepOptions,
  compile: (key: string, size: number, graph: Graph) => Promise<Program>,
  feedsOf: FeedsOf,
): Promise<StepPrograms> {
  const { examples, batchSize, gradientAccumulation, emaMomentum } = configuration;
  const pieceSize = Math.ceil(batchSize / gradientAccumulation);
  const pieces = new Map<string, StepProgram>();
  const keyOf = (size: number, batch: number) => `${size}/${batch}`;
  for (const batch of [batchSize, examples % batchSize]) {
    if (batch === 0 || batch > examples) continue;
    for (const size of new Set(pieceSizes(batch, pieceSize))) {
      const graph = pieceGraph(context, compiled, source, size, batch, options);
      const program = await compile(`piece/${keyOf(size, batch)}`, size, graph);
      pieces.set(keyOf(size, batch), { program, inputs: new Set(inputsOf(graph).keys()) });
    }
  }
  const apply = applyGraph(context, compiled);
  const applying = {
    program: await compile("apply", pieceSize, apply),
    inputs: new Set(inputsOf(apply).keys()),
  };
  const averaging =
    emaMomentum === null
      ? null
      : await compile("average", pieceSize, averageGraph(context, compiled, emaMomentum));

  /** Gives the engine all that a step consists of; the outputs are those of its pieces. */
  function start(input: FedStep): readonly Promise<readonly Fetches[]>[] {
    const { indices, key } = input;
    const before = averaging === null ? [] : [averaging.run([{}])];
    let begin = 0;
    const ran = pieceSizes(indices.length, pieceSize).map((size, piece) => {
      const step = pieces.get(keyOf(size, indices.length));
      if (step === undefined) throw new Error("no program for a piece of this size");
      const own = {
        ...{
          ...input,
          indices: indices.slice(begin, begin + size),
          stepKey: key,
          begin,
          kept: piece === 0 ? 0 : 1,
        },
        // Else the same would be dropped from all pieces.
        key: threefry2x32(key, piece, 0),
      };
      begin += size;
      return step.program.run([feedsOf(step, own)]);
    });
    return [
      ...before,
      ...ran,
      applying.program.run([feedsOf(applying, { ...input, stepKey: key, begin: 0, kept: 0 })]),
    ];
  }

  return {
    // They are queued one by one: the number only limits how long a chunk takes.
    maximumSteps: Math.max(1, Math.floor(applying.program.maximumSteps / gradientAccumulation)),
    run: async (steps) => {
      const started = steps.map(start);
      // After an error nothing may run on that nobody waits for.
      await Promise.allSettled(started.flat());
      const results = await Promise.all(started.map((calls) => Promise.all(calls)));
      return results.map((calls) => calls.flat().filter((fetches) => Object.keys(fetches).length > 0));
    },
  };
}
