import { slotName, slotsOf } from "../optimizers/index.ts";
import { formatShape, OptionError, type Shape, sameShape, type TensorType } from "../tensor/index.ts";
import type { RunConfiguration } from "../train/index.ts";
import { type Architecture, modelParameters } from "./architecture.ts";
import { averagedNames, averageName } from "./averages.ts";
import type { CompileConfiguration } from "./compile.ts";
import { movedParameters } from "./learning-rates.ts";

/** Shapes of all that a checkpoint holds: parameters, statistics, the optimizer's state and averages, by name. */
export function stateTypes(
  architecture: Architecture,
  compiled: CompileConfiguration,
  { emaMomentum }: Pick<RunConfiguration, "emaMomentum">,
): ReadonlyMap<string, Shape> {
  const { optimizer, learningRates } = compiled;
  const parameters = modelParameters(architecture);
  const trained = movedParameters(architecture, learningRates);
  const slots = slotsOf(optimizer).flatMap((slot) =>
    trained.map(({ name, shape }) => [slotName(slot, name), shape] as const),
  );
  const weights = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const averaged = emaMomentum === null ? [] : averagedNames(architecture, compiled);
  const averages = averaged.map((name) => [averageName(name), weights.get(name) ?? []] as const);
  return new Map([...weights, ...slots, ...averages]);
}

/** @throws OptionError when a checkpoint is of another model, or of another optimizer */
export function checkCheckpoint(
  variables: ReadonlyMap<string, TensorType>,
  architecture: Architecture,
  compiled: CompileConfiguration,
  configuration: RunConfiguration,
): void {
  const types = stateTypes(architecture, compiled, configuration);
  const names = new Set([...types.keys(), ...variables.keys()]);
  for (const name of names) {
    const [expected, found] = [types.get(name), variables.get(name)?.shape];
    if (expected !== undefined && found !== undefined && sameShape(expected, found)) continue;
    const text = (shape: Shape | undefined) => (shape === undefined ? "nothing" : formatShape(shape));
    throw new OptionError(
      `the checkpoint is of another model or optimizer: under "${name}" it has ${text(found)}, not ${text(expected)}`,
      {
        where: `model "${architecture.name}"`,
        hint: "Make the model with Model.fromCheckpoint(checkpoint).",
      },
    );
  }
}
