import type { RandomKey, Tensor } from "../tensor/index.ts";
import type { ValidationScores } from "./events.ts";

/** What one training step is fed. */
export interface StepInput {
  /** Which examples of the training data; their number is the batch size. */
  readonly indices: Int32Array;
  /** Key of all that is random in the step. */
  readonly key: RandomKey;
  /** Number of the step, counted from 0 over all training of the model: bias corrections depend on it. */
  readonly globalStep: number;
  readonly learningRate: number;
}

/** What one training step gives. */
export interface StepResult {
  /** Mean loss of the batch, before the step's update. */
  readonly loss: number;
  /** For each metric, the sum over the batch. */
  readonly metricSums: readonly number[];
}

/** What the training loop trains: a model with its data already in the engine. */
export interface Trainee {
  readonly name: string;
  readonly metricNames: readonly string[];
  /** Steps of all training so far. The loop counts it up. */
  stepsTaken: number;
  /** The most steps that one call of `run` takes. */
  readonly maximumSteps: number;
  /** How many calls of `run` may be under way: while one is computed the next waits, so that the engine never idles. */
  readonly runsInFlight: number;
  /** How long steps have been computed, in all. */
  readonly busyMilliseconds: number;
  /** The learning rate that the optimizer's schedule has for a step. */
  scheduledLearningRate(globalStep: number): number;
  /**
   * Runs steps of one batch size, in order. Calls are queued: the next may come before the last has resolved. Where
   * training is stopped before the steps' examples are there, they are given up, and so are all that come after.
   *
   * @returns what the steps came to; an empty list for steps that were given up
   */
  run(steps: readonly StepInput[]): Promise<readonly StepResult[]>;
  /** Scores on the validation data; `null` when there is none. */
  validate(): Promise<ValidationScores | null>;
  /** Parameters, statistics and the optimizer's state, after all runs that were queued before. */
  readVariables(): Promise<Map<string, Tensor>>;
  /** Parameters and statistics alone, as the model will have them if training ends here. */
  readWeights(): Promise<Map<string, Tensor>>;
  /** Replaces variables by name: all that a checkpoint holds, or the weights. */
  writeVariables(values: ReadonlyMap<string, Tensor>): Promise<void>;
  /** Training is over: the model gets what {@link readWeights} gives. */
  finish(): Promise<void>;
  /** Architecture and training configuration as JSON, for checkpoints. */
  describe(): string;
}
