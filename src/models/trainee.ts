import type { ImageDataset } from "../data/index.ts";
import type { Fetches, Program } from "../engine/engine.ts";
import { metricName } from "../metrics/index.ts";
import { hyperOf, scheduledLearningRate, slotName, slotsOf } from "../optimizers/index.ts";
import {
  formatShape,
  MemoryError,
  OptionError,
  type Shape,
  sameShape,
  Tensor,
  type TensorType,
} from "../tensor/index.ts";
import type { RunConfiguration, StepInput, StepResult, Trainee, ValidationScores } from "../train/index.ts";
import { type Architecture, modelParameters } from "./architecture.ts";
import { batchError } from "./batch-size.ts";
import type { CompileConfiguration } from "./compile.ts";
import type { RunContext } from "./evaluation.ts";
import { movedParameters } from "./learning-rates.ts";
import {
  imagesName,
  labelsName,
  lossOutput,
  metricOutput,
  type ResidentData,
  trainingGraph,
} from "./step-graphs.ts";
import { defaultMaximumSteps } from "./variables.ts";

/** What a model gives to have itself trained. */
export interface TraineeOptions {
  readonly context: RunContext;
  readonly compiled: CompileConfiguration;
  /** Tells the programs of one compilation from those of the next. */
  readonly version: number;
  readonly dataset: ImageDataset;
  readonly configuration: RunConfiguration;
  readonly stepsTaken: number;
  readonly validate: () => Promise<ValidationScores | null>;
  readonly describe: () => string;
}

/** Puts the training data into the engine, compiles the programs and returns what the loop trains. */
export async function createTrainee(options: TraineeOptions): Promise<Trainee> {
  const { context, compiled, dataset, configuration } = options;
  const { variables, architecture } = context;
  const data: ResidentData = { name: "data/train", capacity: configuration.examples };
  await makeRoom(options, data);
  await variables.put(imagesName(data), dataset.images);
  await variables.put(labelsName(data), dataset.labels);
  const programs = await compilePrograms(options, data);
  const metricNames = compiled.metrics.map(metricName);
  const names = [...stateTypes(architecture, compiled).keys()];
  const toResult = (fetches: Fetches): StepResult => ({
    loss: fetches[lossOutput].data[0],
    metricSums: metricNames.map((name) => fetches[metricOutput(name)].data[0]),
  });
  return {
    name: architecture.name,
    metricNames,
    stepsTaken: options.stepsTaken,
    maximumSteps: Math.min(...[...programs.values()].map(({ maximumSteps }) => maximumSteps)),
    scheduledLearningRate: (step) => scheduledLearningRate(compiled.optimizer, step),
    run: async (steps) => {
      const program = programs.get(steps[0]?.indices.length ?? 0);
      if (program === undefined) throw new Error("no program for a batch of this size");
      return (await program.run(steps.map((step) => feedsOf(step, compiled)))).map(toResult);
    },
    validate: options.validate,
    readVariables: () => variables.read(names),
    readWeights: () => variables.readWeights(),
    writeVariables: (values) => variables.write(values),
    describe: options.describe,
  };
}

/** Shapes of all that a checkpoint holds: parameters, statistics and the optimizer's state, by name. */
function stateTypes(
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

/** An engine cannot resize a variable: data of another size need a fresh session. */
async function makeRoom(
  { context: { variables }, dataset }: TraineeOptions,
  data: ResidentData,
): Promise<void> {
  const known = await variables.typeOf(imagesName(data));
  if (known === undefined || known.shape[0] === dataset.images.shape[0]) return;
  await variables.moveToFreshSession((name) => !name.startsWith("data/"));
}

/** One program for the full batches and, if need be, one for the last batch of an epoch, by batch size. */
async function compilePrograms(
  options: TraineeOptions,
  data: ResidentData,
): Promise<ReadonlyMap<number, Program>> {
  const { context, compiled, version, configuration } = options;
  const { examples, batchSize, shift } = configuration;
  const sizes = [batchSize, examples % batchSize].filter((size) => size > 0 && size <= examples);
  const programs = new Map<number, Program>();
  const graph = (size: number) => trainingGraph(context, compiled, data, size, shift);
  for (const size of sizes) {
    const key = `train/${version}/${shift}/${size}`;
    try {
      programs.set(size, await context.variables.program(key, () => graph(size)));
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      const session = await context.variables.session();
      const fits = (other: number) =>
        session.forecast(graph(other), { maximumSteps: defaultMaximumSteps }).fits;
      throw batchError("a training step", size, error.what, fits, { where: "fit", cause: error });
    }
  }
  return programs;
}

function feedsOf({ indices, key, globalStep, learningRate }: StepInput, { optimizer }: CompileConfiguration) {
  const hyper = hyperOf(optimizer, globalStep, learningRate);
  return {
    indices: new Tensor("int32", [indices.length], indices),
    key: new Tensor("uint32", [2], Uint32Array.from(key)),
    hyper: new Tensor("float32", [hyper.length], hyper),
  };
}
