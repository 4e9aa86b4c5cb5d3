import type { Command } from "commander";
import { datasetNames } from "../names.ts";
import { pixelShift, type Shift, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { modelArgument, threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea evaluate`. */
export interface EvaluateFlags extends WeightsFlags {
  readonly data?: string;
  readonly shift?: Shift;
  readonly limit?: number;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea evaluate`: loss and accuracy of a trained model on the test part of a data set. */
export function registerEvaluate(program: Command, terminal: Terminal): void {
  const command = program
    .command("evaluate")
    .summary("loss and accuracy of a trained model")
    .description(
      "Loss and accuracy of a trained model on the test part of a data set. With --shift UP,LEFT the same images are " +
        "moved, zeros coming in at the edges: --shift 2,2 moves them 2 px up and 2 px left, --shift=-2,0 moves them 2 px " +
        "down. Consistency is then the share of predictions that the move leaves as they were.",
    )
    .argument(...modelArgument);
  addWeightsOptions(command)
    .option(
      "--data <name>",
      `${datasetNames.join(", ")}, a folder of IDX files or of CIFAR's, or photos, in a folder for each class or in a CSV file (default: the run's data, else mnist)`,
    )
    .option("--shift <up,left>", "move each image first: up and left in pixels", pixelShift("--shift"))
    .option("--limit <n>", "the first N examples only", wholeNumber("--limit", { minimum: 1 }))
    .option(
      "--batch-size <n>",
      "examples at a time (default: 256)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(...threadsOption)
    .option("--json", "print one JSON document with accuracy and loss")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, flags: EvaluateFlags) => {
      const { evaluate } = await import("../actions/evaluate.ts");
      await evaluate(model, flags, terminal);
    });
}

const examples = `
Examples:
  fovea evaluate runs/lenet5
  fovea evaluate runs/lenet5 --data mnist --shift 2,2 --json
  fovea evaluate model.safetensors --data path/to/idx`;
