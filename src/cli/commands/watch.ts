import type { Command } from "commander";
import { wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { modelArgument, threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea watch`. */
export interface WatchFlags extends WeightsFlags {
  readonly top?: number;
  readonly existing?: boolean;
  readonly settle?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea watch`: photos are classified as they arrive. */
export function registerWatch(program: Command, terminal: Terminal): void {
  const command = program
    .command("watch")
    .summary("classify photos as they arrive in a folder")
    .description(
      "Watches a folder and those below it, and classifies each photo that is new or has changed, as soon as its size stays as it " +
        "is. Links to folders are not followed. Ctrl-C ends it.",
    )
    .argument(...modelArgument)
    .argument("<folder>", "where photos arrive");
  addWeightsOptions(command)
    .option("--top <k>", "how many classes to print (default: 3)", wholeNumber("--top", { minimum: 1 }))
    .option("--existing", "classify what is there already, too")
    .option(
      "--settle <ms>",
      "how long a file's size must stay the same before it is read (default: 500)",
      wholeNumber("--settle", { minimum: 0, maximum: 600_000 }),
    )
    .option(...threadsOption)
    .option("--json", "print a line of JSON for each photo")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, folder: string, flags: WatchFlags) => {
      const { withEngine } = await import("../session.ts");
      await withEngine({ ...flags, kernels: "rule" }, async (engine) => {
        const { watch } = await import("../actions/watch.ts");
        await watch(model, folder, flags, engine, terminal);
      });
    });
}

const examples = `
Examples:
  fovea watch runs/pets incoming/
  fovea watch runs/pets incoming/ --existing --json > seen.jsonl`;
