import type { Feeds, Fetches, Program } from "../engine/engine.ts";
import type { RandomKey } from "../tensor/index.ts";
import type { RunConfiguration, StepInput } from "../train/index.ts";
import type { CompileConfiguration } from "./compile.ts";
import type { RunContext } from "./evaluation.ts";

/** What the programs of a run are made from. */
export interface TrainingPlan {
  readonly context: RunContext;
  readonly compiled: CompileConfiguration;
  /** Tells the programs of one compilation from those of the next. */
  readonly version: number;
  readonly configuration: RunConfiguration;
}

/** A compiled training step, or a part of one. */
export interface StepProgram {
  readonly program: Program;
  /** Names of what it is fed: a step without anything random takes no key. */
  readonly inputs: ReadonlySet<string>;
}

/** What runs a model's training steps. */
export interface StepPrograms {
  /** The most steps that one call of `run` takes. */
  readonly maximumSteps: number;
  /** Runs steps of one batch size, in order. The outputs of each: one for each piece that the batch is computed in. */
  readonly run: (steps: readonly FedStep[]) => Promise<readonly (readonly Fetches[])[]>;
}

/** A step with what it brings along. */
export interface FedStep extends StepInput {
  /** Bytes of its images, one behind the other; `null` where they lie in the engine. */
  readonly pixels: Uint8Array | null;
}

/** A step, or a piece of one. */
export interface StepPiece extends FedStep {
  /** Place of its first example in the batch. */
  readonly begin: number;
  /** Key of the whole step: images are changed as in the whole batch. */
  readonly stepKey: RandomKey;
  /** 0 for the first piece of a batch, 1 for those that add to it. */
  readonly kept: number;
}

/** What a program takes of a step. */
export type FeedsOf = (step: StepProgram, input: StepPiece) => Feeds;
