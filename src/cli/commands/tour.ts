import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { threadsOption, verboseOption } from "./common-options.ts";

/** Options of `fovea tour`. */
export interface TourFlags {
  readonly out?: string;
  readonly limit?: number;
  readonly threads?: number;
  readonly seed?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea tour`: the dense net and the convolutional nets side by side. */
export function registerTour(program: Command, terminal: Terminal): void {
  program
    .command("tour")
    .summary("train the dense and the convolutional nets, and compare them")
    .description(
      "Trains the dense net and three convolutional nets on all 60,000 digits of MNIST, then shows how they do on the " +
        "10,000 test digits: as they are, moved 2 px up and 2 px left, and moved 4 px. Consistency is the share of " +
        "predictions that the move leaves as they were. The table is also written to a folder.",
    )
    .option(
      "--out <folder>",
      "where the table goes, as tour.md and tour.json (default: runs)",
      pathName("--out"),
    )
    .option("--limit <n>", "train on the first N digits only", wholeNumber("--limit", { minimum: 1 }))
    .option(...threadsOption)
    .option("--seed <n>", "seed of all that is random (default: 1)", wholeNumber("--seed", { minimum: 0 }))
    .option("--quiet", "no progress")
    .option("--json", "print one JSON document instead of the table")
    .option(...verboseOption)
    .action(async (flags: TourFlags) => {
      const { tour } = await import("../actions/tour.ts");
      await tour(flags, terminal);
    });
}
