import type { Program } from "../engine/engine.ts";
import { type Graph, inputsOf } from "../graph/index.ts";
import { MemoryError, sizeOf } from "../tensor/index.ts";
import type { RunConfiguration } from "../train/index.ts";
import { batchError } from "./batch-size.ts";
import type { BatchChanges, ResidentData } from "./batch-source.ts";
import type { CompileConfiguration } from "./compile.ts";
import type { RunContext } from "./evaluation.ts";
import { trainingGraph } from "./step-graphs.ts";
import { defaultMaximumSteps } from "./variables.ts";

/** What the programs of a run are made from. */
export interface TrainingPlan {
  readonly context: RunContext;
  readonly compiled: CompileConfiguration;
  /** Tells the programs of one compilation from those of the next. */
  readonly version: number;
  readonly configuration: RunConfiguration;
}

/** A compiled training step. */
export interface StepProgram {
  readonly program: Program;
  /** Names of what it is fed: a step without anything random takes no key. */
  readonly inputs: ReadonlySet<string>;
}

/**
 * One program for the full batches and, if need be, one for the last batch of an epoch, by batch size.
 *
 * @throws MemoryError when memory does not hold a step, with the largest batch that it would hold
 */
export async function compilePrograms(
  { context, compiled, version, configuration }: TrainingPlan,
  data: ResidentData,
  changes: BatchChanges,
): Promise<ReadonlyMap<number, StepProgram>> {
  const { examples, batchSize } = configuration;
  const sizes = [batchSize, examples % batchSize].filter((size) => size > 0 && size <= examples);
  const programs = new Map<number, StepProgram>();
  const graphOf = (size: number) => trainingGraph(context, compiled, data, size, changes);
  for (const size of sizes) {
    const key = `train/${version}/${data.dtype}/${Object.values(changes).join("/")}/${size}`;
    const graph = graphOf(size);
    try {
      const program = await context.variables.program(key, () => graph, maximumStepsOf(graph));
      programs.set(size, { program, inputs: new Set(inputsOf(graph).keys()) });
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      throw await stepError(context, size, error, graphOf);
    }
  }
  return programs;
}

/** Bytes that may wait in the engine's memory for the steps of one run, all inputs together. */
const mostFedBytes = 2 ** 25;

/** Images that are fed take room for every step that a run may have: then there are fewer steps to a run. */
function maximumStepsOf(graph: Graph): number {
  const bytes = [...inputsOf(graph).values()].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  return Math.max(1, Math.min(defaultMaximumSteps, Math.floor(mostFedBytes / bytes)));
}

async function stepError(
  { variables }: RunContext,
  size: number,
  error: MemoryError,
  graphOf: (size: number) => Graph,
): Promise<MemoryError> {
  const session = await variables.session();
  const fits = (other: number) =>
    session.forecast(graphOf(other), { maximumSteps: maximumStepsOf(graphOf(other)) }).fits;
  return batchError("a training step", size, error.what, fits, { where: "fit", cause: error });
}
