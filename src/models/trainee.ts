import type { ImageDataset } from "../data/index.ts";
import type { Feeds, Fetches } from "../engine/engine.ts";
import { metricName } from "../metrics/index.ts";
import { hyperOf, type Optimizer, scheduledLearningRate } from "../optimizers/index.ts";
import { OptionError, sameShape, Tensor } from "../tensor/index.ts";
import type { Checkpoint, StepResult, Trainee, ValidationScores } from "../train/index.ts";
import { keptInput } from "./accumulation-graphs.ts";
import { type Augmenter, createAugmenter } from "./augmenter.ts";
import { averagedNames, WeightAverages } from "./averages.ts";
import { imagesName, labelsName, type ResidentData, unchanged } from "./batch-source.ts";
import { checkCheckpoint, stateTypes } from "./checkpoint-check.ts";
import { movedParameters } from "./learning-rates.ts";
import { lossOutput, metricOutput } from "./step-graphs.ts";
import type { StepPiece, StepProgram, TrainingPlan } from "./training-plan.ts";
import { compilePrograms } from "./training-programs.ts";

/** What a model gives to have itself trained. */
export interface TraineeOptions extends TrainingPlan {
  readonly dataset: ImageDataset;
  /** What it will be set to before its first step. */
  readonly resumeFrom: Checkpoint | null;
  readonly stepsTaken: number;
  readonly validate: () => Promise<ValidationScores | null>;
  readonly describe: () => string;
}

/**
 * Puts the training data into the engine, compiles the programs and returns what the loop trains.
 *
 * @throws OptionError when the checkpoint is of another model or optimizer, MemoryError when a step does not fit
 */
export async function createTrainee(options: TraineeOptions): Promise<Trainee> {
  const { context, compiled, dataset, configuration, resumeFrom } = options;
  const { variables, architecture } = context;
  checkTrains(options);
  if (resumeFrom !== null) checkCheckpoint(resumeFrom.variables, architecture, compiled, configuration);
  const { dtype } = dataset.images;
  const data: ResidentData = { name: "data/train", capacity: configuration.examples, dtype };
  await makeRoom(options, data);
  const augmented =
    configuration.augment.length === 0 ? null : createAugmenter(dataset, configuration.augment);
  const changes = augmented?.changes ?? { ...unchanged, shift: configuration.shift };
  if (!changes.feedsPixels) await variables.put(imagesName(data), dataset.images);
  await variables.put(labelsName(data), dataset.labels);
  const programs = await compilePrograms(options, data, changes, (step, input) =>
    feedsOf(step, input, compiled.optimizer, augmented),
  );
  const averages = await averagesOf(options);
  const metricNames = compiled.metrics.map(metricName);
  const names = [...stateTypes(architecture, compiled, configuration).keys()];
  const sumOf = (pieces: readonly Fetches[], output: string) =>
    pieces.reduce((sum, fetches) => sum + fetches[output].data[0], 0);
  const toResult = (pieces: readonly Fetches[]): StepResult => ({
    loss: sumOf(pieces, lossOutput),
    metricSums: metricNames.map((name) => sumOf(pieces, metricOutput(name))),
  });
  return {
    name: architecture.name,
    metricNames,
    stepsTaken: options.stepsTaken,
    maximumSteps: programs.maximumSteps,
    scheduledLearningRate: (step) => scheduledLearningRate(compiled.optimizer, step),
    run: async (steps) => (await programs.run(steps)).map(toResult),
    validate: () => (averages === null ? options.validate() : averages.inPlace(options.validate)),
    readVariables: () => variables.read(names),
    readWeights: async () =>
      new Map([...(await variables.readWeights()), ...((await averages?.read()) ?? [])]),
    writeVariables: async (values) => {
      await variables.write(values);
      await averages?.assign(values);
    },
    finish: async () => {
      if (averages !== null) await variables.write(await averages.read());
    },
    describe: options.describe,
  };
}

/** A step without updates would go through the data for nothing. */
function checkTrains({ context: { architecture }, compiled: { learningRates } }: TraineeOptions): void {
  if (movedParameters(architecture, learningRates).length > 0) return;
  throw new OptionError("none of its layers trains", {
    where: `model "${architecture.name}"`,
    hint: "Unfreeze some with model.unfreeze(), put layers behind it with sequential([model, ...]), or give them a learning rate above 0.",
  });
}

/** The averages of a run that keeps some, begun where the run begins. */
async function averagesOf({ context, compiled, configuration, resumeFrom }: TraineeOptions) {
  const { emaMomentum } = configuration;
  if (emaMomentum === null) return null;
  const names = averagedNames(context.architecture, compiled);
  const averages = new WeightAverages(context.variables, names, emaMomentum);
  if (resumeFrom === null) await averages.begin();
  return averages;
}

/** An engine cannot change a variable's type: data of another size need a fresh session. */
async function makeRoom(
  { context: { variables }, dataset }: TraineeOptions,
  data: ResidentData,
): Promise<void> {
  const known = await variables.typeOf(imagesName(data));
  const { dtype, shape } = dataset.images;
  if (known === undefined || (known.dtype === dtype && sameShape(known.shape, shape))) return;
  await variables.moveToFreshSession((name) => !name.startsWith("data/"));
}

/** What a step takes of all that there is. */
function feedsOf(
  { inputs }: StepProgram,
  step: StepPiece,
  optimizer: Optimizer,
  augmented: Augmenter | null,
): Feeds {
  const { indices, key, stepKey, kept, globalStep, learningRate } = step;
  const hyper = hyperOf(optimizer, globalStep, learningRate);
  const all: Feeds = {
    indices: new Tensor("int32", [indices.length], indices),
    key: new Tensor("uint32", [2], Uint32Array.from(key)),
    hyper: new Tensor("float32", [hyper.length], hyper),
    [keptInput]: Tensor.from([kept]),
    ...augmented?.feedsOf({ indices, key: stepKey }),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
}
