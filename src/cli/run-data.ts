import type { ExampleSource } from "../data/index.ts";
import type { Model } from "../models/index.ts";
import type { Shape } from "../tensor/shape.ts";
import type { TrainConfig } from "./config.ts";

/** What a run learns from, and what it is judged by. */
export interface RunParts {
  /** With the share that `fit` is to set aside, where `validation` is `null`. */
  readonly train: ExampleSource;
  /** What is watched after each epoch; `null` where that is a share of `train`, or else `test`. */
  readonly validation: ExampleSource | null;
  readonly test: ExampleSource;
}

/** Something that was left out, and why. */
export type LeftOut = { readonly path: string; readonly problem: string };

/** The data of a run, before there is a model for them. */
export interface RunData {
  readonly classNames: readonly string[];
  /** Of the model's input. */
  readonly inputShape: Shape;
  /** Examples of an epoch. */
  readonly trained: number;
  /** What `config.json` keeps, so that a run goes on with the same photos; `null` for data that are no photos. */
  readonly photos: TrainConfig["photos"];
  /** The table of photos and their parts that the run's folder keeps; `null` for data that are no photos. */
  readonly table: string | null;
  /** The parts as the model takes them. @throws OptionError when there is nothing for one of them */
  readonly partsFor: (model: Model) => RunParts;
  /** What has been left out so far. */
  readonly problems: () => readonly LeftOut[];
}
