import type { Engine, Forecast, Plan } from "../engine/engine.ts";
import { batchError } from "./batch-size.ts";
import { dataTypeOf, type GraphContext, type ResidentData } from "./batch-source.ts";
import type { CompileConfiguration } from "./compile.ts";
import { predictionGraph, trainingGraph } from "./step-graphs.ts";

/** What is planned, and on what. */
export interface PlanContext {
  readonly engine: Engine;
  readonly model: GraphContext;
  /** A training step is planned for a model that is compiled, a prediction for one that is not (`null`). */
  readonly compiled: CompileConfiguration | null;
}

/** Plans steps in a session of its own; nothing is allocated. */
async function withForecasts<Result>(
  { engine, model, compiled }: PlanContext,
  use: (forecast: (batchSize: number) => Forecast) => Result,
): Promise<Result> {
  const session = await engine.openSession();
  try {
    return use((batchSize) => {
      const data: ResidentData = { name: "data/plan", capacity: batchSize, dtype: dataTypeOf(model) };
      return session.forecast(
        compiled === null
          ? predictionGraph(model, "input", batchSize)
          : trainingGraph(model, compiled, data, batchSize),
      );
    });
  } finally {
    await session.close();
  }
}

/** Whether the memory that the engine has free would hold a step. */
export async function modelFits(context: PlanContext, batchSize: number): Promise<boolean> {
  return await withForecasts(context, (forecast) => forecast(batchSize).fits);
}

/**
 * Plans a step.
 *
 * @throws MemoryError when the memory does not hold it, with the largest batch that it would hold
 */
export async function planModel(context: PlanContext, batchSize: number): Promise<Plan> {
  return await withForecasts(context, (forecast) => {
    const { plan, fits } = forecast(batchSize);
    if (fits) return plan;
    const what = context.compiled === null ? "a prediction" : "a training step";
    const gigabytes = ((plan.variableBytes + plan.workingBytes) / 1e9).toFixed(1);
    const fitsToo = (size: number) => forecast(size).fits;
    throw batchError(what, batchSize, `it needs ${gigabytes} GB`, fitsToo, { where: "plan" });
  });
}
