import type { Command } from "commander";
import { choice } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** What runs can be sorted by. */
export const runOrders = ["when", "accuracy", "name"] as const;

/** Options of `fovea runs`. */
export interface RunsFlags {
  readonly sort?: (typeof runOrders)[number];
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea runs`: what runs there are, and how they compare. */
export function registerRuns(program: Command, terminal: Terminal): void {
  program
    .command("runs")
    .summary("list and compare runs")
    .description(
      "Lists the runs in a folder: what was trained on what, how far it has come, and how well it does. With several runs' " +
        "folders it shows them side by side: where their settings differ, their figures, and where what they were made with " +
        "differs. A run that a process is at, that was killed, or whose files are damaged is shown as such. TensorBoard shows " +
        "the same runs: tensorboard --logdir runs.",
    )
    .argument("[folder...]", "a folder with runs (default: runs), one run, or several to compare")
    .option(
      "--sort <by>",
      `${runOrders.join(", ")}: the latest, or the best, comes first (default: when)`,
      choice("--sort", runOrders),
    )
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (folders: readonly string[], flags: RunsFlags) => {
      const { runs } = await import("../actions/runs.ts");
      await runs(folders, flags, terminal);
    });
}

const examples = `
Examples:
  fovea runs
  fovea runs experiments --sort accuracy
  fovea runs runs/lenet5 runs/lenet5-2
  fovea runs --json`;
