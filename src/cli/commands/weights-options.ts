import type { Command } from "commander";
import { pathName, wholeNumber } from "../options.ts";

/** Adds the options of commands that take a model by name with weights. */
export function addWeightsOptions(command: Command): Command {
  return command
    .option(
      "--weights <what>",
      "give a model by name these weights: torchvision, torchvision:v1, keras (fetched and kept), a file, or an address",
      pathName("--weights"),
    )
    .option("--strict", "all weights must fit the model", true)
    .option("--no-strict", "take what fits of the weights")
    .option(
      "--classes <n>",
      "classes of a model by name (default: 10, or ImageNet's 1000)",
      wholeNumber("--classes", { minimum: 2 }),
    );
}
