import type { Model } from "../models/index.ts";
import type { ZooOptions } from "./options.ts";

/** A model of the zoo. */
export interface ZooEntry<O extends ZooOptions = ZooOptions> {
  /** @throws OptionError for an option that is wrong, or that this model does not have */
  readonly create: (options?: O) => Model;
  /**
   * Trained parameters with the default options, as published: running statistics are not among them, nor heads that
   * only training has.
   */
  readonly parameters: number;
  /** What it is, in a line. */
  readonly description: string;
  /** Where it was published, and the implementation that it follows. */
  readonly sources: readonly string[];
}
