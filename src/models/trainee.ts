import type { ExampleSource } from "../data/index.ts";
import type { Feeds, Fetches } from "../engine/engine.ts";
import { metricName } from "../metrics/index.ts";
import { hyperOf, type Optimizer, scheduledLearningRate } from "../optimizers/index.ts";
import { OptionError, Tensor } from "../tensor/index.ts";
import type { Checkpoint, StepResult, Trainee, ValidationScores } from "../train/index.ts";
import { keptInput } from "./accumulation-graphs.ts";
import { averagedNames, WeightAverages } from "./averages.ts";
import { BusyClock } from "./busy-clock.ts";
import { checkCheckpoint, stateTypes } from "./checkpoint-check.ts";
import { movedParameters } from "./learning-rates.ts";
import { lossOutput, metricOutput } from "./step-graphs.ts";
import { prepareTrainingData, type TrainingData } from "./training-data.ts";
import type { StepPiece, StepProgram, TrainingPlan } from "./training-plan.ts";
import { compilePrograms } from "./training-programs.ts";

/** What a model gives to have itself trained. */
export interface TraineeOptions extends TrainingPlan {
  readonly examples: ExampleSource;
  /** What it will be set to before its first step. */
  readonly resumeFrom: Checkpoint | null;
  /** Gives up the steps whose images are still being read. */
  readonly signal: AbortSignal | null;
  readonly stepsTaken: number;
  readonly validate: () => Promise<ValidationScores | null>;
  readonly describe: () => string;
}

/**
 * Makes the training data ready, compiles the programs and returns what the loop trains.
 *
 * @throws OptionError when the checkpoint is of another model or optimizer, MemoryError when a step does not fit
 */
export async function createTrainee(options: TraineeOptions): Promise<Trainee> {
  const { context, compiled, examples, configuration, resumeFrom, signal } = options;
  const { variables, architecture } = context;
  checkTrains(options);
  if (resumeFrom !== null) checkCheckpoint(resumeFrom.variables, architecture, compiled, configuration);
  const clock = new BusyClock();
  const data = await prepareTrainingData(examples, { variables, configuration, signal, clock });
  const programs = await compilePrograms(options, data.source, data.changes, (step, piece) =>
    feedsOf(step, piece, compiled.optimizer, data),
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
    maximumSteps: Math.min(programs.maximumSteps, data.maximumSteps),
    runsInFlight: data.runsInFlight,
    get busyMilliseconds() {
      return clock.milliseconds;
    },
    scheduledLearningRate: (step) => scheduledLearningRate(compiled.optimizer, step),
    run: async (steps) => (await data.run(steps, programs.run)).map(toResult),
    validate: () => (averages === null ? options.validate() : averages.inPlace(options.validate)),
    readVariables: async () => {
      await data.handed();
      return await variables.read(names);
    },
    readWeights: async () => {
      await data.handed();
      return new Map([...(await variables.readWeights()), ...((await averages?.read()) ?? [])]);
    },
    writeVariables: async (values) => {
      await data.handed();
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

/** What a program takes of a step: one without anything random takes no key. */
function feedsOf({ inputs }: StepProgram, piece: StepPiece, optimizer: Optimizer, data: TrainingData): Feeds {
  const { key, kept, globalStep, learningRate } = piece;
  const hyper = hyperOf(optimizer, globalStep, learningRate);
  const all: Feeds = {
    key: new Tensor("uint32", [2], Uint32Array.from(key)),
    hyper: new Tensor("float32", [hyper.length], hyper),
    [keptInput]: Tensor.from([kept]),
    ...data.feedsOf(piece),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
}
