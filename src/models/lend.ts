import type { Engine, Session } from "../engine/engine.ts";
import type { ModelRuntime } from "./runtime.ts";

/** What changes of each model; not part of what users see of it. */
export const runtimes = new WeakMap<object, ModelRuntime>();

function runtimeOf(model: object): ModelRuntime {
  const runtime = runtimes.get(model);
  if (runtime === undefined) throw new Error("not a model");
  return runtime;
}

/**
 * Lends a session in which a model's weights are variables, where they are: nothing is copied. Programs that `use` compiles in it are
 * given back when it ends. While a model is being trained the weights change between two runs.
 *
 * @param use - works on the session alone: what asks the model itself may wait for the loan to end
 */
export async function lendSession<Result>(
  model: object,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { variables } = await runtimeOf(model).context();
  return await variables.lend(use);
}

/** Whether an engine is the one that a model has its weights in. */
export async function runsOn(model: object, engine: Engine): Promise<boolean> {
  return (await runtimeOf(model).engineOrDefault()) === engine;
}
