import { Tensor } from "../tensor/index.ts";
import type { RunConfiguration, StepInput, Trainee, ValidationScores } from "../train/index.ts";

/** A trainee without a model: its one weight counts the steps, its losses are given. */
export interface FakeTrainee extends Trainee {
  /** All steps that it was given, in order. */
  readonly seen: StepInput[];
  /** Sizes of the chunks in which they came. */
  readonly chunks: number[];
}

export interface FakeTraineeOptions {
  /** The loss of a step, counted from 0; default 1. */
  readonly lossOf?: (globalStep: number) => number;
  /** The scores after so many steps; default none. */
  readonly validationOf?: (steps: number) => ValidationScores | null;
  /** Called at each chunk, before its steps count. */
  readonly onRun?: (chunk: number) => void;
  readonly maximumSteps?: number;
}

export function createFakeTrainee(options: FakeTraineeOptions = {}): FakeTrainee {
  const { lossOf = () => 1, validationOf = () => null, onRun = () => {}, maximumSteps = 1 } = options;
  let weight = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const seen: StepInput[] = [];
  const chunks: number[] = [];
  const read = async () => {
    await queue;
    return new Map([["weight", Tensor.from([weight])]]);
  };
  return {
    name: "fake",
    metricNames: ["accuracy"],
    stepsTaken: 0,
    maximumSteps,
    runsInFlight: 2,
    busyMilliseconds: 0,
    seen,
    chunks,
    scheduledLearningRate: (step) => 1 / (step + 1),
    run: (steps) => {
      seen.push(...steps);
      chunks.push(steps.length);
      onRun(chunks.length);
      const result = queue.then(() =>
        steps.map(({ globalStep, indices }) => {
          weight++;
          return { loss: lossOf(globalStep), metricSums: [indices.length / 2] };
        }),
      );
      queue = result;
      return result;
    },
    validate: async () => validationOf(weight),
    readVariables: read,
    readWeights: read,
    writeVariables: async (values) => {
      await queue;
      weight = values.get("weight")?.data[0] ?? weight;
    },
    finish: async () => {},
    describe: () => "{}",
  };
}

/** Ten examples in batches of four: steps of 4, 4 and 2 examples. */
export const fakeConfiguration: RunConfiguration = {
  epochs: 2,
  batchSize: 4,
  seed: 1,
  shift: 0,
  augment: [],
  shuffle: false,
  validationSplit: 0,
  classWeights: null,
  emaMomentum: null,
  gradientAccumulation: 1,
  examples: 10,
  imageShape: [1, 1, 1],
};
