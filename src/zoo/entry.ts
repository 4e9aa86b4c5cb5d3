import type { Model } from "../models/index.ts";
import type { ZooOptions } from "./options.ts";

/** What a paper reports of its net, trained to weights that are not published in any form that is read here. */
export interface ReportedAccuracy {
  /** What was classified, and how: `ImageNet's validation images, ten crops of each`. */
  readonly on: string;
  /** Share of examples whose label is the greatest score; `null` where it is not reported. */
  readonly top1: number | null;
  /** Share of examples whose label is among the five greatest scores; `null` where it is not reported. */
  readonly top5: number | null;
}

/** A model of the zoo. */
export interface ZooEntry<O extends ZooOptions = ZooOptions> {
  /** @throws OptionError for an option that is wrong, or that this model does not have */
  readonly create: (options?: O) => Model;
  /**
   * Trained parameters with the default options, as published: running statistics are not among them, nor heads that
   * only training has.
   */
  readonly parameters: number;
  /** The accuracy of published weights is with them, see `publishedWeights`; this is for nets that have none. */
  readonly reported?: ReportedAccuracy;
  /** What it is, in a line. */
  readonly description: string;
  /** Where it was published, and the implementation that it follows. */
  readonly sources: readonly string[];
}
