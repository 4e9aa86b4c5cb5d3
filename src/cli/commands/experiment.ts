import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";
import { type OutputFile, outputFile } from "../output-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { threadsOption, verboseOption } from "./common-options.ts";

/** What `--out` may be. */
export const experimentKinds = ["html", "json"] as const;

/** Options of `fovea experiment translation`. */
export interface ExperimentFlags {
  readonly out?: OutputFile<(typeof experimentKinds)[number]>;
  readonly runs?: string;
  readonly overwrite?: boolean;
  readonly epochs?: number;
  readonly limit?: number;
  readonly testLimit?: number;
  readonly maxShift?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea experiment`: experiments that train nets and explain what comes of them. */
export function registerExperiment(program: Command, terminal: Terminal): void {
  const command = program
    .command("experiment")
    .summary("train nets side by side, and explain what makes the difference")
    .description(
      "Experiments: each trains several nets that differ in one thing, measures, and writes a report.",
    );
  command
    .command("translation")
    .summary("what makes a net bear that digits are moved")
    .description(
      "Trains a dense net and convolutional nets on MNIST, with and without digits that are moved in training, with global " +
        "pooling, and with anti-aliased pooling (Zhang 2019); maps how each bears moves; and writes a report whose text is made " +
        "of the measured figures. Each net has a run's folder, which all other commands and Studio open.",
    )
    .option(
      "--out <file>",
      "report.html, or .json (default: report.html in the folder of the runs)",
      outputFile("--out", experimentKinds),
    )
    .option(
      "--runs <folder>",
      "where the nets' runs go (default: runs/translation, or the first of -2, -3 that is free)",
      pathName("--runs"),
    )
    .option("--overwrite", "replace runs that are there")
    .option(
      "--epochs <n>",
      "of each net (default: 3 of the dense nets, 1 of the others)",
      wholeNumber("--epochs", { minimum: 1 }),
    )
    .option("--limit <n>", "train on the first N digits only", wholeNumber("--limit", { minimum: 1 }))
    .option(
      "--test-limit <n>",
      "move the first N test digits (default: 1000)",
      wholeNumber("--test-limit", { minimum: 1 }),
    )
    .option(
      "--max-shift <n>",
      "pixels each way at most (default: 6)",
      wholeNumber("--max-shift", { minimum: 1, maximum: 14 }),
    )
    .option("--seed <n>", "seed of all that is random (default: 1)", wholeNumber("--seed", { minimum: 0 }))
    .option(...threadsOption)
    .option("--quiet", "no progress")
    .option("--json", "print one JSON document with all figures")
    .option(...verboseOption)
    .action(async (flags: ExperimentFlags) => {
      const { experimentTranslation } = await import("../actions/experiment-translation.ts");
      await experimentTranslation(flags, terminal);
    });
}
