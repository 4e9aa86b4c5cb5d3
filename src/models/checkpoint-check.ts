import { slotName, slotsOf } from "../optimizers/index.ts";
import { formatShape, OptionError, type Shape, sameShape, type TensorType } from "../tensor/index.ts";
import { type Architecture, modelParameters } from "./architecture.ts";
import type { CompileConfiguration } from "./compile.ts";
import { movedParameters } from "./learning-rates.ts";

/** Shapes of all that a checkpoint holds: parameters, statistics and the optimizer's state, by name. */
export function stateTypes(
  architecture: Architecture,
  { optimizer, learningRates }: CompileConfiguration,
): ReadonlyMap<string, Shape> {
  const parameters = modelParameters(architecture);
  const trained = movedParameters(architecture, learningRates);
  const slots = slotsOf(optimizer).flatMap((slot) =>
    trained.map(({ name, shape }) => [slotName(slot, name), shape] as const),
  );
  return new Map([...parameters.map(({ name, shape }) => [name, shape] as const), ...slots]);
}

/** @throws OptionError when a checkpoint is of another model, or of another optimizer */
export function checkCheckpoint(
  variables: ReadonlyMap<string, TensorType>,
  architecture: Architecture,
  compiled: CompileConfiguration,
): void {
  const types = stateTypes(architecture, compiled);
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
