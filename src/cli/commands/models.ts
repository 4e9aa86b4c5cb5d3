import type { Command } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { verboseOption } from "./common-options.ts";

/** Options of `fovea models`. */
export interface ModelsFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea models`: what can be made by name, and the weights that there are for it. */
export function registerModels(program: Command, terminal: Terminal): void {
  program
    .command("models")
    .summary("models by name, and published weights")
    .description(
      "Lists the models that can be made by name: parameters, floating-point operations of one example forward (worked out " +
        "from the network; a multiplication and an addition are two), input, published weights and their accuracy on " +
        "ImageNet. With a NAME: sources, and for each of its weights address, checksum, licence, preprocessing, and where " +
        "the file is kept.",
    )
    .argument("[name]", "a model")
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (name: string | undefined, flags: ModelsFlags) => {
      const { listModels, describeModel } = await import("../actions/models.ts");
      if (name === undefined) listModels(flags, terminal);
      else await describeModel(name, flags, terminal);
    });
}

const examples = `
Examples:
  fovea models
  fovea models resnet50
  fovea predict resnet50 photo.jpg --weights torchvision:v1`;
