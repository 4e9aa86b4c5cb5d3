import type { Engine, Plan } from "../engine/engine.ts";
import type { CompileConfiguration } from "./compile.ts";
import { type GraphContext, predictionGraph, trainingGraph } from "./step-graphs.ts";

/**
 * Plans a training step, or a prediction for a model that is not compiled, in a session of its own.
 *
 * @throws EngineError when the memory does not hold it
 */
export async function planModel(
  engine: Engine,
  context: GraphContext,
  compiled: CompileConfiguration | null,
  batchSize: number,
): Promise<Plan> {
  const data = { name: "data/plan", capacity: batchSize };
  const graph =
    compiled === null
      ? predictionGraph(context, "input", batchSize)
      : trainingGraph(context, compiled, data, batchSize, 0);
  const session = await engine.openSession();
  try {
    return (await session.compile(graph)).plan;
  } finally {
    await session.close();
  }
}
