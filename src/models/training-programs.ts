import { type Graph, inputsOf } from "../graph/index.ts";
import { MemoryError, sizeOf } from "../tensor/index.ts";
import { compilePieces } from "./accumulation.ts";
import { pieceGraph } from "./accumulation-graphs.ts";
import { batchError, largestThat } from "./batch-size.ts";
import type { BatchChanges, BatchSource } from "./batch-source.ts";
import { type StepOptions, trainingGraph } from "./step-graphs.ts";
import type { FeedsOf, StepProgram, StepPrograms, TrainingPlan } from "./training-plan.ts";
import { defaultMaximumSteps } from "./variables.ts";

/**
 * Compiles the steps of a run: for the full batches and, if need be, for the last batch of an epoch.
 *
 * @param changes - how images are changed
 * @param feedsOf - what a program takes of a step
 * @throws MemoryError when memory does not hold a step, with the largest batch that it would hold
 */
export async function compilePrograms(
  plan: TrainingPlan,
  source: BatchSource,
  changes: BatchChanges,
  feedsOf: FeedsOf,
): Promise<StepPrograms> {
  const { context, compiled, version, configuration } = plan;
  const { examples, batchSize, classWeights, emaMomentum, gradientAccumulation } = configuration;
  const options: StepOptions = { changes, classWeights, emaMomentum };
  const settings = JSON.stringify([version, source === "fed" ? source : source.dtype, options]);
  const compile = async (key: string, size: number, graph: Graph) => {
    try {
      return await context.variables.program(`train/${settings}/${key}`, () => graph, maximumStepsOf(graph));
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      throw await stepError(plan, source, options, size, error);
    }
  };
  if (gradientAccumulation > 1) return await compilePieces(plan, source, options, compile, feedsOf);
  const programs = new Map<number, StepProgram>();
  for (const size of [batchSize, examples % batchSize]) {
    if (size === 0 || size > examples) continue;
    const graph = trainingGraph(context, compiled, source, size, options);
    const program = await compile(String(size), size, graph);
    programs.set(size, { program, inputs: new Set(inputsOf(graph).keys()) });
  }
  return {
    maximumSteps: Math.min(...[...programs.values()].map(({ program }) => program.maximumSteps)),
    run: async (steps) => {
      const step = programs.get(steps[0]?.indices.length ?? 0);
      if (step === undefined) throw new Error("no program for a batch of this size");
      const outputs = await step.program.run(
        steps.map((input) => feedsOf(step, { ...input, stepKey: input.key, begin: 0, kept: 0 })),
      );
      return outputs.map((fetches) => [fetches]);
    },
  };
}

/** Bytes that may wait in the engine's memory for the steps of one run, all inputs together. */
const mostFedBytes = 2 ** 25;

/** Images that are fed take room for every step that a run may have: then there are fewer steps to a run. */
function maximumStepsOf(graph: Graph): number {
  const bytes = [...inputsOf(graph).values()].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  return Math.max(1, Math.min(defaultMaximumSteps, Math.floor(mostFedBytes / bytes)));
}

/** The error of a batch, or of a piece of one, that does not fit. */
async function stepError(
  { context, compiled, configuration }: TrainingPlan,
  source: BatchSource,
  options: StepOptions,
  size: number,
  error: MemoryError,
): Promise<MemoryError> {
  const session = await context.variables.session();
  const { batchSize, gradientAccumulation } = configuration;
  const fits = (graph: Graph) => session.forecast(graph, { maximumSteps: maximumStepsOf(graph) }).fits;
  const fitsAsPiece = (piece: number) =>
    fits(pieceGraph(context, compiled, source, piece, batchSize, options));
  const fitsAsBatch = (batch: number) => fits(trainingGraph(context, compiled, source, batch, options));
  const isPiece = gradientAccumulation > 1;
  const piece = largestThat(size, fitsAsPiece);
  return batchError(
    isPiece ? "a piece of a training step" : "a training step",
    size,
    error.what,
    isPiece ? fitsAsPiece : fitsAsBatch,
    {
      where: "fit",
      cause: error,
      ...(piece > 0 ? { accumulation: Math.ceil(batchSize / piece) } : {}),
    },
  );
}
