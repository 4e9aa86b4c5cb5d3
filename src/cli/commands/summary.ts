import type { Command } from "commander";
import { modelNames, precisionNames } from "../names.ts";
import { choice, wholeNumber } from "../options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WeightsFlags } from "../weights-model.ts";
import { threadsOption, verboseOption } from "./common-options.ts";
import { addWeightsOptions } from "./weights-options.ts";

/** Options of `fovea summary`. */
export interface SummaryFlags extends WeightsFlags {
  readonly batchSize?: number;
  readonly threads?: number;
  readonly precision?: (typeof precisionNames)[number];
  readonly profile?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `fovea summary`: what a model is made of, and how it is computed. */
export function registerSummary(program: Command, terminal: Terminal): void {
  const command = program
    .command("summary")
    .summary("layers, parameters, FLOPs, memory and algorithms of a model")
    .description(
      "What a model is made of, layer by layer (output shape, parameters, floating-point operations of one example " +
        "forward), and how a training step of it is computed: planned memory, algorithm of each convolution; with " +
        "--profile how long each operation takes.",
    )
    .argument(
      "<model>",
      `${modelNames.join(", ")}; or a run's folder, or a model file (.safetensors, .onnx, .keras, .h5, model.json)`,
    );
  addWeightsOptions(command)
    .option(
      "--batch-size <n>",
      "batch size of the plan (default: 128, or the largest power of two that memory holds)",
      wholeNumber("--batch-size", { minimum: 1 }),
    )
    .option(...threadsOption)
    .option("--precision <kind>", "fast or exact (default: fast)", choice("--precision", precisionNames))
    .option("--profile", "time each operation of a training step, beside the measured peak of the machine")
    .option("--json", "print one JSON document")
    .option(...verboseOption)
    .addHelpText("after", examples)
    .action(async (model: string, flags: SummaryFlags) => {
      const { summary } = await import("../actions/summary.ts");
      await summary(model, flags, terminal);
    });
}

const examples = `
Examples:
  fovea summary lenet5
  fovea summary convnet --batch-size 32 --precision exact
  fovea summary resnet18 --batch-size 8 --profile
  fovea summary runs/lenet5 --json`;
